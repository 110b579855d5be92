"""Rules about the settings file (DMR9xx): what their findings say is made where the waivers are applied."""

from __future__ import annotations

from collections.abc import Iterator

from demur.checks.finding import Finding
from demur.checks.rule import rule


@rule(
    "DMR901",
    "expired-waiver",
    summary="No waiver is past its last day.",
    why="A waiver without an end is a rule that was switched off: nobody comes back to it.",
    fix="Mend what it waives, or give it a new last day and the reason why.",
    applies=(),
)
def expired(_: object) -> Iterator[Finding]:
    """Made by `demur.checks.waivers.of_waivers`, which knows the waivers."""
    yield from ()


@rule(
    "DMR902",
    "stale-waiver",
    summary="Every waiver matches a finding.",
    why="A waiver whose findings are mended hides the next fault of the same kind in the same place.",
    fix="Remove the waiver.",
    applies=(),
    severity="warning",
)
def stale(_: object) -> Iterator[Finding]:
    """Made by `demur.checks.waivers.of_waivers`, which knows the waivers."""
    yield from ()

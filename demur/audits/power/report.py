"""Rows that are needed, and what rows can show, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import click

from demur.audits.audit import Result
from demur.audits.power.design import Design, Question

NAMES: Mapping[Design, str] = {
    "one": "one rate against a known value",
    "paired": "two models, the same rows",
    "unpaired": "two models, rows of their own (each)",
}


@dataclass(frozen=True)
class Shown:
    """What some rows can show.

    Attributes:
        side: what is expected of a model, or ``all``.
        clusters: groups of near-duplicates.
        effective: independent rows that are worth as much.
        half_width: of the 95 % interval of a rate that is the baseline.
        detectable: the smallest difference by design; None where no possible one is.
    """

    config: str
    split: str
    side: str
    rows: int
    clusters: int
    effective: float
    half_width: float
    detectable: Mapping[Design, float | None]


@dataclass(frozen=True)
class Power(Result):
    """How many rows are enough.

    Attributes:
        asked: rates, power, alpha, and the correlation of two models.
        icc: correlation inside a cluster.
        needed: independent rows by design.
        shown: of a set's sides.
    """

    asked: Question
    icc: float
    needed: Mapping[Design, int]
    shown: tuple[Shown, ...]

    def as_dict(self) -> dict[str, Any]:
        """What was asked and found."""
        return {
            "asked": {**asdict(self.asked), "other": self.asked.other},
            "icc": self.icc,
            "needed": dict(self.needed),
            "shown": [asdict(each) for each in self.shown],
        }

    def show(self) -> None:
        """Print both tables."""
        asked = self.asked
        click.echo(
            f"To tell {_points(asked.baseline)} from {_points(asked.other)} with a chance of {_points(asked.power)} "
            f"(two-sided alpha {asked.alpha:g}), independent rows:"
        )
        for design, rows in self.needed.items():
            note = f", answers correlated {asked.correlation:g}" if design == "paired" else ""
            click.echo(f"  {NAMES[design]}{note}: {rows:,}")
        if not self.shown:
            return
        from rich import box
        from rich.console import Console
        from rich.table import Table

        title = f"What rows can show at {_points(asked.baseline)}, in points; correlation inside a cluster {self.icc:g}"
        table = Table(box=box.ROUNDED, title=title)
        table.add_column("rows of")
        for head in ("rows", "clusters", "worth", "\u00b1", "one", "paired", "unpaired"):
            table.add_column(head, justify="right", no_wrap=True)
        for each in self.shown:
            numbers = (each.half_width, *(each.detectable[design] for design in NAMES))
            table.add_row(
                f"{each.config} {each.split}: {each.side}", f"{each.rows:,}", f"{each.clusters:,}",
                f"{each.effective:,.0f}", *("-" if one is None else f"{100 * one:.1f}" for one in numbers),
            )  # fmt: skip
        Console().print(table)
        click.echo("\u00b1: half a rate's 95 % interval; one, paired, unpaired: the smallest difference that is found")


def _points(share: float | None) -> str:
    return f"{100 * (share or 0.0):.1f} %"

"""Rows that are needed, and what rows can show, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import click

from demur.audits.audit import Result
from demur.audits.power.design import Design, Question

NAMES: Mapping[Design, str] = {
    "one": "one rate against a known value",
    "paired": "two models, the same rows",
    "unpaired": "two models, rows of their own (each)",
}


class Place(NamedTuple):
    """A part of a set; its side is what is expected of a model, or ``all``."""

    config: str
    split: str
    side: str


@dataclass(frozen=True)
class Shown:
    """What some rows can show.

    Attributes:
        clusters: groups of near-duplicates.
        effective: independent rows that are worth as much.
        half_width: of the 95 % interval of a rate that is the baseline.
        detectable: the smallest difference by design; None where no possible one is.
        needed: rows in such clusters that show the difference asked about, by design.
    """

    place: Place
    rows: int
    clusters: int
    effective: float
    half_width: float
    detectable: Mapping[Design, float | None]
    needed: Mapping[Design, int]

    def as_dict(self) -> dict[str, Any]:
        """Of the place and what it shows, one level of names."""
        found = asdict(self)
        del found["place"]
        return {**self.place._asdict(), **found}


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
            "shown": [each.as_dict() for each in self.shown],
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
        inside = f"correlation inside a cluster {self.icc:g}"
        found = [[f"{each.rows:,}", f"{each.clusters:,}", f"{each.effective:,.0f}",
                  *map(_number, (each.half_width, *each.detectable.values()))] for each in self.shown]  # fmt: skip
        self._print(f"What rows can show at {_points(asked.baseline)}, in points; {inside}",
                    ("rows", "clusters", "worth", "\u00b1"), found)  # fmt: skip
        click.echo(
            f"\u00b1: half a rate's 95 % interval; {', '.join(self.needed)}: the smallest difference that is found"
        )
        there = f"Rows in such clusters that tell {_points(asked.baseline)} from {_points(asked.other)}"
        self._print(there, (), [[f"{rows:,}" for rows in each.needed.values()] for each in self.shown])

    def _print(self, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from rich import box
        from rich.console import Console
        from rich.table import Table

        click.echo(f"\n{title}")
        table = Table(box=box.ROUNDED)
        table.add_column("rows of")
        for head in (*heads, *self.needed):
            table.add_column(head, justify="right", no_wrap=True)
        for each, row in zip(self.shown, rows, strict=True):
            config, split, side = each.place
            table.add_row(f"{config} {split}: {side}", *row)
        Console(markup=False).print(table)


def _points(share: float) -> str:
    return f"{100 * share:.1f} %"


def _number(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"

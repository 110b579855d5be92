"""Where refusals begin: a table for each part, JSON, or a plot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demur.audits.audit import Drawn
from demur.audits.plots import COLORS, panels, save
from demur.audits.position.positions import EARLY, LATE, Positions
from demur.rates import Rate

_BAR = 30  # characters of a bar that stands for all refusals


@dataclass(frozen=True)
class Part:
    """What was measured together, and its name: a file, or some kinds of row of a config."""

    name: str
    positions: Positions

    def summary(self) -> dict[str, Any]:
        """Rates, each with n and its 95 % interval, and the histogram; what is unknown is null."""
        found = self.positions
        rows = found.histogram().to_pylist()
        return {
            "name": self.name,
            "unit": found.unit,
            "refusals": _rate(found.refusals),
            "refuse_then_comply": _rate(found.complying),
            "empty": found.empty,
            f"in_first_{EARLY}": _rate(found.early),
            f"beyond_{LATE}": _rate(found.late),
            "histogram": [
                {
                    **{name: row[name] for name in ("first", "last", "count")},
                    "share": row["share"] if found.starts else None,
                    "interval": [row["low"], row["high"]],
                }
                for row in rows
            ],
        }


@dataclass(frozen=True)
class RefusalPositions(Drawn):
    """Where refusals begin in a file or a set.

    Attributes:
        file: its path.
        tokenizer: the name of the one whose tokens are counted; None where words are.
        parts: what was measured together.
    """

    file: str
    tokenizer: str | None
    parts: tuple[Part, ...]

    def as_dict(self) -> dict[str, Any]:
        """Every part's rates and histogram."""
        return {"file": self.file, "tokenizer": self.tokenizer, "parts": [part.summary() for part in self.parts]}

    def show(self) -> None:
        """Print a table for each part: a bar, a share and its interval for every bin."""
        from rich.console import Console
        from rich.table import Table

        console = Console(width=100, markup=False)  # file names may look like markup
        for part in self.parts:
            found = part.positions
            table = Table("begins at", "refusals", "share", "95 % interval", "", title=part.name, title_justify="left")
            for column in table.columns[:-1]:
                column.justify = "right"
            for row in found.histogram().to_pylist() if found.starts else ():
                bar = "\u2588" * round(_BAR * row["share"]) or ("\u258f" if row["count"] else "")
                interval = f"{100 * row['low']:.1f}-{100 * row['high']:.1f}"
                table.add_row(_label(row, " "), f"{row['count']:,}", f"{100 * row['share']:.1f} %", interval, bar)
            console.print(table if found.starts else part.name)
            console.print(f"{found}\n", highlight=False)

    def plot(self, path: Path) -> None:
        """Draw the share of refusals by position, with its interval, a panel for each part."""
        figure, axes = panels(len(self.parts), 1, (7.5, 0.6 + 2.4 * len(self.parts)), sharex=True, sharey=True)
        for part, panel in zip(self.parts, axes, strict=True):
            rows = part.positions.histogram().to_pylist() if part.positions.starts else []
            places, shares = range(len(rows)), [row["share"] for row in rows]
            # an interval may end a rounding error inside its own share
            off = [[max(0.0, side) for side in sides] for sides in zip(
                *((row["share"] - row["low"], row["high"] - row["share"]) for row in rows), strict=True
            )]  # fmt: skip
            if rows:
                panel.bar(places, shares, color=COLORS[0], yerr=off, ecolor="#555555", capsize=2)
                panel.set_xticks(places, [_label(row, "\n") for row in rows], fontsize="small")
            panel.set_title(f"{part.name} ({len(part.positions.starts):,} refusals)", loc="left", fontsize="medium")
            panel.set(ylabel="share of refusals", ylim=(0, 1))
        axes[-1].set_xlabel(f"{self.parts[0].positions.unit} at which the refusal begins; lines: 95 % intervals")
        save(figure, path)


def _label(row: Mapping[str, Any], joint: str) -> str:
    first, last = row["first"], row["last"]
    if last is None:
        return f"{first}{joint}and on"
    return str(first) if first == last else f"{first}{joint}to {last}"


def _rate(rate: Rate) -> dict[str, Any]:
    share = rate.share if rate.n else None
    return {"count": rate.count, "n": rate.n, "share": share, "interval": [rate.low, rate.high]}

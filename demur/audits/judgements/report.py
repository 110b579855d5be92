"""What judges said, and how far they agree: tables, JSON or a plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from demur.audits.audit import Drawn
from demur.audits.judgements.grid import Grid
from demur.audits.judgements.verdicts import Agreement, Judge, Spread, Verdicts
from demur.audits.judgements.vocabularies import VOCABULARIES
from demur.audits.plots import COLORS, panels, save
from demur.rates import Kappa, Rate

T = TypeVar("T", Verdicts, Agreement, Spread)


@dataclass(frozen=True)
class Judgements(Drawn):
    """All that was judged.

    Attributes:
        files: where the judgements came from.
        judgements: rows.
        verdicts: by cell and judge.
        agreements: by cell and pair of judges; of a pair with several cells also over all of them, last.
        spreads: where there are several seeds; cells without a seed have no part in it.
        grid: by family, set and side, if it was asked for.
        notes: what a set of attacks says of its runs: items that are missing or repeated.
    """

    files: tuple[str, ...]
    judgements: int
    verdicts: tuple[Verdicts, ...]
    agreements: tuple[Agreement, ...]
    spreads: tuple[Spread, ...]
    grid: Grid | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For programs; a share of nothing is null, which JSON has, and not NaN, which it has not."""
        return asdict(self, dict_factory=lambda pairs: {name: _known(value) for name, value in pairs})

    def show(self) -> None:
        """Print the tables: shares by cell and judge, agreement by cell and pair, and the spread over seeds."""
        from rich.console import Console

        if self.grid is not None:
            self.grid.show()
            return
        console = Console(markup=False)
        for vocabulary, verdicts in _by_vocabulary(self.verdicts):
            first, others = verdicts[0].first, [*verdicts[0].others]
            words = [f"{first},\nof items", f"{first},\nof parsed", *(f"{word},\nof items" for word in others)]
            of_shares = ("judge", *words, "unparsed,\nof items", "no\nresponse")
            shares = [
                (str(each.cell), [f"{_lines(each.judge)}{_threshold(each)}\nsaw {each.scope}", _share(each.of_items),
                                  _share(each.of_parsed), *map(_share, each.others.values()), _share(each.unparsed),
                                  f"{each.counts['no_response']:,}"])
                for each in verdicts
            ]  # fmt: skip
            title = _titled(f"{sum(each.items for each in verdicts):,} judgements", vocabulary)
            console.print(_table(title, of_shares, shares))
        if self.agreements:
            for vocabulary, agreements in _by_vocabulary(self.agreements):
                pairs = [
                    (f"all {each.cells} cells" if each.cell is None else str(each.cell),
                     [f"{_lines(each.one)}\n{_lines(each.two)}", _counts(each), _share(each.rate), _kappa(each.kappa)])
                    for each in agreements
                ]  # fmt: skip
                counted = "harmful\nto" if vocabulary == "harm" else "first's word,\nsecond's"
                of_pairs = ("two judges", counted, "the same\nverdict", "Cohen's\nkappa")
                console.print(_table(_titled("agreement", vocabulary), of_pairs, pairs))
        else:
            console.print("Agreement needs two judges of one cell with one vocabulary; there are none here.")
        for vocabulary, found in _by_vocabulary(self.spreads):
            spreads = [
                (str(each.cell), [_lines(each.judge), f"{each.seeds:,}", _share(each.lowest), _share(each.highest)])
                for each in found
            ]
            first = VOCABULARIES[vocabulary][0]
            console.print(_table(f"{first}, of items, over seeds", ("judge", "seeds", "lowest", "highest"), spreads))
            console.print("seeds may share items, so they are not added up", style="dim")
        for note in self.notes:
            console.print(note)
        console.print(
            "second lines: 95 % intervals, Wilson's, of kappa bootstrap; left out: not parsed by both", style="dim"
        )

    def plot(self, path: Path) -> None:
        """Draw the share of harmful items, or of refusals, of all and of the parsed ones, by cell and judge.

        Raises:
            UsageError: another kind of file than .svg or .png, or matplotlib is not installed.
            OutputError: the file cannot be written.
        """
        names = list(dict.fromkeys(each.judge.name for each in self.verdicts))
        labels: list[str] = []
        drawn: list[int] = []  # the line of each share; a cell's name has a line of its own
        for before, each in zip((None, *self.verdicts), self.verdicts, strict=False):
            if before is None or before.cell != each.cell:
                labels.append(str(each.cell))
            drawn.append(len(labels))
            what = "" if all(other.vocabulary == "harm" for other in self.verdicts) else f"{each.first}: "
            labels.append(f"{what}{each.judge}, n {each.items:,}, parsed {each.of_parsed.n:,}")
        figure, (panel,) = panels(1, 1, (9.5, 1 + 0.26 * len(labels)))
        for line, each in zip(drawn, self.verdicts, strict=True):
            color = COLORS[names.index(each.judge.name) % len(COLORS)]
            for rate, offset, fill in ((each.of_items, -0.13, color), (each.of_parsed, 0.13, "white")):
                panel.plot([rate.low, rate.high], [line + offset] * 2, color=color, linewidth=1.2)
                panel.plot([rate.share], [line + offset], "o", color=color, markerfacecolor=fill, markersize=4.5)
        # names are anybody's: a dollar sign in one begins no formula
        panel.set_yticks(range(len(labels)), labels, fontsize="small", parse_math=False)
        for line, label in enumerate(panel.get_yticklabels()):
            label.set_fontweight("normal" if line in drawn else "bold")
        panel.tick_params(axis="y", length=0)
        panel.grid(visible=False, axis="y")
        panel.grid(axis="x", color="#dddddd", linewidth=0.6)
        panel.set(xlim=(-0.02, 1.02), ylim=(len(labels) - 0.4, -0.6))
        first = {each.first for each in self.verdicts}
        of = first.pop() if len(first) == 1 else "share"
        panel.set_xlabel(f"{of}: filled of all items, hollow of the parsed ones; lines: 95 % intervals")
        save(figure, path)


def _table(title: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> Any:
    """A table with a section for the rows of each cell, below its name. Names are shown as they are, not as markup."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.ROUNDED, title=title)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", overflow="fold", no_wrap=place > 0)
    for cell, group in groupby(rows, key=lambda row: row[0]):
        table.add_row(Text(cell, style="bold"))
        for _, cells in group:
            table.add_row(*map(Text, cells))
        table.add_section()
    return table


def _lines(judge: Judge) -> str:
    return f"{judge.name}\n{judge.revision}"


def _share(rate: Rate) -> str:
    interval = f"{100 * rate.share:.1f} %\n{100 * rate.low:.1f}-{100 * rate.high:.1f}\n" if rate.n else ""
    return f"{interval}{rate.count:,} of {rate.n:,}"


def _counts(of: Agreement) -> str:
    lines = {words: count for words, count in of.table.items() if count}
    if of.vocabulary == "harm":
        lines = dict(zip(("both", "first", "second", "neither"), of.table.values(), strict=True))
    lines["left out"] = of.left_out
    return "\n".join(f"{name} {count:,}" for name, count in lines.items())


def _threshold(of: Verdicts) -> str:
    return "" if of.threshold is None else f"\n{of.first} from {of.threshold:g} on"


def _titled(title: str, vocabulary: str) -> str:
    return title if vocabulary == "harm" else f"{title}: {', '.join(VOCABULARIES[vocabulary])}"


def _by_vocabulary(found: Sequence[T]) -> list[tuple[str, list[T]]]:
    """What was found by vocabulary, in the order of the vocabularies."""
    parts = [(name, [each for each in found if each.vocabulary == name]) for name in VOCABULARIES]
    return [(name, part) for name, part in parts if part]


def _kappa(kappa: Kappa) -> str:
    if kappa.value is None:
        return "undefined"
    return f"{kappa.value:.3f}\n" + ("no interval" if kappa.low is None else f"{kappa.low:.3f} to {kappa.high:.3f}")


def _known(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value

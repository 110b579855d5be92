"""One table of many cells: families of models by set and side, a column for each judge.

So a paper prints what judges say of a method on several models and sets: Emulated Disalignment (arXiv 2402.12343) has
four families, three sets, two sides and two judges, which are 48 cells. Seeds are never added up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from demur.audits.judgements.verdicts import Verdicts
from demur.errors import UsageError, nearest, shown
from demur.rates import Rate

_Key: TypeAlias = tuple[str, str, str | None, str | None, str, str]


@dataclass(frozen=True)
class Square:
    """What a judge says of one model of a family, on one side of a set.

    Attributes:
        rates: the share of the vocabulary's first word among all items, of every seed, lowest first.
    """

    family: str
    set: str
    side: str | None
    model: str | None
    judge: str
    first: str
    rates: tuple[Rate, ...]


@dataclass(frozen=True)
class Grid:
    """The squares, and which cells (family, set, side, judge) have none."""

    squares: tuple[Square, ...]
    cells: int
    empty: tuple[tuple[str, str, str | None, str], ...]

    def show(self) -> None:
        """Print a line for each model, and a column for each judge."""
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        judges = list(dict.fromkeys((each.judge, each.first) for each in self.squares))
        table = Table(box=box.ROUNDED, title=f"{self.cells - len(self.empty):,} of {self.cells:,} cells")
        for name in ("family", "set", "side", "model", *(f"{judge}\n{first}" for judge, first in judges)):
            table.add_column(Text(name), overflow="fold")
        found = {(*_line(each), each.judge): each for each in self.squares}
        lines = list(dict.fromkeys(map(_line, self.squares)))
        for before, line in zip((None, *lines), lines, strict=False):
            if before and before[:2] != line[:2]:
                table.add_section()
            cells = (_said(found.get((*line, judge))) for judge, _ in judges)
            table.add_row(*(Text(each or "") for each in line), *map(Text, cells))
        Console(markup=False).print(table)


def grid(verdicts: Sequence[Verdicts], families: Mapping[str, str]) -> Grid:
    """Verdicts by family, set and side.

    Args:
        verdicts: by cell and judge; a cell's subset is its side.
        families: model -> family; a model that is not there is a family of its own.

    Raises:
        UsageError: a model without rows.
    """
    models = {each.cell.model or "" for each in verdicts}
    for model in families:
        if model not in models:
            msg = f"A family has a model without rows: {shown(model)}"
            raise UsageError(msg, where="--family", fix=nearest(model, sorted(models)))
    rates: dict[_Key, list[Rate]] = {}
    for each in verdicts:
        cell, judge = each.cell, f"{each.judge.name} {each.judge.revision}"
        family = families.get(cell.model or "", cell.model or "no model")
        key = (family, cell.set, cell.subset, cell.model, judge, each.first)
        rates.setdefault(key, []).append(each.of_items)
    order = sorted(rates, key=lambda key: [part or "" for part in key])
    squares = tuple(Square(*key, tuple(sorted(rates[key], key=lambda rate: rate.share))) for key in order)
    parts = [
        list(dict.fromkeys(getattr(each, name) for each in squares)) for name in ("family", "set", "side", "judge")
    ]
    there = {(each.family, each.set, each.side, each.judge) for each in squares}
    every = list(product(*parts))
    return Grid(squares, len(every), tuple(each for each in every if each not in there))


def families_of(given: Sequence[str]) -> dict[str, str]:
    """What ``--family NAME=MODEL,MODEL`` says: model -> family.

    Raises:
        UsageError: another form, or a model of two families.

    Example:
        >>> families_of(("Otter=otter-7b,otter-7b-chat",))
        {'otter-7b': 'Otter', 'otter-7b-chat': 'Otter'}
    """
    found: dict[str, str] = {}
    for each in given:
        name, _, models = each.partition("=")
        for model in (part.strip() for part in models.split(",")):
            if not name.strip() or not model or model in found:
                msg = "--family names a family, and each of its models once"
                raise UsageError(msg, expected="NAME=MODEL,MODEL", got=shown(each))
            found[model] = name.strip()
    return found


def _line(of: Square) -> tuple[str, str, str | None, str | None]:
    return of.family, of.set, of.side, of.model


def _said(square: Square | None) -> str:
    """A share with its interval and n; of several seeds the lowest and the highest."""
    if square is None:
        return ""
    rates = dict.fromkeys((square.rates[0], square.rates[-1]))
    lines = [f"{100 * rate.share:.1f} % ({100 * rate.low:.1f}-{100 * rate.high:.1f}), n {rate.n:,}" for rate in rates]
    return "\n".join([*lines, *([f"of {len(square.rates)} seeds"] if len(square.rates) > 1 else [])])

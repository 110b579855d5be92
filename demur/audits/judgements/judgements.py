"""What judges said of generations that users bring: shares with n and intervals, and how far the judges agree.

A judge's answer that cannot be read is a class of its own. Called harmful by default it would raise the share of harm;
left out without a word it would hide how much was left out. So every share says what it is a share of.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from demur.errors import FormatError, shown
from demur.rates import Kappa, Rate

PARSED = ("harmful", "harmless")
VERDICTS = (*PARSED, "unparsed", "no_response")

_SHOWN = 10


@dataclass(frozen=True)
class Cell:
    """Generations that are counted together: a model's answers to one set of items, in one run."""

    set: str
    subset: str | None = None
    seed: int | None = None
    model: str | None = None

    def __str__(self) -> str:
        seed = None if self.seed is None else f"seed {self.seed}"
        return ", ".join(part for part in (self.set, self.subset, seed, self.model) if part is not None)


@dataclass(frozen=True)
class Judge:
    """Who judged; another revision is another judge."""

    name: str
    revision: str

    def __str__(self) -> str:
        return f"{self.name} ({self.revision})"


@dataclass(frozen=True)
class Verdicts:
    """What one judge said of one cell.

    Attributes:
        counts: items by verdict, all four.
        of_items: harmful among all items.
        of_parsed: harmful among the items that the judge called harmful or harmless.
        unparsed: among all items. The share of harm would be ``of_items`` and this one together if every answer that
            could not be read had meant harm.
    """

    cell: Cell
    judge: Judge
    scope: str
    items: int
    counts: dict[str, int]
    of_items: Rate
    of_parsed: Rate
    unparsed: Rate


@dataclass(frozen=True)
class Agreement:
    """Two judges on the same generations.

    Attributes:
        cell: None for all cells that both judged, together. Cells may share items, so the interval over all of them,
            which takes generations as independent, may be too narrow.
        cells: how many.
        table: of the generations that both judges called harmful or harmless.
        left_out: the others.
        rate: how often the two verdicts are the same; its n is the number of generations in the table.
    """

    cell: Cell | None
    cells: int
    one: Judge
    two: Judge
    table: dict[str, int]
    left_out: int
    rate: Rate
    kappa: Kappa

    @classmethod
    def of(cls, cells: Sequence[Cell], one: Judge, two: Judge, table: Sequence[int], left_out: int) -> Self:
        """Of a table as `Kappa.of` takes it."""
        named = dict(zip(("both_harmful", "one_alone", "two_alone", "both_harmless"), table, strict=True))
        rate = Rate.of(table[0] + table[3], sum(table))
        return cls(cells[0] if len(cells) == 1 else None, len(cells), one, two, named, left_out, rate, Kappa.of(table))


@dataclass(frozen=True)
class Spread:
    """A judge's lowest and highest share of harmful items over the seeds of a set, subset and model.

    Seeds may share items (two draws from one pool do, two runs on one set share all of them), so their counts are
    never added up: a rate over the sum would take one item for several.

    Attributes:
        cell: without a seed.
    """

    cell: Cell
    judge: Judge
    seeds: int
    lowest: Rate
    highest: Rate


@dataclass(frozen=True)
class Judgements:
    """All that was judged.

    Attributes:
        judgements: rows.
        verdicts: by cell and judge.
        agreements: by cell and pair of judges; of a pair with several cells also over all of them, last.
        spreads: where there are several seeds; cells without a seed have no part in it.
    """

    judgements: int
    verdicts: tuple[Verdicts, ...]
    agreements: tuple[Agreement, ...]
    spreads: tuple[Spread, ...]

    def as_dict(self) -> dict[str, Any]:
        """For programs; a share of nothing is null, which JSON has, and not NaN, which it has not."""
        return asdict(self, dict_factory=lambda pairs: {name: _known(value) for name, value in pairs})


Judged: TypeAlias = dict[Cell, dict[Judge, dict[str, int]]]
"""Cell -> judge -> item -> the number of its row."""

Expected: TypeAlias = Callable[[Cell], Mapping[str, str]]
"""The items that a cell must have: id -> place."""


def summarise(
    rows: Sequence[Mapping[str, Any]], places: Sequence[str] = (), expected: Expected | None = None
) -> Judgements:
    """Count verdicts and compare judges; the order of the rows does not matter.

    Args:
        rows: judgements, with the fields of their schema; ``subset``, ``seed`` and ``model`` may be missing.
        places: file and row number of each, for messages.
        expected: the items that a cell must have, id -> place; None takes the items that are there.

    Raises:
        FormatError: no rows; an item that a judge of a cell judged twice, or not at all; a judge with two scopes in
            one cell; an item that is missing from a cell, or not among the expected ones. All of them are told at once.

    Example:
        >>> row = {"item_id": "a", "set": "s", "judge": "j", "judge_revision": "1", "scope": "response"}
        >>> print(summarise([{**row, "verdict": "harmful"}]).verdicts[0].of_items)
        100.0 % (1 of 1, 95 % interval 20.7-100.0 %)
    """
    judged = _complete(rows, places or [f"row {number}" for number in range(len(rows))], expected)
    verdicts = [
        _verdicts(cell, judge, [rows[number] for number in judged[cell][judge].values()])
        for cell in sorted(judged, key=_order)
        for judge in sorted(judged[cell], key=_order)
    ]
    return Judgements(len(rows), tuple(verdicts), tuple(_agreements(judged, rows)), tuple(_spreads(verdicts)))


def listed(problems: Sequence[str]) -> str:
    """The first ten of a list, a line each, and how many more there are."""
    more = len(problems) - _SHOWN
    return "\n            ".join([*problems[:_SHOWN], *([f"and {more:,} more"] if more > 0 else [])])


def _complete(rows: Sequence[Mapping[str, Any]], places: Sequence[str], expected: Expected | None) -> Judged:
    """The rows by cell, judge and item, once it is sure that each judge of a cell judged each of its items once."""
    judged: Judged = {}
    problems: list[tuple[str, str]] = []  # what kind it is of, and the line that says it
    for number, row in enumerate(rows):
        cell = Cell(row["set"], row.get("subset"), row.get("seed"), row.get("model"))
        mine = judged.setdefault(cell, {}).setdefault(Judge(row["judge"], row["judge_revision"]), {})
        first = mine.setdefault(row["item_id"], number)
        if first != number:
            what = f"item {shown(row['item_id'])} stands twice for {_who(row)}, first in {places[first]}"
            problems.append(("twice", f"{places[number]}: {what}"))
    for cell, judges in judged.items():
        firsts = {item: number for mine in reversed(judges.values()) for item, number in mine.items()}
        for judge, mine in judges.items():
            who = _who({**vars(cell), "judge": judge.name, "judge_revision": judge.revision})
            for item in _without(firsts, mine):
                problems.append(
                    ("not judged by all", f"{places[firsts[item]]}: item {shown(item)} has no verdict of {who}")
                )
            scopes = {rows[number]["scope"]: number for number in reversed(mine.values())}
            if len(scopes) > 1:
                one, two = sorted(scopes.values())[:2]
                problems.append(("mixed scopes", f"{places[two]}: another scope than in {places[one]}, of {who}"))
        if expected is not None:
            wanted = expected(cell)
            for item in _without(wanted, firsts):
                what = f"item {shown(item)} is not judged in {_where(vars(cell))}"
                problems.append(("missing", f"{wanted[item]}: {what}"))
            for item in _without(firsts, wanted):
                what = f"item {shown(item)} is none of those of {_where(vars(cell))}"
                problems.append(("unknown", f"{places[firsts[item]]}: {what}"))
    if not rows or problems:
        msg = "The judgements are not complete" if rows else "There is nothing to summarise"
        kinds = Counter(kind for kind, _ in problems)
        raise FormatError(
            msg,
            where=listed([line for _, line in problems]) or None,
            expected="each judge of a cell judges each of its items once, and sees the same parts of all",
            got=", ".join(f"{count:,} {kind}" for kind, count in kinds.items()) or "no judgements",
            fix="Judge what is missing and keep one verdict an item; runs differ in seed, judges in judge_revision.",
        )
    return judged


def _verdicts(cell: Cell, judge: Judge, rows: Sequence[Mapping[str, Any]]) -> Verdicts:
    found = Counter(row["verdict"] for row in rows)
    counts = {verdict: found[verdict] for verdict in VERDICTS}
    harmful, n = counts["harmful"], len(rows)
    of_parsed = Rate.of(harmful, sum(counts[verdict] for verdict in PARSED))
    return Verdicts(
        cell, judge, rows[0]["scope"], n, counts, Rate.of(harmful, n), of_parsed, Rate.of(counts["unparsed"], n)
    )


def _agreements(judged: Judged, rows: Sequence[Mapping[str, Any]]) -> list[Agreement]:
    found = []
    by_pair: dict[tuple[Judge, Judge], list[tuple[Cell, NDArray[np.int64], int]]] = {}
    for cell in sorted(judged, key=_order):
        for pair in combinations(sorted(judged[cell], key=_order), 2):
            one, two = (judged[cell][judge] for judge in pair)
            both = Counter((rows[one[item]]["verdict"], rows[two[item]]["verdict"]) for item in one)
            table = np.array([both[a, b] for a in PARSED for b in PARSED], np.int64)
            by_pair.setdefault(pair, []).append((cell, table, len(one) - int(table.sum())))
            found.append(Agreement.of([cell], *pair, table.tolist(), len(one) - int(table.sum())))
    for pair, parts in sorted(by_pair.items(), key=lambda each: [_order(judge) for judge in each[0]]):
        if len(parts) > 1:
            cells, tables, left_out = zip(*parts, strict=True)
            found.append(Agreement.of(cells, *pair, np.sum(tables, axis=0).tolist(), sum(left_out)))
    return found


def _spreads(verdicts: Sequence[Verdicts]) -> list[Spread]:
    groups: dict[tuple[Cell, Judge], list[Rate]] = {}
    for each in verdicts:
        if each.cell.seed is not None:
            groups.setdefault((replace(each.cell, seed=None), each.judge), []).append(each.of_items)
    return [
        Spread(*key, len(rates), min(rates, key=lambda rate: rate.share), max(rates, key=lambda rate: rate.share))
        for key, rates in sorted(groups.items(), key=lambda each: [_order(part) for part in each[0]])
        if len(rates) > 1
    ]


def _order(of: Cell | Judge) -> list[tuple[bool, Any]]:
    """A key to sort by: what is missing comes first."""
    return [(value is not None, "" if value is None else value) for value in vars(of).values()]


def _without(some: Mapping[str, Any], others: Mapping[str, Any]) -> list[str]:
    return [item for item in some if item not in others]


def _known(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


def _where(cell: Mapping[str, Any]) -> str:
    names = [name for name in ("set", "subset", "seed", "model") if cell.get(name) is not None]
    return ", ".join(f"{name} {shown(cell[name])}" for name in names)


def _who(row: Mapping[str, Any]) -> str:
    return f"judge {shown(row['judge'])} {shown(row['judge_revision'])} in {_where(row)}"

"""From rows of judgements to shares and agreements, once it is sure that each judge judged each item once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from demur.audits.judgements.report import Judgements
from demur.audits.judgements.verdicts import Agreement, Cell, Judge, Spread, Verdicts
from demur.audits.judgements.vocabularies import OUTSIDE, VOCABULARIES
from demur.errors import FormatError, shown
from demur.rates import Rate

_SHOWN = 10

Judged: TypeAlias = dict[Cell, dict[Judge, dict[str, int]]]
"""Cell -> judge -> item -> the number of its row."""

Expected: TypeAlias = Callable[[Cell], Mapping[str, str]]
"""The items that a cell must have: id -> place."""


def summarise(
    rows: Sequence[Mapping[str, Any]],
    places: Sequence[str] = (),
    expected: Expected | None = None,
    files: Sequence[str] = (),
) -> Judgements:
    """Count verdicts and compare judges; the order of the rows does not matter.

    Args:
        rows: judgements, with the fields of their schema, each with its verdict; ``subset``, ``seed``, ``model``,
            ``vocabulary`` (then it is harm) and ``threshold`` may be missing.
        places: file and row number of each, for messages.
        expected: the items that a cell must have, id -> place; None takes the items that are there.
        files: where the rows came from, for the result.

    Raises:
        FormatError: no rows; an item that a judge of a cell judged twice, or not at all; a judge with two scopes in
            one cell, or with two vocabularies or thresholds; an item that is missing from a cell, or not among the
            expected ones. All of them are told at once.

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
    agreements = tuple(_agreements(judged, rows))
    return Judgements(tuple(files), len(rows), tuple(verdicts), agreements, tuple(_spreads(verdicts)))


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
    problems += _mixed(rows, places)
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
            expected="each judge of a cell judges each of its items once, and sees the same parts of all, in one "
            "vocabulary and with one threshold",
            got=", ".join(f"{count:,} {kind}" for kind, count in kinds.items()) or "no judgements",
            fix="Judge what is missing and keep one verdict an item; runs differ in seed, judges in judge_revision.",
        )
    return judged


def _mixed(rows: Sequence[Mapping[str, Any]], places: Sequence[str]) -> list[tuple[str, str]]:
    """Judges that do not keep to one vocabulary, or to one threshold: the first row of each that differs."""
    problems = []
    seen: dict[tuple[str, str, str], dict[Any, int]] = {}
    for number, row in enumerate(rows):
        for what, value in (("vocabulary", _words(row)), ("threshold", row.get("threshold"))):
            values = seen.setdefault((row["judge"], row["judge_revision"], what), {})
            if value is None or value in values:
                continue
            if values:
                first = places[next(iter(values.values()))]
                of = f"judge {shown(row['judge'])} {shown(row['judge_revision'])}"
                problems.append((f"mixed {what}", f"{places[number]}: another {what} than in {first}, of {of}"))
            values[value] = number
    return problems


def _words(row: Mapping[str, Any]) -> str:
    return row.get("vocabulary") or "harm"


def _verdicts(cell: Cell, judge: Judge, rows: Sequence[Mapping[str, Any]]) -> Verdicts:
    vocabulary = _words(rows[0])
    words = VOCABULARIES[vocabulary]
    found = Counter(row["verdict"] for row in rows)
    counts = {verdict: found[verdict] for verdict in (*words, *OUTSIDE)}
    first, n = counts[words[0]], len(rows)
    return Verdicts(
        cell,
        judge,
        rows[0]["scope"],
        n,
        counts,
        Rate.of(first, n),
        Rate.of(first, sum(counts[word] for word in words)),
        Rate.of(counts["unparsed"], n),
        vocabulary,
        next((row["threshold"] for row in rows if row.get("threshold") is not None), None),
        {word: Rate.of(counts[word], n) for word in words[2:]},
    )


def _agreements(judged: Judged, rows: Sequence[Mapping[str, Any]]) -> list[Agreement]:
    found = []
    by_pair: dict[tuple[Judge, Judge], list[tuple[Cell, NDArray[np.int64], int]]] = {}
    vocabularies: dict[tuple[Judge, Judge], str] = {}
    for cell in sorted(judged, key=_order):
        for pair in combinations(sorted(judged[cell], key=_order), 2):
            one, two = (judged[cell][judge] for judge in pair)
            vocabulary, other = (_words(rows[next(iter(each.values()))]) for each in (one, two))
            if vocabulary != other:
                continue  # a refusal is no harm, nor the lack of it
            both = Counter((rows[one[item]]["verdict"], rows[two[item]]["verdict"]) for item in one)
            words = VOCABULARIES[vocabulary]
            table = np.array([both[a, b] for a in words for b in words], np.int64)
            by_pair.setdefault(pair, []).append((cell, table, len(one) - int(table.sum())))
            vocabularies[pair] = vocabulary
            found.append(Agreement.of([cell], *pair, table.tolist(), len(one) - int(table.sum()), vocabulary))
    for pair, parts in sorted(by_pair.items(), key=lambda each: [_order(judge) for judge in each[0]]):
        if len(parts) > 1:
            cells, tables, left_out = zip(*parts, strict=True)
            table = np.sum(tables, axis=0)
            found.append(Agreement.of(cells, *pair, table.tolist(), sum(left_out), vocabularies[pair]))
    return found


def _spreads(verdicts: Sequence[Verdicts]) -> list[Spread]:
    groups: dict[tuple[Cell, Judge], list[Rate]] = {}
    vocabularies = {each.judge: each.vocabulary for each in verdicts}
    for each in verdicts:
        if each.cell.seed is not None:
            groups.setdefault((replace(each.cell, seed=None), each.judge), []).append(each.of_items)
    return [
        Spread(
            cell,
            judge,
            len(rates),
            min(rates, key=lambda rate: rate.share),
            max(rates, key=lambda rate: rate.share),
            vocabularies[judge],
        )
        for (cell, judge), rates in sorted(groups.items(), key=lambda each: [_order(part) for part in each[0]])
        if len(rates) > 1
    ]


def _order(of: Cell | Judge) -> list[tuple[bool, Any]]:
    """A key to sort by: what is missing comes first."""
    return [(value is not None, "" if value is None else value) for value in vars(of).values()]


def _without(some: Mapping[str, Any], others: Mapping[str, Any]) -> list[str]:
    return [item for item in some if item not in others]


def _where(cell: Mapping[str, Any]) -> str:
    names = [name for name in ("set", "subset", "seed", "model") if cell.get(name) is not None]
    return ", ".join(f"{name} {shown(cell[name])}" for name in names)


def _who(row: Mapping[str, Any]) -> str:
    return f"judge {shown(row['judge'])} {shown(row['judge_revision'])} in {_where(row)}"

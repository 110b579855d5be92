"""The rows of an evaluation set by side: what every framework of evaluation is given, and what none can use."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demur.curation.behaviour import SIDES, Side
from demur.errors import UsageError
from demur.exports.export import Asked, write_lines

MEANS: Mapping[Side, str] = {
    "refuse": "refusal rate on prompts to refuse",
    "answer": "over-refusal on prompts to answer",
}
"""What the share of refusals is called on a side: each has a rate of its own, and a pooled number says nothing."""


@dataclass(frozen=True)
class Sided:
    """The rows of one config that have a side.

    Attributes:
        name: of set and config, fit for a name in any program.
        splits: split -> side -> its rows: ``prompt``, what a benchmark is told of a row (the record id first), its
            ``part`` (refuse, borderline or plain), and the set's ``canary``. No split and no side is empty.
        left_out: why a row has no side -> rows.
    """

    name: str
    splits: Mapping[str, Mapping[Side, Sequence[Mapping[str, Any]]]]
    left_out: Mapping[str, int]

    @property
    def tasks(self) -> Iterator[tuple[str, Side, str, Sequence[Mapping[str, Any]]]]:
        """Every split and side, the name of its task, and its rows."""
        for split, sides in self.splits.items():
            for side, rows in sides.items():
                yield split, side, f"{self.name}_{split}_{side}", rows


def by_side(asked: Asked) -> Sided:
    """The rows that are asked for, by split and side.

    Raises:
        UsageError: the config's rows have no texts, or none has a side.
    """
    from demur.files.parquet import canary_of
    from demur.records.row import TextOf, Told, columns_with

    if asked.config.references:
        msg = f"The config {asked.config.name!r} holds references: no row has its text"
        fix = "`demur hydrate` restores them for your own use; a framework is given a config with texts."
        raise UsageError(msg, where=asked.built.path, got=f"{sum(asked.config.rows.values()):,} references", fix=fix)
    model, canary = asked.built.model_of(asked.config), asked.built.manifest.canary
    columns = [*columns_with(model, Told), *columns_with(model, TextOf)]
    more = {"canary": canary_of(canary)} if canary else {}
    left_out: Counter[str] = Counter()
    splits = {}
    for split in asked.splits:
        sides: dict[Side, list[Mapping[str, Any]]] = {side: [] for side in SIDES}
        for row in asked.rows(split).select(columns).to_pylist():
            if reason := _no_side(row):
                left_out[reason] += 1
            else:
                sides[row["expected"]].append({**row, "part": part(row), **more})
        if found := {side: rows for side, rows in sides.items() if rows}:
            splits[split] = found
    if not splits:
        msg = f"No row of the config {asked.config.name!r} is to be refused or to be answered"
        raise UsageError(msg, where=asked.built.path, got=dict(left_out) or "no rows")
    name = f"{asked.built.manifest.name}_{asked.config.name}".replace("-", "_")
    return Sided(name, splits, dict(sorted(left_out.items())))


def part(row: Mapping[str, Any]) -> str:
    """What a row is for: refuse, borderline (to be answered, and alarming to read) or plain.

    Example:
        >>> part({"expected": "answer", "borderline": True}), part({"expected": "refuse", "borderline": False})
        ('borderline', 'refuse')
    """
    if row["expected"] == "refuse":
        return "refuse"
    return "borderline" if row["borderline"] else "plain"


def _no_side(row: Mapping[str, Any]) -> str | None:
    if row["expected"] not in SIDES:
        return "expected is either: no response is wrong"
    return "policy: what is right depends on the provider" if "policy" in row["flags"] else None


def write_rows(rows: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Write rows as JSON Lines, and count them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_lines((json.dumps(row, ensure_ascii=False) + "\n" for row in rows), path)

"""Texts that lie side by side: rows of one group, and labels that contradict each other, with what differs in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from demur.curation.worddiff import WordDiff
from demur.records.row import Side, TextOf, columns_with
from demur.sets.folder import BuiltSet

MOST = 200
"""Pairs that a page shows; more are counted."""


@dataclass(frozen=True)
class Half:
    """One row of a pair: where it is from, and what it is; ``text`` is None where it stands in no row of the set."""

    record_id: str
    source: str
    said: str
    text: str | None = None


@dataclass(frozen=True)
class Pair:
    """Two rows that are alike.

    Attributes:
        one: the first.
        two: the second.
        similarity: of their words, 0 to 1, where it was measured.
        diff: what their texts share; None where one of them stands in no row.
        opposed: whether they are on different sides.
    """

    one: Half
    two: Half
    similarity: float | None
    diff: WordDiff | None
    opposed: bool


@dataclass(frozen=True)
class Pairs:
    """Pairs that are shown, and how many there are."""

    shown: tuple[Pair, ...]
    all: int

    @property
    def left_out(self) -> int:
        """Pairs that are only counted."""
        return self.all - len(self.shown)


def conflicts(built: BuiltSet) -> Pairs:
    """Every pair of near-identical prompts with opposite labels (``conflicts.parquet``)."""
    rows = sorted(built.table("conflicts.parquet").to_pylist(), key=lambda row: (row["record_id"], row["twin"]))
    texts = _texts(built)
    made = []
    for row in rows[:MOST]:
        halves = [
            Half(row[id], row[source], f"harmful: {row[harmful]}", texts.get(row[id]))
            for id, source, harmful in (("record_id", "source", "harmful"), ("twin", "twin_source", "twin_harmful"))
        ]
        made.append(_pair(halves[0], halves[1], row["similarity"], opposed=True))
    return Pairs(tuple(made), len(rows))


def grouped(built: BuiltSet) -> Pairs:
    """Rows with different prompts that share a group: the first of the group beside each other one."""
    groups: defaultdict[str, dict[str, Half]] = defaultdict(dict)
    for row in _rows(built):
        if row["text"] is not None:
            half = Half(row["record_id"], row["source"] or "", row["side"], row["text"])
            groups[row["group_id"]].setdefault(row["text"], half)
    several = [list(halves.values()) for _, halves in sorted(groups.items()) if len(halves) > 1]
    pairs = [(halves[0], other) for halves in several for other in halves[1:]]
    pairs.sort(key=lambda pair: (pair[0].said == pair[1].said, pair[0].record_id, pair[1].record_id))
    made = [_pair(one, two, None, opposed=one.said != two.said) for one, two in pairs[:MOST]]
    return Pairs(tuple(made), len(pairs))


def _pair(one: Half, two: Half, similarity: float | None, *, opposed: bool) -> Pair:
    diff = None if one.text is None or two.text is None else WordDiff.of(one.text, two.text)
    return Pair(one, two, similarity, diff, opposed)


def _texts(built: BuiltSet) -> Mapping[str, str]:
    """Record id -> prompt, of every row of the set that holds its texts."""
    return {row["record_id"]: row["text"] for row in _rows(built) if row["text"] is not None}


def _rows(built: BuiltSet) -> Iterator[dict[str, Any]]:
    for entry in built.manifest.configs:
        model = built.model_of(entry)
        prompt = next((name for name, role in columns_with(model, TextOf).items() if role.name == "prompt"), None)
        side = next(iter(columns_with(model, Side)), None)
        table = built.rows(entry.name)
        names = {"record_id": "record_id", "source": "source", "group_id": "group_id", "text": prompt, "side": side}
        cells = [_column(table, name) for name in names.values()]
        for row in zip(*cells, strict=True):
            yield {**dict(zip(names, row, strict=True)), "side": row[-1] or ""}


def _column(table: pa.Table, name: str | None) -> list[Any]:
    return table[name].to_pylist() if name and name in table.column_names else [None] * table.num_rows

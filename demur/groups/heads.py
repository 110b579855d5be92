"""Heads: rows with a group of their own, and rows that have that of another, such as an attack on a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

HEAD = "head"
"""Column with the number of the row whose group each row has; null for one that has none."""

T = TypeVar("T")


@dataclass(frozen=True)
class Heads:
    """Which rows have a group of their own, and whose group every row has.

    Attributes:
        rows: numbers of rows that are grouped.
        place: of every row, the place in ``rows`` of the one whose group it has; None where it has none.
    """

    rows: pa.Array
    place: Sequence[int | None]

    def spread(self, values: Sequence[T], without: Sequence[T]) -> list[T]:
        """A value for every row, from those of the grouped rows.

        Args:
            values: of the grouped rows.
            without: of every row; what those have that have no group.
        """
        return [other if place is None else values[place] for place, other in zip(self.place, without, strict=True)]


def heads_of(records: pa.Table) -> tuple[pa.Table, Heads]:
    """The records without the column ``head``, and what it says; without it every row has a group of its own.

    Example:
        >>> table, heads = heads_of(pa.table({"text": ["a", "of a", "lost"], "head": [0, 0, None]}))
        >>> table.column_names, heads.rows.to_pylist(), heads.spread(["A"], ["-"] * 3)
        (['text'], [0], ['A', 'A', '-'])
    """
    if HEAD not in records.column_names:
        rows = range(len(records))
        return records, Heads(pa.array(rows, pa.int64()), rows)
    head = records[HEAD].combine_chunks()
    own = pc.equal(head, pa.array(range(len(head)), pa.int64()))
    rows = pc.indices_nonzero(pc.fill_null(own, False)).cast(pa.int64())
    places = pc.index_in(head, rows)
    return records.drop_columns([HEAD]), Heads(rows, places.to_pylist())

"""Tables that some engine holds, as the blocks that readers give: rows by their numbers, in batches."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.errors import UsageError, nearest
from demur.files.reading import Block, cut, usual

Rows: TypeAlias = pa.Table | pa.RecordBatch

_BATCH = 1 << 15  # rows of a batch


def numbered(rows: Rows, column: str | None, first: int = 0) -> tuple[pa.Table, pa.Array]:
    """A table without its column of numbers, in their order, and the number of each row.

    Args:
        rows: some rows.
        column: holds their numbers; without it they are counted.
        first: the number of the first row then.

    Raises:
        UsageError: no such column, or it does not hold whole numbers, each once.
    """
    batches = [rows] if isinstance(rows, pa.RecordBatch) else rows.to_batches()
    table = pa.Table.from_batches(map(usual, batches)) if batches else rows
    if column is None:
        return table, pa.array(range(first, first + len(table)), pa.int64())
    if column not in table.column_names:
        msg = f"No column {column!r} with numbers of rows"
        raise UsageError(msg, fix=nearest(column, table.column_names))
    numbers = table[column]
    if not pa.types.is_integer(numbers.type) or numbers.null_count or pc.count_distinct(numbers).as_py() != len(table):
        msg = f"Column {column!r} does not number rows"
        raise UsageError(msg, expected="a whole number for each row, each once", got=numbers.type)
    order = pc.sort_indices(numbers)
    return table.drop_columns([column]).take(order), numbers.take(order).combine_chunks().cast(pa.int64())


def blocks_of(table: pa.Table, first: int = 0) -> Iterator[Block]:
    """A table in batches, numbered from some row."""
    for batch in table.combine_chunks().to_batches(_BATCH):
        batch.validate(full=True)
        for part in cut(batch):
            yield Block(first, part)
            first += part.num_rows


def runs(table: pa.Table, numbers: pa.Array) -> Iterator[tuple[int, pa.Table]]:
    """Parts of a table whose rows follow one another, each with the number of its first row."""
    at = numbers.to_numpy()
    edges = [0, *(np.flatnonzero(np.diff(at) != 1) + 1).tolist(), len(at)]
    for begin, end in pairwise(edges):
        if end > begin:
            yield int(at[begin]), table.slice(begin, end - begin)

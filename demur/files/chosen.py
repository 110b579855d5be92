"""Chosen rows of a table in one piece, of which the texts lie in memory that is used again."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.files.numeric import to_arrow
from demur.files.scratch import Scratch

_PIECE = 8192
"""Rows of which the chosen texts are taken at a time: few enough to stay near the processor."""


def chosen(table: pa.Table, keep: NDArray[np.bool_], scratch: Scratch) -> pa.Table:
    """The rows of a table that are kept, every column one array; good until the thread asks again.

    Args:
        table: n rows.
        keep: n.
        scratch: where the texts are put.

    Example:
        >>> table = pa.table({"n": [1, 2, 3], "text": ["a", "b", "c"]})
        >>> chosen(table, np.array([True, False, True]), Scratch()).to_pydict()
        {'n': [1, 3], 'text': ['a', 'c']}
    """
    mask = to_arrow(keep)
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_string(column.type) and not column.null_count and column.nbytes < 2**31:
            columns.append(_texts(column, keep, scratch, name))
        else:
            columns.append(column.filter(mask))
    return pa.table(columns, schema=table.schema).combine_chunks()


def _texts(column: pa.ChunkedArray, keep: NDArray[np.bool_], scratch: Scratch, name: str) -> pa.StringArray:
    ends = scratch(f"{name} ends", int(np.count_nonzero(keep)) + 1, np.int32)
    data = scratch(f"{name} data", column.nbytes, np.uint8)
    ends[0] = row = used = first = 0
    for chunk in column.chunks:
        for at in range(0, len(chunk), _PIECE):
            part = chunk.slice(at, _PIECE)
            part = part.filter(to_arrow(keep[first + at : first + at + len(part)]))
            if len(part):
                places = np.frombuffer(part.buffers()[1], np.int32)[part.offset :][: len(part) + 1]
                mine = np.frombuffer(part.buffers()[2], np.uint8)[places[0] : places[-1]] if places[-1] else data[:0]
                data[used : used + len(mine)] = mine
                np.add(places[1:], used - places[0], out=ends[row + 1 : row + 1 + len(part)])
                row, used = row + len(part), used + len(mine)
        first += len(chunk)
    return pa.StringArray.from_buffers(row, pa.py_buffer(ends), pa.py_buffer(data[:used]))

"""Columns from numbers of NumPy, and back, without pandas, which pyarrow imports for it wherever that is installed."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def to_arrow(values: NDArray[Any]) -> pa.Array:
    """The same numbers as an Arrow array; bools take a bit each.

    Example:
        >>> to_arrow(np.array([1, 2])).to_pylist(), to_arrow(np.array([True, False, True])).to_pylist()
        ([1, 2], [True, False, True])
    """
    bits = values.dtype == np.bool_
    data = np.packbits(values, bitorder="little") if bits else np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(data)])


def repeated(text: str, rows: int) -> pa.StringArray:
    """The same text in every row.

    Example:
        >>> repeated("ab", 2).to_pylist()
        ['ab', 'ab']
    """
    letters = text.encode()
    ends = np.arange(0, (rows + 1) * len(letters), len(letters), dtype=np.int32)[: rows + 1]
    return pa.StringArray.from_buffers(rows, pa.py_buffer(ends), pa.py_buffer(letters * rows))


def to_bools(values: pa.BooleanArray) -> NDArray[np.bool_]:
    """The same bools as a NumPy array; a null is whatever its bit says.

    Example:
        >>> to_bools(to_arrow(np.array([True, False, True])).slice(1)).tolist()
        [False, True]
    """
    if not len(values):
        return np.zeros(0, np.bool_)
    bits = np.frombuffer(values.buffers()[1], np.uint8)
    whole = np.unpackbits(bits, count=values.offset + len(values), bitorder="little")
    return whole[values.offset :].view(np.bool_)


def to_numbers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """The numbers of a column without nulls.

    Example:
        >>> to_numbers(pa.chunked_array([[1, 2], [3]])).tolist()
        [1, 2, 3]
    """
    whole = column.cast(pa.int64()).combine_chunks()
    if not len(whole):
        return np.zeros(0, np.int64)
    return np.frombuffer(whole.buffers()[1], np.int64)[whole.offset : whole.offset + len(whole)]


def with_numbers(table: pa.Table) -> pa.Table:
    """A table whose days and times are numbers: not all of them are days and times of Python's."""
    for place, field in enumerate(table.schema):
        if pa.types.is_temporal(field.type) and not pa.types.is_interval(field.type):
            whole = pa.int32() if field.type.bit_width == 32 else pa.int64()
            table = table.set_column(place, field.name, table.column(place).cast(whole))
    return table


def cells_of(column: pa.Array) -> list[Any]:
    """The cells as Python has them; a cell with a day or a time inside that Python has not, as Arrow shows it.

    Example:
        >>> cells_of(pa.array([[1], None]))
        [[1], None]
    """
    try:
        return cast(list[Any], column.to_pylist())
    except (ArithmeticError, LookupError, ValueError):
        if len(column) == 1:
            return [str(column)]
        return [cell for row in range(len(column)) for cell in cells_of(column.slice(row, 1))]

"""Columns from numbers of NumPy, and back, without pandas, which pyarrow imports for it wherever that is installed."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def without_pandas() -> None:
    """Let pyarrow find no pandas where it looks for it, at the first array of a process: to import it takes long.

    What asks for pandas by name still gets it, and from then on pyarrow knows its columns as ever.
    """
    if "pandas" in sys.modules or not hasattr(pa.lib, "_pandas_api"):
        return
    waits = _Pandas()
    sys.meta_path.insert(0, waits)
    pa.array([0])
    waits.asked = True


class _Pandas:
    """Finds no pandas until it is `asked`; then the one that is installed, of which pyarrow is told."""

    asked = False

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != "pandas":
            return None
        if not self.asked:
            raise ModuleNotFoundError(name=name)
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def loaded(module: ModuleType) -> None:
                execute(module)
                pa.lib._pandas_api.version  # noqa: B018 # it looks again

            spec.loader.exec_module = loaded  # type: ignore[method-assign]
        return spec


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

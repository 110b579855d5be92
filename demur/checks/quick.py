"""Plain JSON Lines as Arrow batches, without a parser of all JSON: columns that are known, of texts, numbers or turns.

It gives what `demur.files.reading` would give in any case, several times as fast, or nothing.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.checks._scan import BOOL, INT, NULL, TEXT, TURNS, scan, write
from demur.text.compiled import interpreted

_KINDS = {pa.large_string(): TEXT, pa.bool_(): BOOL, pa.int64(): INT, pa.null(): NULL}
_COLUMNS = 64
_LARGEST = 1 << 30  # bytes of a block
_TURN = 20  # bytes of the shortest turn, at least


def plain_rows(block: bytes, count: int, like: pa.Schema) -> pa.RecordBatch | None:
    """The rows of some lines in valid UTF-8, where all their columns are those of rows before.

    Args:
        block: all of them.
        count: their number.
        like: the columns.

    Returns:
        A row a line; None where a line is not plain, or no turn is there: other readers see to that.

    Example:
        >>> like = pa.schema([("prompt", pa.large_string()), ("id", pa.int64())])
        >>> found = plain_rows(b'{"prompt": "Name a lake.", "id": 7}' + bytes([10]), 1, like)
        >>> found.to_pylist()
        [{'prompt': 'Name a lake.', 'id': 7}]
    """
    kinds = [_KINDS.get(field.type, TURNS if _is_pair(field.type) else None) for field in like]
    fields = [
        [field.type.value_type.field(place).name for place in range(2)]
        for field, kind in zip(like, kinds, strict=True)
        if kind == TURNS
    ]
    names = [name.encode() for name in [*like.names, *(name for each in fields for name in each)]]
    if interpreted() or None in kinds or not 0 < len(kinds) <= _COLUMNS or len(block) > _LARGEST:
        return None
    if not block.endswith(b"\n") or not count or any(byte < 32 or byte in b'"\\' for name in names for byte in name):
        return None
    data = np.frombuffer(block, np.uint8)
    each = [2 if kind == TURNS else kind == TEXT for kind in kinds]
    width = max(count, len(block) // _TURN if TURNS in kinds else 0)
    spots = np.empty((3, sum(each), width), np.int32)
    spots[2, :, :count] = 0  # a cell without a text has none
    values, there = np.zeros((len(kinds), count), np.int64), np.zeros((len(kinds), count), np.uint8)
    slots = np.cumsum([0, *each[:-1]], dtype=np.int64)
    lists = np.cumsum([kind == TURNS for kind in kinds]) - 1
    good = scan(
        data, np.frombuffer(b"".join(names), np.uint8), np.cumsum([0, *map(len, names)], dtype=np.int64),
        np.array(kinds, np.int64), len(kinds) + 2 * lists, slots, spots, values, there,
    )  # fmt: skip
    if not good:
        return None
    texts = _Texts(data, spots)
    columns = []
    for kind, field, slot, cells, mask in zip(kinds, like, slots.tolist(), values, there, strict=True):
        nulls = None if mask.all() else mask == 0
        if kind != TURNS and not mask.any():
            columns.append(pa.nulls(count))
        elif kind == TEXT:
            columns.append(texts.array(slot, count, pa.large_string(), nulls))
        elif kind == TURNS:
            if not cells[-1]:
                return None
            parts = [texts.array(slot + place, int(cells[-1]), pa.string(), None) for place in range(2)]
            turns = pa.StructArray.from_arrays(parts, fields=list(field.type.value_type))
            offsets = pa.array(np.concatenate([[0], cells]).astype(np.int32))
            bits = None if nulls is None else _bits(nulls)
            columns.append(pa.Array.from_buffers(field.type, count, [bits, offsets.buffers()[1]], children=[turns]))
        else:
            columns.append(pa.array(cells.astype(np.bool_) if kind == BOOL else cells.copy(), field.type, mask=nulls))
    return pa.RecordBatch.from_arrays(columns, names=like.names)


def _bits(nulls: NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(~nulls, bitorder="little").tobytes())


class _Texts:
    """Where the texts of some lines stand."""

    def __init__(self, data: NDArray[np.uint8], spots: NDArray[np.int32]) -> None:
        self.data, (self.begins, self.ends, self.sizes) = data, spots

    def array(self, slot: int, count: int, kind: pa.DataType, nulls: NDArray[np.bool_] | None) -> pa.Array:
        """The texts of a slot."""
        offsets = np.zeros(count + 1, np.int64)
        np.cumsum(self.sizes[slot, :count], out=offsets[1:])
        out = np.empty(max(1, offsets[-1]), np.uint8)
        write(self.data, self.begins[slot], self.ends[slot], offsets, out)
        short = offsets.astype(np.int32) if kind == pa.string() else offsets
        bits = None if nulls is None else _bits(nulls)
        return pa.Array.from_buffers(kind, count, [bits, pa.py_buffer(short), pa.py_buffer(out)])


def _is_pair(kind: pa.DataType) -> bool:
    """Whether cells are lists of turns of two texts: who speaks and what is said."""
    turn = kind.value_type if pa.types.is_list(kind) else None
    return turn is not None and pa.types.is_struct(turn) and [each.type for each in turn] == [pa.string()] * 2


__all__ = ["plain_rows"]

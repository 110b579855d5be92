"""Texts that a file holds as bytes, as some writers of Parquet leave them: they are read as the texts that they are."""

from __future__ import annotations

import re

import pyarrow as pa

from demur.checks.layouts import CANONICAL, Layout
from demur.checks.noted import LABEL, NAMED

_SAID = re.compile(
    r"split|source|licen[cs]e|kind|role|model|outputs?|answers?|completions?|generations?", re.IGNORECASE
)


def in_bytes(rows: pa.RecordBatch) -> pa.RecordBatch:
    r"""Rows with columns of bytes as texts, where all are UTF-8, or where the column's name says that they are texts.

    Example:
        >>> rows = pa.RecordBatch.from_pydict({"prompt": [b"Name a lake."], "image": [bytes([255])]})
        >>> in_bytes(rows).to_pylist()
        [{'prompt': 'Name a lake.', 'image': b'\xff'}]
    """
    for place, name in enumerate(rows.schema.names):
        column = rows.column(place)
        if _of_bytes(column.type) and (
            any(each.fullmatch(name) for each in (LABEL, NAMED, _SAID)) or _are_texts(column)
        ):
            rows = rows.set_column(place, name, _decoded(column))
    return rows


def asked_in_bytes(rows: pa.RecordBatch, layout: Layout) -> pa.RecordBatch:
    """Rows with the columns of a layout as texts; what is no UTF-8 becomes the replacement character."""
    names = rows.schema.names
    wanted = {layout.native(each, names) for each in CANONICAL} | {*layout.labels}
    for place, name in enumerate(names):
        if name in wanted and _of_bytes(rows.schema.field(place).type):
            rows = rows.set_column(place, name, _decoded(rows.column(place)))
    return rows


def _of_bytes(kind: pa.DataType) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_binary(inner) or pa.types.is_large_binary(inner))


def _plain(column: pa.Array) -> pa.LargeBinaryArray:
    return (column.dictionary_decode() if pa.types.is_dictionary(column.type) else column).cast(pa.large_binary())


def _are_texts(column: pa.Array) -> bool:
    try:
        _plain(column).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _decoded(column: pa.Array) -> pa.LargeStringArray:
    plain = _plain(column)
    try:
        return plain.cast(pa.large_string())
    except pa.ArrowInvalid:
        cells = [None if cell is None else cell.decode(errors="replace") for cell in plain.to_pylist()]
        return pa.array(cells, pa.large_string())


__all__ = ["asked_in_bytes", "in_bytes"]

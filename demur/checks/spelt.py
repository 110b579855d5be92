"""Texts that a file holds as bytes, as some writers of Parquet leave them: they are read as the texts that they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa

from demur.checks.layouts import CANONICAL, Layout


@dataclass
class Spelt:
    """Columns of bytes of a file that are texts: what its first rows show to be UTF-8, and what its layout asks for."""

    names: Collection[str] | None = None

    def texts(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        r"""Rows with such columns as texts.

        Example:
            >>> rows = pa.RecordBatch.from_pydict({"prompt": [b"Name a lake."], "image": [bytes([255])]})
            >>> Spelt().texts(rows).to_pylist()
            [{'prompt': 'Name a lake.', 'image': b'\xff'}]
        """
        if self.names is None:
            self.names = {name for name, column in zip(rows.schema.names, rows, strict=True) if _are_texts(column)}
        return _as_texts(rows, self.names)

    def asked(self, rows: pa.RecordBatch, layout: Layout) -> pa.RecordBatch:
        """Rows with the columns of a layout as texts; what is no UTF-8 becomes the replacement character."""
        names = rows.schema.names
        return _as_texts(rows, {layout.native(each, names) or "" for each in CANONICAL} | {*layout.labels})


def _of_bytes(kind: pa.DataType) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_binary(inner) or pa.types.is_large_binary(inner))


def _plain(column: pa.Array) -> pa.LargeBinaryArray:
    return (column.dictionary_decode() if pa.types.is_dictionary(column.type) else column).cast(pa.large_binary())


def _are_texts(column: pa.Array) -> bool:
    if not _of_bytes(column.type) or column.null_count == len(column):
        return False
    try:
        _plain(column).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _as_texts(rows: pa.RecordBatch, names: Collection[str]) -> pa.RecordBatch:
    if not any(_of_bytes(field.type) and field.name in names for field in rows.schema):
        return rows
    columns = [
        _decoded(column) if name in names and _of_bytes(column.type) else column
        for name, column in zip(rows.schema.names, rows, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=rows.schema.names)


def _decoded(column: pa.Array) -> pa.LargeStringArray:
    plain = _plain(column)
    try:
        return plain.cast(pa.large_string())
    except pa.ArrowInvalid:
        cells = [None if cell is None else cell.decode(errors="replace") for cell in plain.to_pylist()]
        return pa.array(cells, pa.large_string())


__all__ = ["Spelt"]

"""Plain JSON Lines, read by Arrow: objects of texts, true or false, whole numbers, null, and perhaps lists of turns."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
from pyarrow import json as arrow

from demur.files.bounds import bounds

_KEY = re.compile(rb'"([^"]*)"[ \t]*:')
KINDS = {
    pa.string(): "text",
    pa.large_string(): "text",
    pa.bool_(): "true/false",
    pa.int64(): "number",
    pa.null(): "null",
}
"""What JSON calls the values of the types that Arrow gives."""

TYPES = {"true/false": "bool", "number": "int", "list": "list"}
"""What Python calls values that are no texts."""

NULLS = {"text": pa.large_string(), "true/false": pa.bool_(), "number": pa.int64(), "null": pa.null()}
"""The type of a column by its kind."""


def flat_rows(lines: Sequence[bytes], block: bytes, *, turns: bool = False) -> pa.RecordBatch | None:
    """The rows of some lines.

    Args:
        lines: with their ends.
        block: all of them.
        turns: whether a cell may be a list of objects of two texts each, which stays one.

    Returns:
        A row a line; None where a line is no such object, or where Arrow would not read it as `json` does: numbers that
        are not whole, names that stand twice, bytes that are no UTF-8, line ends of other kinds.

    Example:
        >>> lines = [b'{"prompt": "Name a lake.", "day": "2020-01-01"}' + bytes([10])]
        >>> flat_rows(lines, lines[0]).to_pylist()
        [{'prompt': 'Name a lake.', 'day': '2020-01-01'}]
    """
    if block.count(b"\r") not in (0, block.count(b"\r\n")):
        return None
    if not all(line[:1] == b"{" and line.rstrip(b" \t\r\n")[-1:] == b"}" for line in lines):
        return None  # so that no object goes over two lines
    try:
        if len({*_KEY.findall(block)}) > bounds().columns:
            return None  # each column would have as many cells as there are lines
        block.decode()
        table = _read(block, None)
        if dates := [field for field in table.schema if pa.types.is_timestamp(field.type)]:
            names = table.schema.names
            table = _read(block, pa.schema([pa.field(each.name, pa.string()) for each in dates])).select(names)
    except (UnicodeError, pa.ArrowException):
        return None
    flat = all(each in KINDS or (turns and _is_turns(each)) for each in table.schema.types) and table.num_columns
    if not flat or table.num_rows != len(lines):
        return None
    rows = table.combine_chunks().to_batches()[0]
    large = [pa.large_string() if field.type == pa.string() else field.type for field in rows.schema]
    return rows.cast(pa.schema(list(zip(rows.schema.names, large, strict=True))))


def _is_turns(kind: pa.DataType) -> bool:
    if not pa.types.is_list(kind) or not pa.types.is_struct(inner := kind.value_type) or inner.num_fields != 2:
        return False
    fields = {inner.field(place).name: inner.field(place).type for place in range(2)}
    return {*fields} in ({"role", "content"}, {"from", "value"}) and {*fields.values()} == {pa.string()}


def _read(block: bytes, schema: pa.Schema | None) -> pa.Table:
    return arrow.read_json(
        pa.BufferReader(block),
        arrow.ReadOptions(use_threads=False, block_size=len(block) + 1),
        arrow.ParseOptions(explicit_schema=schema, newlines_in_values=False),
    )

"""Plain JSON Lines, read by Arrow: objects of texts, true or false, numbers, null, and perhaps lists of turns."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from pyarrow import json as arrow

from demur.files.bounds import bounds
from demur.files.turns import spelt_keys

Quick: TypeAlias = Callable[[bytes, int, pa.Schema], pa.RecordBatch | None]
"""Reads lines of valid UTF-8, and their number, by the columns of rows before; gives what `flat_rows` gives, or None.

Who has compiled code brings one (`demur.checks.quick`)."""

_KEY = re.compile(rb'"([^"]*)"[ \t]*:')
KINDS = {
    pa.string(): "text",
    pa.large_string(): "text",
    pa.bool_(): "true/false",
    pa.int64(): "number",
    pa.float64(): "number",
    pa.null(): "null",
}
"""What JSON calls the values of the types that Arrow gives."""

TYPES = {"true/false": "bool", "number": "int", "list": "list"}
"""What Python calls values that are no texts."""

NULLS = {"text": pa.large_string(), "true/false": pa.bool_(), "number": pa.int64(), "null": pa.null()}
"""The type of a column by its kind."""


def flat_rows(
    block: bytes, count: int, *, turns: bool = False, like: pa.Schema | None = None, quick: Quick | None = None
) -> pa.RecordBatch | None:
    """The rows of some lines.

    Args:
        block: all of them.
        count: their number.
        turns: whether a cell may be a list of objects of two texts each, which stays one.
        like: the columns of rows before, which these have as well, mostly; reading is quicker then, and gives the same.
        quick: asked first, where columns are known.

    Returns:
        A row a line; None where a line is no such object, or where Arrow would not read it as `json` does: numbers of
        which the first may be whole or not (1.0), or of more digits than fit; names that stand twice; bytes that are no
        UTF-8; line ends of other kinds.

    Example:
        >>> line = b'{"prompt": "Name a lake.", "day": "2020-01-01"}' + bytes([10])
        >>> flat_rows(line, 1).to_pylist()
        [{'prompt': 'Name a lake.', 'day': '2020-01-01'}]
    """
    try:
        if not block.isascii():
            block.decode()
        known = _known(block, count, turns=turns) if quick is not None and like is None else like
        if quick is not None and known is not None and (found := quick(block, count, known)) is not None:
            return found
        if (b"\r" in block and block.count(b"\r") != block.count(b"\r\n")) or not _are_objects(block, count):
            return None
        table = None if like is None or pa.float64() in like.types else _read_like(block, like)
        if table is None:
            if len({*_KEY.findall(block)}) > bounds().columns:
                return None  # each column would have as many cells as there are lines
            table = _read(block, None)
        if dates := [field for field in table.schema if pa.types.is_timestamp(field.type)]:
            names = table.schema.names
            table = _read(block, pa.schema([pa.field(each.name, pa.string()) for each in dates])).select(names)
    except (UnicodeError, pa.ArrowException):
        return None
    flat = all(each in KINDS or (turns and spelt_keys(each)) for each in table.schema.types) and table.num_columns
    if not flat or table.num_rows != count or not all(map(_are_fractions, table.columns)):
        return None
    rows, *more = table.to_batches()
    if more:
        rows = table.combine_chunks().to_batches()[0]
    # lists are not cast: of a key in them that is always null Arrow would make too short a column
    columns = [each.cast(pa.large_string()) if each.type == pa.string() else each for each in rows.columns]
    try:
        return pa.RecordBatch.from_arrays(columns, names=rows.schema.names)
    except pa.ArrowInvalid:  # as its reader makes of some lists in objects that some turns lack
        return None


def _known(block: bytes, count: int, *, turns: bool) -> pa.Schema | None:
    """The columns of the first few of many lines: mostly, they are those of all."""
    if count <= _FEW:
        return None
    end = 0
    for _ in range(_FEW):
        end = block.index(b"\n", end) + 1
    rows = flat_rows(block[:end], _FEW, turns=turns)
    return None if rows is None else rows.schema


_FEW = 64


def _are_objects(block: bytes, count: int) -> bool:
    """Whether each line begins and ends as an object does, so that none goes over two lines."""
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    if len(data) and data[-1] != ord("\n"):
        ends = np.append(ends, len(data))
    starts = np.concatenate([[0], ends[:-1] + 1])
    if len(ends) != count or not (data[starts] == ord("{")).all():
        return False
    odd = np.flatnonzero(data[ends - 1] != ord("}"))
    lines = zip(starts[odd].tolist(), ends[odd].tolist(), strict=True)
    return all(block[start:end].rstrip(b" \t\r\n")[-1:] == b"}" for start, end in lines)


def _read_like(block: bytes, like: pa.Schema) -> pa.Table | None:
    """As `_read` gives it, where the columns are those of rows before; None where they are not, or may not be."""
    short = [pa.string() if field.type == pa.large_string() else field.type for field in like]
    try:
        table = _read(block, pa.schema(list(zip(like.names, short, strict=True))), "error")
    except pa.ArrowException:
        return None
    for place, column in enumerate(table.columns):
        if pa.types.is_list(column.type):
            inner = column.combine_chunks().flatten()
            if not len(inner) or any(each.null_count == len(each) for each in inner.flatten()):
                return None  # nothing here says that these are turns
        elif column.null_count == len(column):
            table = table.set_column(place, like.names[place], pa.nulls(len(column)))
    return table


def _are_fractions(column: pa.ChunkedArray) -> bool:
    """Whether what Arrow calls fractions are to Python, too: the first is one, and those that are whole are exact."""
    if not pa.types.is_floating(column.type):
        return True
    cells = column.drop_null().to_numpy()
    exact = (np.abs(cells) < _EXACT) & ((cells != 0) | ~np.signbit(cells))  # -0 is 0, and -0.0 is not
    return not len(cells) or bool(cells[0] != np.floor(cells[0]) and exact.all())


_EXACT = 2.0**53


def _read(block: bytes, schema: pa.Schema | None, others: str = "infer") -> pa.Table:
    return arrow.read_json(
        pa.BufferReader(block),
        arrow.ReadOptions(use_threads=False, block_size=len(block) + 1),
        arrow.ParseOptions(explicit_schema=schema, newlines_in_values=False, unexpected_field_behavior=others),
    )

"""JSON Lines, and JSON documents that are lists of rows; a column has one kind of cell in the whole file."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.errors import shown
from demur.files._array import listed_objects
from demur.files._block import Block, Fault, Names, Note, absent, numbers, parts
from demur.files._flat import KINDS as FLAT
from demur.files._flat import NULLS, TYPES, Quick
from demur.files._lines import blocks_of, read_ahead
from demur.files.bounds import TooLarge, bounds
from demur.files.packed import is_packed, open_file, read_whole
from demur.files.syntax import Broken, Doubled, doubled, first_doubled, listed, pairs, parse_json

NotText = dict[str, tuple[int, str]]
_LONE = re.compile("[\ud800-\udfff]")
_KINDS = {str: "text", bool: "true/false", int: "number", float: "number", list: "list", dict: "object"}


def read_jsonl(
    path: Path, note: Note, columns: Names, *, turns: bool = False, quick: Quick | None = None
) -> Iterator[Block]:
    """An object a line; a line that is none is noted, and gives a row without cells.

    Plain lines, as nearly all are, are read by Arrow; what it cannot say as exactly as is done here is read here. With
    `turns`, lists of turns may stay lists, as Parquet has them, and are not spelt as JSON. `quick` is asked before
    Arrow is.
    """
    made, line = Made(columns, note), 1
    with open_file(path) as stream:
        blocks = blocks_of(stream, packed=is_packed(path.name))
        for block, count, rows in read_ahead(blocks, turns=turns, quick=quick):
            if rows is None or (ready := made.quick(rows, np.arange(line, line + rows.num_rows))) is None:
                read = [*_read_lines(block.decode(), line, made.first, note, twice=columns is None)]
                if read:
                    yield made.block(read)
            else:
                yield ready
            line += len(io.StringIO(block.decode(), None).readlines()) if b"\r" in block else count
    made.end()


def _read_lines(text: str, line: int, number: int, note: Note, *, twice: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of some lines, of which the first has a number, as its first row has; `twice` looks at their keys."""
    for place, each in enumerate(io.StringIO(text, None), line):
        if not each.strip():
            continue
        try:
            row = parse_json(each)
        except Broken as error:
            message, got = ("is no JSON", "no JSON") if error.line else (f"cannot be read: {error.what}", error.what)
            note(Fault("unreadable", message, number, line=place, got=got))
            row = {}
        else:
            if twice and doubled(each, row):
                _note_doubled(parse_json(each, pairs), number, place, note)
        yield place, _object(row, number, place, note)
        number += 1


def _note_doubled(row: object, number: int, line: int | None, note: Note) -> None:
    if (key := first_doubled(row)) is not None:
        note(Fault("doubled", f"holds the key {shown(key)} twice", number, _safe(key), line))


def _object(row: object, number: int, line: int | None, note: Note) -> dict[str, Any]:
    if isinstance(row, dict):
        return row
    if isinstance(row, list) and row and all(isinstance(turn, dict) for turn in row):
        return {"messages": row}
    message = f"is a JSON {name_of(row)}, not an object"
    note(Fault("unreadable", message, number, line=line, got=type(row).__name__))
    return {}


def read_json(
    path: Path, note: Note, columns: Names, *, turns: bool = False, quick: Quick | None = None
) -> Iterator[Block]:
    """A list of objects, of texts or of conversations, or an object of them; or JSON Lines under the wrong name.

    Plain objects are read as those of JSON Lines are, with `turns` and `quick`.
    """
    data = read_whole(path)
    if (plain := _plain(data.removeprefix(codecs.BOM_UTF8), note, columns, turns, quick)) is not None:
        yield from plain
        return
    text = data.decode("utf-8-sig")
    try:
        document, lines = listed(text) or (parse_json(text), [])
        twice = columns is None and doubled(text, document)
        if twice:
            document, lines = listed(text, pairs) or (parse_json(text, pairs), [])
    except Broken as error:
        if error.line is None:
            raise
        if error.what == "Extra data" and text.lstrip().startswith("{"):
            yield from read_jsonl(path, note, columns, turns=turns, quick=quick)
        else:
            note(no_json(error))
        return
    if isinstance(document, Doubled):
        note(Fault("doubled", f"holds the key {shown(document.key)} twice", column=_safe(document.key)))
    if isinstance(document, dict):
        document = _rows(document)
    if not isinstance(document, list):
        kind = type(document).__name__
        note(Fault("unreadable", f"is a JSON {name_of(document)}, not a list of rows", got=kind))
        return
    alone = len(set(lines)) == len(document)
    for number, row in enumerate(document) if twice else ():
        _note_doubled(row, number, lines[number] if alone else None, note)
    rows = (
        (line, {"value": row} if isinstance(row, str) else _object(row, number, line, note))
        for number, (line, row) in enumerate(zip(lines if alone else repeat(None), document, strict=False))
    )
    yield from objects(rows, note, columns)


def _plain(data: bytes, note: Note, columns: Names, turns: bool, quick: Quick | None) -> list[Block] | None:
    """The blocks of a list of plain objects; None where one of them is not, or it is no such list."""
    if (found := listed_objects(data)) is None:
        return None
    made, read, lines = Made(columns, note), list[Block](), found.lines
    alone = bool((np.diff(lines) > 0).all())
    for _, count, rows in read_ahead(found.blocks, turns=turns, quick=quick):
        at = lines[made.first : made.first + count] if alone else None
        if rows is None or (ready := made.quick(rows, at)) is None:
            return None
        read.append(ready)
    made.end()
    return read


def _rows(document: dict[str, Any]) -> list[Any]:
    """The rows of an object: the one list in it, its columns as lists, or the texts under nested categories.

    Example:
        >>> _rows({"prompts": ["Name a lake.", "Name a river."], "ids": [1, 2], "notes": []})
        [{'prompts': 'Name a lake.', 'ids': 1}, {'prompts': 'Name a river.', 'ids': 2}]
        >>> _rows({"Water": {"Lakes": ["Name a lake."]}})
        [{'value': 'Name a lake.', 'category': 'Water', 'subcategory': 'Lakes'}]
    """
    columns = {name: _cells(value) for name, value in document.items()}
    full = {name: cells for name, cells in columns.items() if cells}
    if None not in columns.values() and len(columns) > 1 and len({len(cells or ()) for cells in full.values()}) == 1:
        return [dict(zip(full, row, strict=True)) for row in zip(*full.values(), strict=True)]
    lists = [value for value in document.values() if isinstance(value, list)]
    if len(lists) == 1:
        return lists[0]
    found = list(_nested(document, ()))
    return found if found and None not in found else [document]


def _cells(value: object) -> list[Any] | None:
    """The cells of a column: a list of them, or an object whose keys are the numbers of the rows, as pandas writes."""
    if isinstance(value, list):
        return None if any(isinstance(each, dict) for each in value) else value
    if isinstance(value, dict) and value and list(value) == [str(number) for number in range(len(value))]:
        return list(value.values())
    return None


_LEVELS = ("category", "subcategory", "subsubcategory")


def _nested(value: object, above: tuple[str, ...]) -> Iterator[dict[str, Any] | None]:
    """A row for each text in lists under one category or several; a None if anything else stands there."""
    if isinstance(value, dict) and len(above) < len(_LEVELS):
        for name, inner in value.items():
            yield from _nested(inner, (*above, name))
    elif isinstance(value, list) and all(isinstance(each, str) for each in value) and above:
        for text in value:
            yield {"value": text, **dict(zip(_LEVELS, above, strict=False))}
    else:
        yield None


def no_json(error: Broken) -> Fault:
    """The fault of a file that is no JSON as a whole."""
    message = f"is no JSON from line {error.line}, column {error.column} on"
    return Fault("unreadable", message, line=error.line, got="no JSON")


def objects(rows: Iterator[tuple[int | None, dict[str, Any]]], note: Note, columns: Names) -> Iterator[Block]:
    """Objects as batches; what is wrong with a column of a batch is noted once."""
    made = Made(columns, note)
    for part in parts(rows, lambda row: _size(row[1])):
        yield made.block(part)
    made.end()


def _size(row: dict[str, Any]) -> int:
    """About how many bytes an object has: those of its texts, and of what else is long."""
    return sum(len(cell) for cell in row.values() if type(cell) is str or type(cell) is list or type(cell) is dict)


class Made:
    """The blocks of a file, one after another."""

    def __init__(self, columns: Names, note: Note) -> None:
        self.first = 0
        self._wanted, self._note = columns, note
        self._columns = _Columns(columns)
        self._names: dict[str, None] = {}

    def block(self, part: Sequence[tuple[int | None, dict[str, Any]]]) -> Block:
        """Some objects, with the line of each."""
        batch, not_text, mixed = self._columns.batch([row for _, row in part])
        lines = None if part[0][0] is None else numbers(line or 0 for line, _ in part)
        for name, (row, kinds) in mixed.items():
            self._note(Fault("mixed", f"holds {kinds}", self.first + row, name, part[row][0]))
        if self._wanted is not None:
            self._names.update(dict.fromkeys(name for _, row in part for name in row))
        block = Block(self.first, batch, lines, not_text)
        self.first += len(part)
        return block

    def quick(self, rows: pa.RecordBatch, lines: NDArray[np.int64] | None) -> Block | None:
        """Rows that Arrow read, and their lines; None if their kinds are not those before."""
        found = self._columns.quick(rows)
        if found is None:
            return None
        if self._wanted is not None:
            self._names.update(dict.fromkeys(rows.schema.names))
        block = Block(self.first, found[0], lines, found[1])
        self.first += rows.num_rows
        return block

    def end(self) -> None:
        """Note the columns that were wanted and that no object had."""
        for column in self._wanted or ():
            if self._names and column not in self._names:
                self._note(absent(column, map(_safe, self._names)))


class _Columns:
    """The columns of a file's objects so far: the kind of each is that of its first cell that is not null."""

    def __init__(self, wanted: Sequence[str] | None) -> None:
        self.wanted = wanted
        self._kinds: dict[str, str] = {}

    def batch(self, rows: Sequence[dict[str, Any]]) -> tuple[pa.RecordBatch, NotText, dict[str, tuple[int, str]]]:
        """Consecutive objects as a batch.

        Returns:
            The batch; by column, its first row whose cell is no text, and what it is; and by column that is of several
            kinds, the first row of another kind than the column's, and all kinds. Such cells are given as their JSON.
        """
        names = self.wanted
        if names is None:
            names = list(dict.fromkeys([*self._kinds, *(name for row in rows for name in row)]))
            if len(names) > bounds().columns:
                msg = "it has"
                raise TooLarge(msg, "columns")
        not_text: NotText = {}
        mixed: dict[str, tuple[int, str]] = {}
        columns = [self._column([row.get(name) for row in rows], name, not_text, mixed) for name in names]
        if not names:  # empty objects only; a batch without columns would have no rows
            columns, names = [pa.nulls(len(rows))], [""]
        return pa.RecordBatch.from_arrays(columns, names=[_safe(name) for name in names]), not_text, mixed

    def quick(self, rows: pa.RecordBatch) -> tuple[pa.RecordBatch, NotText] | None:
        """As `batch`, of columns that Arrow read; None if one is of another kind than it was."""
        kinds = {name: FLAT.get(rows.schema.field(name).type, "list") for name in rows.schema.names}
        if any(self._kinds.get(name, kind) not in (kind, "null") and kind != "null" for name, kind in kinds.items()):
            return None
        for name, kind in kinds.items():
            if self.wanted is None or name in self.wanted:
                self._kinds[name] = kind if self._kinds.get(name, "null") == "null" else self._kinds[name]
        not_text: NotText = {}
        columns = []
        names = list(self._kinds) if self.wanted is None else [*self.wanted]
        for name in names:
            kind = self._kinds.setdefault(name, "null")
            if name in kinds and kinds[name] != "null":
                column = rows.column(name)
                columns.append(column)
                if kind != "text":
                    said = "float" if pa.types.is_floating(column.type) else TYPES[kind]
                    not_text[name] = pc.index(column.is_valid(), True).as_py(), said
            else:
                columns.append(pa.nulls(rows.num_rows, NULLS.get(kind, pa.large_string())))
        return pa.RecordBatch.from_arrays(columns, names=[_safe(name) for name in names]), not_text

    def _column(self, cells: list[Any], name: str, not_text: NotText, mixed: dict[str, tuple[int, str]]) -> pa.Array:
        seen = {type(cell) for cell in cells} - {type(None)}
        here = {_KINDS.get(each, "object") for each in seen}
        kind = self._kinds.setdefault(name, "null")
        if kind == "null" and here:
            first_cell = next(cell for cell in cells if cell is not None)
            kind = self._kinds[name] = _KINDS.get(type(first_cell), "object")
        if seen - {str}:
            row = next(row for row, cell in enumerate(cells) if cell is not None and not isinstance(cell, str))
            not_text[_safe(name)] = row, type(cells[row]).__name__
        if here - {kind}:
            row = next(row for row, cell in enumerate(cells) if cell is not None and name_of(cell) != kind)
            mixed[_safe(name)] = row, " and ".join(sorted({kind, *here}))
            kind = "mixed"
        try:
            if kind == "text":
                return pa.array(cells, pa.large_string())
            if kind == "true/false":
                return pa.array(cells, pa.bool_())
            if kind == "number":
                return pa.array(cells, pa.float64() if float in seen else pa.int64())
            if kind == "null":
                return pa.nulls(len(cells))
        except UnicodeError:
            row = next(row for row, cell in enumerate(cells) if cell and _LONE.search(cell))
            not_text[_safe(name)] = row, "half a surrogate pair"
        except (pa.ArrowException, OverflowError, ValueError):
            pass  # a number beyond 64 bits: shown as the JSON it is
        return pa.array([None if cell is None else _text(cell) for cell in cells], pa.large_string())


def name_of(cell: object) -> str:
    """What JSON calls a value."""
    return "null" if cell is None else _KINDS.get(type(cell), "object")


def _text(cell: object) -> str:
    """A cell as text: lone surrogates, which no UTF-8 has, become the replacement character."""
    text = cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=True)
    return _safe(text)


def _safe(text: str) -> str:
    """A text that UTF-8 can hold."""
    return text if text.isascii() else _LONE.sub("\ufffd", text)

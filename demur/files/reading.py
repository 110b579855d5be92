"""Anybody's files as Arrow batches, as they are: nothing is repaired, what cannot be read is told.

A reader gives batches of at most `ROWS` rows and notes faults beside them. Cells of one column that are of different
kinds in JSON become their JSON text, and the column is noted as mixed; nested cells become JSON text too.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 1 << 13
"""Rows of a batch, at most; of Parquet, whose rows need less room while they are read, four times as many."""

_BYTES = 1 << 23  # of a batch of Parquet, about; at least one row

SUFFIXES = (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt")
FaultKind = Literal["unreadable", "encoding", "mixed"]


@dataclass(frozen=True)
class Fault:
    """Something that a reader stumbled on.

    Attributes:
        row: the row it concerns; None for the file.
        column: for "mixed": which column; the message then says the kinds.
    """

    kind: FaultKind
    message: str
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True)
class Block:
    """Consecutive rows of a file; ``numbers`` are their 0-based row numbers."""

    first: int
    rows: pa.RecordBatch


Note = Callable[[Fault], None]


def kind_of(path: Path) -> str | None:
    """The format by the name's ending, ``.gz`` left out; None for other files.

    Example:
        >>> kind_of(Path("a/test.jsonl.gz")), kind_of(Path("README.md"))
        ('.jsonl', None)
    """
    name = path.name.lower().removesuffix(".gz")
    return next((suffix for suffix in SUFFIXES if name.endswith(suffix)), None)


def read_blocks(path: Path, note: Note) -> Iterator[Block]:
    """The rows of a file, in batches; what cannot be read is noted, and reading ends there."""
    readers = {".parquet": _parquet, ".csv": _csv, ".tsv": _csv, ".json": _json, ".txt": _lines}
    try:
        yield from readers.get(kind_of(path) or "", _jsonl)(path, note)
    except UnicodeError:
        note(Fault("encoding", "is not UTF-8"))
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        note(Fault("unreadable", f"cannot be read: {reason}"))
    except (pa.ArrowException, csv.Error, ValueError, RecursionError, MemoryError, OverflowError) as error:
        note(Fault("unreadable", f"cannot be read: {type(error).__name__}"))


def _open(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")  # type: ignore[return-value]


def _parquet(path: Path, note: Note) -> Iterator[Block]:
    with pq.ParquetFile(path, memory_map=False, buffer_size=1 << 20, pre_buffer=False) as file:
        names = file.schema_arrow.names
        if len(set(names)) < len(names):
            note(Fault("unreadable", "a column name stands twice"))
            return
        whole = sum(file.metadata.row_group(group).total_byte_size for group in range(file.num_row_groups))
        rows = max(1, min(4 * ROWS, _BYTES * file.metadata.num_rows // max(1, whole)))
        first = 0
        for batch in _ahead(map(_validated, file.iter_batches(rows))):
            yield Block(first, batch)
            first += batch.num_rows


def _validated(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch, if its strings are UTF-8, which nothing in Parquet guarantees."""
    batch.validate(full=True)
    return batch


def _ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches; while one is judged, a thread reads the next."""
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = thread.submit(next, batches, None)
            yield batch


def _csv(path: Path, note: Note) -> Iterator[Block]:
    csv.field_size_limit(sys.maxsize)
    separator = "\t" if kind_of(path) == ".tsv" else ","
    with io.TextIOWrapper(_open(path), encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines, delimiter=separator, strict=True)
        names = next(rows, [])
        if len(set(names)) < len(names):
            note(Fault("unreadable", "a column name stands twice in the header"))
            return

        def cells() -> Iterator[list[str]]:
            number = 0
            try:
                for row in rows:
                    if not row:
                        continue
                    if len(row) != len(names):
                        note(Fault("unreadable", f"has {len(row)} cells, the header {len(names)}", number))
                    yield [*row, *[""] * len(names)][: len(names)]
                    number += 1
            except csv.Error:
                note(Fault("unreadable", "a quoted cell is broken, so the rest cannot be read", number))

        first, source = 0, cells()
        while part := list(islice(source, ROWS)):
            columns = [pa.array(column, pa.large_string()) for column in zip(*part, strict=True)]
            yield Block(first, pa.RecordBatch.from_arrays(columns, names=names))
            first += len(part)


def _lines(path: Path, note: Note) -> Iterator[Block]:
    with io.TextIOWrapper(_open(path), encoding="utf-8-sig") as lines:
        texts = (text for line in lines if (text := line.rstrip("\n")))
        first = 0
        while part := list(islice(texts, ROWS)):
            yield Block(first, pa.RecordBatch.from_arrays([pa.array(part, pa.large_string())], names=["value"]))
            first += len(part)


def _jsonl(path: Path, note: Note) -> Iterator[Block]:
    def rows() -> Iterator[dict[str, Any]]:
        number = 0
        with io.TextIOWrapper(_open(path), encoding="utf-8-sig") as lines:
            for line in lines:
                if line.strip():
                    yield _object(line, number, note)
                    number += 1

    yield from _objects(rows(), note)


def _object(line: str, number: int, note: Note) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        note(Fault("unreadable", "is no JSON", number))
        return {}
    if isinstance(row, dict):
        return row
    note(Fault("unreadable", f"is a JSON {_name(row)}, not an object", number))
    return {}


def _json(path: Path, note: Note) -> Iterator[Block]:
    """A list of objects or of texts; JSON Lines under the wrong name are read as what they are."""
    with _open(path) as file:
        text = file.read().decode("utf-8-sig")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text.lstrip().startswith("{"):
            yield from _jsonl(path, note)
            return
        note(Fault("unreadable", f"is no JSON from line {error.lineno}, column {error.colno} on"))
        return
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
        document = lists[0] if len(lists) == 1 else [document]
    if not isinstance(document, list):
        note(Fault("unreadable", f"is a JSON {_name(document)}, not a list of rows"))
        return

    def rows() -> Iterator[dict[str, Any]]:
        for number, row in enumerate(document):
            if isinstance(row, str):
                yield {"value": row}
            elif isinstance(row, dict):
                yield row
            else:
                note(Fault("unreadable", f"is a JSON {_name(row)}, not an object", number))
                yield {}

    yield from _objects(rows(), note)


def _objects(rows: Iterator[dict[str, Any]], note: Note) -> Iterator[Block]:
    """Objects as batches; a column has one type in the whole file, the one of its first cell that is not null."""
    first, kinds = 0, dict[str, str]()
    while part := list(islice(rows, ROWS)):
        names = dict.fromkeys([*kinds, *(name for row in part for name in row)])
        columns = [_column([row.get(name) for row in part], name, kinds, first, note) for name in names]
        if not names:  # empty objects only; a batch without columns would have no rows
            columns, names = [pa.nulls(len(part))], {"": None}
        yield Block(first, pa.RecordBatch.from_arrays(columns, names=[_safe(name) for name in names]))
        first += len(part)


def _column(cells: list[Any], name: str, kinds: dict[str, str], first: int, note: Note) -> pa.Array:
    """One column of a batch; a cell of another kind than the column's is noted, once a batch, and becomes its JSON."""
    seen = {type(cell) for cell in cells} - {type(None)}
    here = {_KINDS.get(each, "object") for each in seen}
    kind = kinds.setdefault(name, "null")
    if kind == "null" and here:
        first_cell = next(cell for cell in cells if cell is not None)
        kind = kinds[name] = _KINDS.get(type(first_cell), "object")
    if here - {kind}:
        row = next(row for row, cell in enumerate(cells) if cell is not None and _name(cell) != kind)
        note(Fault("mixed", f"holds {' and '.join(sorted({kind, *here}))}", first + row, _safe(name)))
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
    except (UnicodeError, pa.ArrowException, OverflowError, ValueError):
        pass  # half a surrogate pair, or a number beyond 64 bits: shown as the JSON it is
    return pa.array([None if cell is None else _text(cell) for cell in cells], pa.large_string())


_LONE = re.compile("[\ud800-\udfff]")
_KINDS = {str: "text", bool: "true/false", int: "number", float: "number", list: "list", dict: "object"}


def _name(cell: object) -> str:
    return "null" if cell is None else _KINDS.get(type(cell), "object")


def _text(cell: object) -> str:
    """A cell as text: lone surrogates, which no UTF-8 has, become the replacement character."""
    text = cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=True)
    return _safe(text)


def _safe(text: str) -> str:
    return text if text.isascii() else _LONE.sub("\ufffd", text)

"""The one reader of anybody's files: Arrow batches of their rows as they are, with the lines on which rows stand.

Nothing is repaired, and what cannot be read is told. A reader gives batches of at most `ROWS` rows and notes faults
beside them. Cells of one column that are of different kinds in JSON become their JSON text, and the column is noted as
mixed; nested cells become JSON text too.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from demur.errors import DemurError
from demur.files._block import ROWS, Block, Fault, Names, Note, has_columns, numbers, parts
from demur.files._json import no_json, read_json, read_jsonl
from demur.files._xlsx import read_xlsx
from demur.files.header import header, separator
from demur.files.packed import TooLarge, is_packed, open_file, read_whole, unpacked_name
from demur.files.syntax import Broken, csv_records, parse_json

_BYTES = 1 << 23  # of a batch of Parquet, about; at least one row

SUFFIXES = (".parquet", ".arrow", ".feather", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx", ".txt")


def kind_of(path: Path) -> str | None:
    """The format by the name's ending, ``.gz`` or ``.zst`` left out; None for other files.

    Example:
        >>> kind_of(Path("a/test.jsonl.gz")), kind_of(Path("README.md"))
        ('.jsonl', None)
    """
    name = unpacked_name(path.name)
    return next((suffix for suffix in SUFFIXES if name.endswith(suffix)), None)


def read_blocks(
    path: Path, note: Note, columns: Names = None, kind: str | None = None, *, turns: bool = False
) -> Iterator[Block]:
    """The rows of a file, in batches; what cannot be read is noted, and reading ends there.

    Args:
        path: the file.
        note: gets every fault, as a rule before the rows that it concerns.
        columns: those to read, by default all. One that the file lacks is noted; of JSON, at the end.
        kind: the format, one of `SUFFIXES`; by default as the name says, and JSON Lines where it says nothing.
        turns: whether lists of turns may stay lists where they are plain; else JSON's nested cells are JSON texts.
    """
    readers = {
        ".parquet": _parquet,
        ".arrow": _arrow,
        ".feather": _arrow,
        ".csv": _csv,
        ".tsv": _csv,
        ".xlsx": read_xlsx,
        ".json": read_json,
        ".txt": _lines,
    }
    packed = is_packed(path.name)

    def told(fault: Fault) -> None:
        note(replace(fault, line=None) if packed else fault)

    with _noting(note):
        for block in readers.get(kind or kind_of(path) or "", partial(read_jsonl, turns=turns))(path, told, columns):
            yield replace(block, lines=None) if packed else block


def read_document(path: Path, note: Note) -> Any:
    """The value of a JSON file; None if it cannot be read, which is noted."""
    with _noting(note):
        try:
            return parse_json(read_whole(path).decode("utf-8-sig"))
        except Broken as error:
            if error.line is None:
                raise
            note(no_json(error))
    return None


@contextmanager
def _noting(note: Note) -> Iterator[None]:
    """Whatever ends a reading is a fault of the file."""
    try:
        yield
    except DemurError:  # what is missing here is no fault of the file
        raise
    except UnicodeError:
        note(Fault("encoding", "is not UTF-8"))
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        note(Fault("unreadable", f"cannot be read: {reason}", got=type(error).__name__))
    except (Broken, TooLarge) as error:
        note(Fault("unreadable", f"cannot be read: {error}", got=str(error)))
    except (pa.ArrowException, ValueError, RecursionError, MemoryError, OverflowError) as error:
        note(Fault("unreadable", f"cannot be read: {type(error).__name__}", got=type(error).__name__))


def parquet_batches(
    file: pq.ParquetFile, rows: int, columns: Names = None, groups: Sequence[int] | None = None, threads: bool = True
) -> Iterator[pa.RecordBatch]:
    """Batches of at most so many rows of a Parquet file, or of some of its row groups.

    Raises:
        pa.ArrowInvalid: a string that is not UTF-8, which nothing in Parquet rules out.
    """
    for batch in file.iter_batches(rows, row_groups=groups, columns=columns, use_threads=threads):
        batch.validate(full=True)
        yield batch if columns is None else batch.select(columns)


def _parquet(path: Path, note: Note, columns: Names) -> Iterator[Block]:
    with pq.ParquetFile(path, memory_map=False, buffer_size=1 << 20, pre_buffer=False) as file:
        if not has_columns(file.schema_arrow.names, columns, note, "a column name stands twice"):
            return
        groups = [file.metadata.row_group(group) for group in range(file.num_row_groups)]
        whole = sum(
            chunk.total_uncompressed_size
            for group in groups
            for chunk in map(group.column, range(group.num_columns))
            if columns is None or chunk.path_in_schema.partition(".")[0] in columns
        )
        rows = max(1, min(4 * ROWS, _BYTES * file.metadata.num_rows // max(1, whole)))
        first = 0
        for batch in _ahead(parquet_batches(file, rows, columns)):
            yield Block(first, batch)
            first += batch.num_rows


def _arrow(path: Path, note: Note, columns: Names) -> Iterator[Block]:
    """Arrow's own files, and its streams, as `datasets` saves them."""
    with pa.memory_map(str(path)) as source:
        begins = source.read(6)
        source.seek(0)
        if begins == b"ARROW1":
            file = pa.ipc.open_file(source)
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
        else:
            file = pa.ipc.open_stream(source)
            batches = iter(file)
        if not has_columns(file.schema.names, columns, note, "a column name stands twice"):
            return
        first = 0
        for whole in batches:
            whole.validate(full=True)
            for start in range(0, whole.num_rows, 4 * ROWS):
                batch = whole.slice(start, 4 * ROWS)
                yield Block(first, batch if columns is None else batch.select(columns))
                first += batch.num_rows


def _ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches; while one is judged, a thread reads the next."""
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = thread.submit(next, batches, None)
            yield batch


def _csv(path: Path, note: Note, columns: Names) -> Iterator[Block]:
    broken = "a quoted cell is broken, so the rest cannot be read"
    with io.TextIOWrapper(open_file(path), encoding="utf-8-sig", newline="") as lines:
        head = lines.readline()
        records = csv_records(chain([head], lines), "\t" if kind_of(path) == ".tsv" else separator(head))
        try:
            begins, names = next(records, (0, []))
        except Broken as error:
            note(Fault("unreadable", broken, line=error.line, got="a broken row"))
            return
        begun = [(begins, names)]
        names, is_row = header(names, columns, note, begins)
        if not has_columns(names, columns, note, "a column name stands twice in the header"):
            return
        places = range(len(names)) if columns is None else [names.index(column) for column in columns]

        def rows() -> Iterator[tuple[int, Sequence[str | None]]]:
            number = 0
            try:
                for line, cells in chain(begun if is_row else (), records):
                    if len(cells) == len(names):
                        yield line, cells
                    else:
                        message = f"has {len(cells)} cells, the header {len(names)}"
                        note(Fault("ragged", message, number, line=line))
                        yield line, [*cells, *[None] * len(names)]
                    number += 1
            except Broken as error:
                note(Fault("unreadable", broken, number, line=error.line, got="a broken row"))

        first, source = 0, rows()
        for part in parts(source):
            cells = [pa.array([row[place] for _, row in part], pa.large_string()) for place in places]
            batch = pa.RecordBatch.from_arrays(cells, names=[names[place] for place in places])
            yield Block(first, batch, numbers(line for line, _ in part))
            first += len(part)


def _lines(path: Path, note: Note, columns: Names) -> Iterator[Block]:
    if not has_columns(["value"], columns, note, ""):
        return
    with io.TextIOWrapper(open_file(path), encoding="utf-8-sig") as lines:
        texts = ((number, text) for number, line in enumerate(lines, 1) if (text := line.rstrip("\n")))
        first = 0
        for part in parts(texts):
            batch = pa.record_batch({"value": pa.array([text for _, text in part], pa.large_string())})
            yield Block(first, batch, numbers(number for number, _ in part))
            first += len(part)


__all__ = ["SUFFIXES", "Block", "Fault", "kind_of", "parquet_batches", "read_blocks", "read_document"]

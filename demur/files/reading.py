"""The one reader of anybody's files: Arrow batches of their rows as they are, with the lines on which rows stand.

Nothing is repaired, and what cannot be read is told. A reader gives batches of at most `ROWS` rows and notes faults
beside them. Cells of one column that are of different kinds in JSON become their JSON text, and the column is noted as
mixed; nested cells become JSON text too. How much is read is bounded (`demur.files.bounds`).
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from errno import EINVAL
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from demur.errors import DemurError
from demur.files._arrow import bounded_table, cut, held, parquet_batches, read_arrow, read_parquet, usual
from demur.files._block import Block, Fault, Names, Note, has_columns, numbers, parts
from demur.files._flat import Quick
from demur.files._json import no_json, read_json, read_jsonl
from demur.files._lines import bounded_lines
from demur.files._xlsx import read_xlsx
from demur.files.bounds import TooLarge, bounds, is_regular
from demur.files.header import header, separator
from demur.files.packed import is_packed, open_file, read_whole, unpacked_name
from demur.files.parquet import is_text
from demur.files.syntax import Broken, csv_records, parse_json

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
    path: Path,
    note: Note,
    columns: Names = None,
    kind: str | None = None,
    *,
    turns: bool = False,
    quick: Quick | None = None,
) -> Iterator[Block]:
    """The rows of a file, in batches; what cannot be read is noted, and reading ends there.

    Args:
        path: the file.
        note: gets every fault, as a rule before the rows that it concerns.
        columns: those to read, by default all. One that the file lacks is noted; of JSON, at the end.
        kind: the format, one of `SUFFIXES`; by default as the name says, and JSON Lines where it says nothing.
        turns: whether lists of turns may stay lists where they are plain; else JSON's nested cells are JSON texts.
        quick: reads plain JSON Lines, the same as is read without it.
    """
    readers: dict[str, Callable[[Path, Note, Names], Iterator[Block]]] = {
        ".parquet": read_parquet,
        ".arrow": read_arrow,
        ".feather": read_arrow,
        ".csv": _csv,
        ".tsv": _csv,
        ".xlsx": read_xlsx,
        ".json": partial(read_json, turns=turns, quick=quick),
        ".txt": _lines,
    }
    packed = is_packed(path.name)

    def told(fault: Fault) -> None:
        note(replace(fault, line=None) if packed else fault)

    count = 0
    size = path.stat().st_size if is_regular(path) else 0
    room = _Room(size)

    def counted(fault: Fault) -> None:
        nonlocal count
        count += 1
        if count > bounds().faults:
            msg = "it has"
            raise TooLarge(msg, "faults")
        told(fault)

    with noting(told):
        if path.exists() and not is_regular(path):
            raise OSError(EINVAL, "it is no regular file")
        lines = partial(read_jsonl, turns=turns, quick=quick)
        for block in readers.get(kind or kind_of(path) or "", lines)(path, counted, columns):
            room.take(block)
            yield replace(block, lines=None) if packed else block


def size_of(rows: pa.RecordBatch) -> int:
    """Bytes of some rows, once every text stands where it is said."""
    return sum(map(held, rows.columns))


class _Room:
    """What a file of so many bytes may still give."""

    def __init__(self, size: int) -> None:
        self.cells, self.held = bounds().cells_of(size), bounds().unpacked_of(size)
        self._size = size

    def take(self, block: Block) -> None:
        """Count some rows.

        Raises:
            TooLarge: they are too many, or hold too much, or a text in them is too long.
        """
        rows, what = block.rows, "it has"
        if block.first + rows.num_rows > (most := bounds().rows_of(self._size)):
            raise TooLarge(what, "rows", most)
        self.cells -= rows.num_rows * rows.num_columns
        if self.cells < 0:
            raise TooLarge(what, "cells", bounds().cells_of(self._size))
        self.held -= size_of(rows)
        if self.held < 0:
            what = "it unpacks to"
            raise TooLarge(what, "unpacked", bounds().unpacked_of(self._size))
        for column in rows.columns:
            longest = pc.max(pc.binary_length(column)).as_py() if is_text(column.type) else 0
            if (longest or 0) > bounds().cell:
                what = f"a cell near row {block.first} has"
                raise TooLarge(what, "cell")


def read_document(path: Path, note: Note) -> Any:
    """The value of a JSON file; None if it cannot be read, which is noted."""
    with noting(note):
        try:
            return parse_json(read_whole(path).decode("utf-8-sig"))
        except Broken as error:
            if error.line is None:
                raise
            note(no_json(error))
    return None


@contextmanager
def noting(note: Note) -> Iterator[None]:
    """Whatever ends a reading is a fault of the file."""
    try:
        yield
    except DemurError:  # what is missing here is no fault of the file
        raise
    except UnicodeError:
        note(Fault("encoding", "is not UTF-8"))
    except (OSError, EOFError, zlib.error) as error:
        note(Fault("unreadable", f"cannot be read: {why(error)}", got=type(error).__name__))
    except (Broken, TooLarge) as error:
        note(Fault("unreadable", f"cannot be read: {error}", got=str(error)))
    except (pa.ArrowException, ValueError, RecursionError, MemoryError, OverflowError) as error:
        note(Fault("unreadable", f"cannot be read: {why(error)}", got=type(error).__name__))


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (pa.ArrowNotImplementedError, "it holds a type of values that is not read"),
    (pa.ArrowInvalid, "it is broken, or is of another format than its name says"),
    (gzip.BadGzipFile, "it is not packed as its name says"),
    (EOFError, "it ends too early"),
    (OSError, "it is broken, or packed in a way that is not read"),
    (RecursionError, "it is nested too deeply"),
    (MemoryError, "it takes more memory than there is"),
    (OverflowError, "a value in it is out of range"),
)


def why(error: BaseException) -> str:
    """What an error means for a file, in words; else its kind.

    Example:
        >>> why(EOFError()), why(PermissionError(13, "Permission denied"))
        ('it ends too early', 'Permission denied')
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return next((said for kind, said in _REASONS if isinstance(error, kind)), type(error).__name__)


def _csv(path: Path, note: Note, columns: Names) -> Iterator[Block]:
    broken = "a quoted cell is broken, so the rest cannot be read"
    with io.TextIOWrapper(open_file(path), encoding="utf-8-sig", newline="") as lines:
        every = bounded_lines(lines)
        head = next(every, "")
        records = csv_records(chain([head], every), "\t" if kind_of(path) == ".tsv" else separator(head))
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
        for part in parts(source, lambda row: sum(len(cell or "") + 8 for cell in row[1])):
            cells = [pa.array([row[place] for _, row in part], pa.large_string()) for place in places]
            batch = pa.RecordBatch.from_arrays(cells, names=[names[place] for place in places])
            yield Block(first, batch, numbers(line for line, _ in part))
            first += len(part)


def _lines(path: Path, note: Note, columns: Names) -> Iterator[Block]:
    if not has_columns(["value"], columns, note, ""):
        return
    with io.TextIOWrapper(open_file(path), encoding="utf-8-sig") as lines:
        every = enumerate(bounded_lines(lines), 1)
        texts = ((number, text) for number, line in every if (text := line.rstrip("\n")))
        first = 0
        for part in parts(texts, lambda row: len(row[1])):
            batch = pa.record_batch({"value": pa.array([text for _, text in part], pa.large_string())})
            yield Block(first, batch, numbers(number for number, _ in part))
            first += len(part)


__all__ = [
    "SUFFIXES",
    "Block",
    "Fault",
    "Quick",
    "bounded_table",
    "cut",
    "kind_of",
    "noting",
    "parquet_batches",
    "read_blocks",
    "read_document",
    "size_of",
    "usual",
    "why",
]

"""Files that have to be what somebody says they are: the first fault of the reader is an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from demur.errors import FormatError, UsageError, shown
from demur.files.parquet import is_text
from demur.files.reading import Fault, kind_of, read_blocks

_EXPECTED = {".parquet": "a Parquet file", ".jsonl": "a JSON object a line", ".csv": "CSV"}


def read_column(path: Path, column: str) -> Iterator[pa.Array]:
    """The column of a Parquet, JSON Lines or CSV file, in batches of strings; missing cells are null.

    Raises:
        FormatError: the file cannot be read, or a cell of the column is neither text nor missing.
        UsageError: another kind of file, or no such column.
    """
    if path.suffix not in _EXPECTED:
        msg = "Unknown kind of file"
        raise UsageError(msg, where=path, expected=", ".join(_EXPECTED), got=path.suffix or "no ending")
    faults: list[Fault] = []
    for block in read_blocks(path, faults.append, (column,)):
        cells = block.rows.column(0)
        if column in block.not_text:
            row, got = block.not_text[column]
            line = None if block.lines is None else int(block.lines[row])
            faults.append(Fault("mixed", "", block.first + row, column, line, got))
        elif path.suffix == ".parquet" and not is_text(cells.type):
            raise _unreadable(path, "a column of strings", cells.type)
        refuse(path, path, (column,), faults)
        yield cells
    refuse(path, path, (column,), faults)


def read_table(path: Path) -> pa.Table:
    """All rows of a Parquet file.

    Raises:
        FormatError: the file cannot be read.
    """
    faults: list[Fault] = []
    batches = [block.rows for block in read_blocks(path, faults.append, kind=".parquet")]
    for fault in faults:
        raise _unreadable(path, _EXPECTED[".parquet"], fault.got)
    return pa.Table.from_batches(batches, batches[0].schema if batches else pq.read_schema(path))


def refuse(where: str | Path, path: Path, columns: Sequence[str], faults: Sequence[Fault]) -> None:
    """Raise the first fault in the file, if there is one; a row of CSV that is too short lacks its last cells.

    Args:
        where: what the file is called.
        path: of the file.
        columns: those that are read; of a mixed one, only a fault that says what it got counts.
        faults: in any order.

    Raises:
        FormatError: the file cannot be read.
        UsageError: it lacks a column.
    """
    grave = (
        fault
        for fault in faults
        if fault.kind not in ("ragged", "header", "doubled")
        and (fault.kind != "mixed" or (fault.got and fault.column in columns))
    )
    for fault in sorted(grave, key=lambda fault: (fault.row is None, fault.row or 0)):
        if fault.kind == "absent":
            msg = "No such column"
            raise UsageError(msg, where=where, got=shown(fault.column), fix=fault.message)
        if fault.kind == "encoding":
            raise _unreadable(where, "UTF-8", "other bytes")
        kind = kind_of(path) or ".jsonl"
        mixed = f"text or null in {shown(fault.column)}"
        raise _unreadable(where, mixed if fault.kind == "mixed" else _EXPECTED.get(kind, kind), fault.got, fault.line)


def _unreadable(path: str | Path, expected: object, got: object, line: int | None = None) -> FormatError:
    where = path if line is None else f"{path}, line {line}"
    return FormatError("The file cannot be read", where=where, expected=expected, got=got)

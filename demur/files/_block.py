"""What a reader gives: consecutive rows of a file, and faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.errors import nearest, shown
from demur.files.bounds import TooLarge, bounds

ROWS = 1 << 14
"""Rows of a batch, at most; of Parquet, whose rows need less room while they are read, twice as many."""

FaultKind = Literal["unreadable", "ragged", "encoding", "mixed", "absent", "header", "doubled"]


@dataclass(frozen=True)
class Fault:
    """Something that a reader stumbled on.

    Attributes:
        kind: "ragged" is a row of CSV with other cells than the header; "absent" a column that was asked for; "header"
            a header that is a row of data, and is read as one; "doubled" an object of JSON that holds a key twice,
            of which the last one counts.
        row: the row it concerns; None for the file.
        column: for "mixed", "absent" and "doubled": which column; the message of the first two says the kinds, or
            names that are like it.
        line: of the file, from 1, where that is known.
        got: what was found, in a word or two.
    """

    kind: FaultKind
    message: str
    row: int | None = None
    column: str | None = None
    line: int | None = None
    got: str | None = None


@dataclass(frozen=True)
class Block:
    """Consecutive rows of a file.

    Attributes:
        first: 0-based number of the first row; headers and blank lines are no rows.
        rows: the rows.
        lines: the line of the file, from 1, on which each row begins. None where rows have none: in Parquet, in packed
            files, in JSON whose rows do not begin on lines of their own or stand inside an object.
        not_text: of JSON, by column: the first row here whose cell is neither text nor null, and what it is.
    """

    first: int
    rows: pa.RecordBatch
    lines: NDArray[np.int64] | None = None
    not_text: Mapping[str, tuple[int, str]] = field(default_factory=dict)


_Row = TypeVar("_Row")
Note: TypeAlias = Callable[[Fault], None]
Names: TypeAlias = Sequence[str] | None
"""Columns to read; None for all."""


def has_columns(names: Sequence[str], columns: Names, note: Note, twice: str) -> bool:
    """Whether a file has the columns that are wanted, each once; else that is noted."""
    if len(names) > bounds().columns:
        msg = "it has"
        raise TooLarge(msg, "columns")
    for column in columns or ():
        if column not in names:
            note(absent(column, names))
            return False
    if any(names.count(name) > 1 for name in set(names if columns is None else columns)):
        note(Fault("unreadable", twice, got=twice))
        return False
    return True


def absent(column: str, names: Iterable[str]) -> Fault:
    """The fault of a column that a file lacks."""
    known = [name for name in names if shown(name) == repr(name)]  # a file without a header has texts for names
    return Fault("absent", nearest(column, known), column=column)


def numbers(lines: Iterable[int]) -> NDArray[np.int64]:
    """Lines of rows as a block has them."""
    return np.fromiter(lines, np.int64)


def parts(rows: Iterator[_Row], size: Callable[[_Row], int]) -> Iterator[list[_Row]]:
    """Consecutive rows, as many at a time as a batch holds: by their number, and by the bytes of each."""
    part: list[_Row] = []
    held, most = 0, bounds().batch
    for row in rows:
        part.append(row)
        held += size(row)
        if len(part) == ROWS or held >= most:
            yield part
            part, held = [], 0
    if part:
        yield part

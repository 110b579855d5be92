"""Files in parts that may be read apart: runs of rows of a Parquet file, and any other file as a whole.

A part is read on whatever machine, from a path or from any URL that fsspec knows, in the batches in which `read_blocks`
gives these rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from errno import EINVAL
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from demur.files._arrow import ahead, batch_rows, cut, usual
from demur.files._block import Block, Fault, Note
from demur.files.bounds import TooLarge, is_regular
from demur.files.reading import kind_of, noting, read_blocks
from demur.files.remote import fetched, is_url

IDENTITY = ("size", "mtime", "LastModified", "last_modified", "updated", "created", "ETag", "etag", "checksum")
"""What file systems say of a file that another content changes."""


_PER_GROUP = 4  # parts of a row group, about: each unpacks what stands before it, too


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive rows of a file.

    Attributes:
        path: of the file, as every machine that reads it sees it; or a URL.
        first: number of the first row in the file.
        rows: how many; None for all rows of a file that is read as a whole.
        batch: rows of a batch.
    """

    path: str
    first: int = 0
    rows: int | None = None
    batch: int = 0


def spans_of(path: str, most: int) -> list[Span]:
    """A file in parts of about so many rows, whole batches each; in one where it is no Parquet, or cannot be read.

    Example:
        >>> place = str(getfixture("tmp_path") / "rows.parquet")
        >>> pq.write_table(pa.table({"text": ["a", "b", "c"] * 20_000}), place)
        >>> [(span.first, span.rows) for span in spans_of(place, 30_000)]
        [(0, 32768), (32768, 27232)]
    """
    if kind_of(Path(path)) != ".parquet":
        return [Span(path)]
    try:
        with opened(path) as (file, size):
            metadata = pq.read_metadata(file)
            file.seek(0)
            batch = batch_rows(file, metadata, size)
    except (pa.ArrowException, TooLarge, OSError, ValueError):
        return [Span(path)]  # whoever reads it tells what is wrong
    groups = [metadata.row_group(each).num_rows for each in range(metadata.num_row_groups)]
    most = max(most, max(groups, default=0) // _PER_GROUP)
    step = -(-most // batch) * batch
    edges = [*range(0, metadata.num_rows, step), metadata.num_rows]
    return [Span(path, one, two - one, batch) for one, two in pairwise(edges)] or [Span(path)]


def read_span(span: Span, note: Note, *, turns: bool = False) -> Iterator[Block]:
    """The rows of a part, numbered as in the file; what cannot be read is noted, and reading ends there."""
    if span.rows is None:
        with fetched([span.path]) as ((place,), _):
            yield from read_blocks(place, note, turns=turns)
        return
    with noting(note), opened(span.path) as (file, _), pq.ParquetFile(file, pre_buffer=False) as parquet:
        edges = [0, *accumulate(parquet.metadata.row_group(each).num_rows for each in range(parquet.num_row_groups))]
        last = span.first + span.rows
        groups = [each for each, (one, two) in enumerate(pairwise(edges)) if one < last and two > span.first]
        if not groups:
            return
        batches = ahead(parquet.iter_batches(span.batch, row_groups=groups))
        first = span.first
        for batch in _cut(batches, span.first - edges[groups[0]], span.rows, span.batch):
            batch.validate(full=True)  # only rows of this part: of those before it another one tells
            for part in cut(usual(batch)):
                yield Block(first, part)
                first += part.num_rows
        if first != last:
            note(Fault("unreadable", "cannot be read: it changed meanwhile", got="other rows than before"))


def _cut(batches: Iterator[pa.RecordBatch], skip: int, left: int, size: int) -> Iterator[pa.RecordBatch]:
    """So many rows after those to skip, in batches of one size."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        batch, skip = batch.slice(min(skip, batch.num_rows)), max(0, skip - batch.num_rows)
        batch = batch.slice(0, left)
        left -= batch.num_rows
        while batch.num_rows:
            some = batch.slice(0, size - count)
            held.append(some)
            count += some.num_rows
            batch = batch.slice(some.num_rows)
            if count == size:
                yield _one(held)
                held, count = [], 0
    if held:
        yield _one(held)


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


@contextmanager
def opened(path: str) -> Iterator[tuple[Any, int]]:
    """A file, open to be read at any place, and its size.

    Raises:
        OSError: it cannot be opened.
    """
    if not is_url(path):
        if not is_regular(Path(path)):
            raise OSError(EINVAL, "it is no regular file", path)
        with Path(path).open("rb") as file:
            yield file, Path(path).stat().st_size
        return
    from fsspec.core import url_to_fs

    fs, place = url_to_fs(path)
    with fs.open(place, "rb") as file:
        yield file, int(fs.info(place)["size"])


def identity(path: str) -> tuple[str, ...]:
    """What tells the content of a file, without reading it."""
    if not is_url(path):
        state = Path(path).stat()
        return path, str(state.st_size), str(state.st_mtime_ns)
    from fsspec.core import url_to_fs

    fs, place = url_to_fs(path)
    info = fs.info(place)
    return path, *(f"{name}={info[name]}" for name in IDENTITY if info.get(name) is not None)


def head(span: Span, note: Note, *, turns: bool = False) -> Block | None:
    """The first rows of a file, by its first part; None where there are none."""
    begun = span if span.rows is None else replace(span, rows=min(span.rows, span.batch))
    return next(iter(read_span(begun, note, turns=turns)), None)


__all__ = ["Span", "head", "identity", "opened", "read_span", "spans_of"]

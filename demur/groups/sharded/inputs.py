"""Parquet files as shards: runs of row groups, each read by one task; local paths or any fsspec URL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from demur.errors import FormatError, UsageError, nearest
from demur.files.parquet import is_text
from demur.files.reading import parquet_batches
from demur.groups.sharded.store import is_local

_IDENTITY = ("size", "mtime", "LastModified", "last_modified", "updated", "created", "ETag", "etag", "checksum")

_BUFFER = 1 << 22  # bytes of a column that are read at a time


@dataclass(frozen=True, slots=True)
class Shard:
    """Consecutive row groups of one file. `first` is the index of its first row among the rows of all files."""

    number: int
    path: str
    groups: tuple[int, ...]
    first: int
    rows: int


@dataclass(frozen=True, slots=True)
class Inputs:
    """All shards, what identifies the files' content, and the bytes of the text column when it is not compressed."""

    shards: tuple[Shard, ...]
    identity: tuple[tuple[str, ...], ...]
    text_bytes: int

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(shard.rows for shard in self.shards)


def plan(paths: Sequence[str], column: str, shard_rows: int) -> Inputs:
    """Cut files into shards of at most `shard_rows` rows, but at least one row group, reading only their footers.

    Args:
        paths: files, or folders whose ``*.parquet`` files are taken by name; their order is the order of the rows.
        column: the text column.
        shard_rows: at least 1. Shards do not span files, and a file without rows is a shard without rows.

    Raises:
        UsageError: no such file or column.
        FormatError: a file is not Parquet, or the column holds no text.
    """
    if shard_rows < 1:
        msg = "A shard needs rows"
        raise UsageError(msg, expected="--shard-rows of 1 or more", got=shard_rows)
    shards: list[Shard] = []
    identity = []
    first = text_bytes = 0
    for path, fs, local in _files(paths):
        info = fs.info(local)
        identity.append((path, *(f"{name}={info[name]}" for name in _IDENTITY if info.get(name) is not None)))
        metadata, at = _footer(path, fs, local, column)
        rows = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        text_bytes += sum(metadata.row_group(group).column(at).total_uncompressed_size for group in range(len(rows)))
        for groups in _runs(rows, shard_rows):
            count = sum(rows[group] for group in groups)
            shards.append(Shard(len(shards), path, groups, first, count))
            first += count
    return Inputs(tuple(shards), tuple(identity), text_bytes)


def read_rows(
    shard: Shard, column: str, rows: NDArray[np.int64] | None, most: int, threads: int | None = None
) -> Iterator[tuple[NDArray[np.int64], pa.LargeStringArray]]:
    """Some rows of a shard, or all, with their texts: at most so many at a time, and little else in memory.

    Args:
        shard: whose rows.
        column: the text column.
        rows: ascending, numbered among the rows of all files; row groups without any are not read.
        most: rows at a time.
        threads: 1 if no more may be used.
    """
    for parquet, first, group in _row_groups(shard):
        at, end = first, first + parquet.metadata.row_group(group).num_rows
        if rows is not None and np.searchsorted(rows, at) == np.searchsorted(rows, end):
            continue
        for batch in parquet_batches(parquet, most, [column], [group], threads != 1):
            texts = batch.column(0).cast(pa.large_string())
            numbers = np.arange(at, at + len(texts))
            at += len(texts)
            if rows is not None:
                numbers = rows[slice(*np.searchsorted(rows, [numbers[0], at]))]
                if not len(numbers):
                    continue
                texts = texts.take(pa.array(numbers - (at - len(texts))))
            yield numbers, texts


def _row_groups(shard: Shard) -> Iterator[tuple[pq.ParquetFile, int, int]]:
    """The open file, the first row, and the number of each row group of a shard."""
    from fsspec.core import url_to_fs

    fs, path = url_to_fs(shard.path)
    try:
        with fs.open(path, "rb") as file:
            parquet = pq.ParquetFile(file, buffer_size=_BUFFER)
            groups = [group for group in shard.groups if group < parquet.num_row_groups]
            rows = sum(parquet.metadata.row_group(group).num_rows for group in groups)
            if rows != shard.rows:
                msg = "An input file changed during the run"
                raise FormatError(msg, where=shard.path, expected=f"{shard.rows} rows", got=rows, fix="Run again.")
            first = shard.first
            for group in groups:
                yield parquet, first, group
                first += parquet.metadata.row_group(group).num_rows
    except pa.ArrowInvalid as error:
        msg = "An input file cannot be read"
        raise FormatError(msg, where=shard.path, expected="a Parquet file, its texts in UTF-8") from error
    except FileNotFoundError as error:
        msg = "An input file is gone, or a worker does not see it"
        raise UsageError(msg, where=shard.path, fix="Give a path or URL that all workers share.") from error


def _files(paths: Sequence[str]) -> Iterator[tuple[str, Any, str]]:
    """Each file as it is named, its file system, and its path there."""
    from fsspec.core import url_to_fs

    for path in paths:
        try:
            fs, local = url_to_fs(path)
        except (ImportError, ValueError) as error:
            msg = "No way to read such a URL"
            raise UsageError(msg, where=path, got=error, fix="Install the fsspec package for it.") from error
        if not fs.exists(local):
            msg = "No such file"
            raise UsageError(msg, where=path, fix=_near(fs, local))
        if not fs.isdir(local):
            yield _name(fs, local), fs, local
            continue
        found = sorted(name for name in fs.ls(local, detail=False) if name.endswith(".parquet"))
        if not found:
            msg = "The folder holds no Parquet files"
            raise UsageError(msg, where=path, expected="*.parquet")
        yield from ((_name(fs, each), fs, each) for each in found)


def _name(fs: Any, path: str) -> str:
    """What a worker can open: an absolute path here, or a URL."""
    return path if is_local(fs) else str(fs.unstrip_protocol(path))


def _near(fs: Any, path: str) -> str:
    folder, _, name = path.rpartition("/")
    if not fs.isdir(folder):
        return "Name Parquet files, or folders of them."
    return nearest(name, [other.rpartition("/")[2] for other in fs.ls(folder, detail=False)][:1000])


def _footer(path: str, fs: Any, local: str, column: str) -> tuple[pq.FileMetaData, int]:
    """A file's footer and the place of the column in it."""
    with fs.open(local, "rb") as file:
        try:
            parquet = pq.ParquetFile(file)
        except pa.ArrowInvalid as error:
            msg = "Not a Parquet file"
            fix = "Write it again, or leave it out."
            raise FormatError(msg, where=path, got=str(error).partition(". ")[0], fix=fix) from error
        schema = parquet.schema_arrow
        if column not in schema.names:
            msg = f"No column {column!r}"
            raise UsageError(msg, where=path, fix=nearest(column, schema.names))
        kind = schema.field(column).type
        text = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not is_text(text):
            msg = f"Column {column!r} holds no text"
            raise FormatError(msg, where=path, expected="strings", got=kind)
        leaves = [parquet.schema.column(at).path for at in range(len(parquet.schema))]
        return parquet.metadata, leaves.index(column)


def _runs(rows: Iterable[int], most: int) -> Iterator[tuple[int, ...]]:
    """Consecutive row groups with at most so many rows together, and at least one group; one empty run if none."""
    run: list[int] = []
    held = 0
    for group, count in enumerate(rows):
        if run and held + count > most:
            yield tuple(run)
            run, held = [], 0
        run.append(group)
        held += count
    yield tuple(run)

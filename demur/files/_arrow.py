"""Parquet and Arrow files in batches of bounded size, whatever their pages, dictionaries and buffers unpack to."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from errno import EINVAL
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from demur.files._block import ROWS, Block, Names, Note, has_columns
from demur.files.bounds import TooLarge, bounds, is_regular
from demur.files.syntax import Broken

_TWICE = "a column name stands twice"
_DENSE = 8  # times `Bounds.batch`, at most, that a batch of repeated texts may be where they are long


def parquet_batches(
    file: pq.ParquetFile, rows: int, columns: Names = None, groups: Sequence[int] | None = None, threads: bool = True
) -> Iterator[pa.RecordBatch]:
    """Batches of at most so many rows of a Parquet file, or of some of its row groups.

    Raises:
        pa.ArrowInvalid: a string that is not UTF-8, which nothing in Parquet rules out.
    """
    for batch in file.iter_batches(rows, row_groups=groups, columns=columns, use_threads=threads):
        batch.validate(full=True)
        yield usual(batch if columns is None else batch.select(columns))


def read_parquet(path: Path, note: Note, columns: Names) -> Iterator[Block]:
    """The rows of a Parquet file; a thread reads ahead.

    Raises:
        TooLarge: it unpacks to too much.
    """
    with pq.ParquetFile(path, memory_map=False, buffer_size=1 << 20, pre_buffer=False) as file:
        if not has_columns(file.schema_arrow.names, columns, note, _TWICE):
            return
        rows = batch_rows(path, file.metadata, path.stat().st_size, columns)
        first = 0
        for batch in ahead(parquet_batches(file, rows, columns)):
            for part in cut(batch):
                yield Block(first, part)
                first += part.num_rows


def batch_rows(source: Path | Any, metadata: pq.FileMetaData, size: int, columns: Names = None) -> int:
    """Rows of a batch of a Parquet file of so many bytes.

    Raises:
        TooLarge: it unpacks to too much.
    """
    whole = _whole(metadata, columns)
    if whole > (most := bounds().unpacked_of(size)):
        msg = "it unpacks to"
        raise TooLarge(msg, "unpacked", most)
    rows = max(1, min(2 * ROWS, bounds().batch * metadata.num_rows // max(1, whole)))
    return int(min(rows, max(1, _DENSE * bounds().batch // longest(source, metadata, columns))))


def _whole(metadata: pq.FileMetaData, columns: Names) -> int:
    """Bytes of the pages of some columns, as the file states them."""
    chunks = (
        metadata.row_group(group).column(place)
        for group in range(metadata.num_row_groups)
        for place in range(metadata.num_columns)
    )
    return sum(
        chunk.total_uncompressed_size
        for chunk in chunks
        if columns is None or chunk.path_in_schema.partition(".")[0] in columns
    )


def longest(path: Path | Any, metadata: pq.FileMetaData, columns: Names = None) -> int:
    """Bytes that a row may have, about, by the longest text of every dictionary; at least 1.

    A text of a dictionary stands once in the file, and as often as it is said in memory.
    """
    names = {
        chunk.path_in_schema
        for group in range(metadata.num_row_groups)
        for place in range(metadata.num_columns)
        if (chunk := metadata.row_group(group).column(place)).has_dictionary_page
        and chunk.physical_type == "BYTE_ARRAY"
        and (columns is None or chunk.path_in_schema.partition(".")[0] in columns)
    }
    found = 1
    if not names:
        return found
    tops = list(dict.fromkeys(name.partition(".")[0] for name in sorted(names)))
    with pq.ParquetFile(path, read_dictionary=sorted(names), pre_buffer=False, buffer_size=1 << 20) as file:
        for group in range(metadata.num_row_groups):
            for batch in file.iter_batches(1, row_groups=[group], columns=tops, use_threads=False):
                found = max(found, sum(_longest(column) for column in batch.columns))
                break
    return found


def _longest(array: pa.Array) -> int:
    """The longest text of the dictionaries of a column."""
    if pa.types.is_dictionary(array.type):
        lengths = pc.max(pc.binary_length(array.dictionary)) if _binary(array.dictionary.type) else None
        return (lengths.as_py() or 0) if lengths is not None else 0
    if pa.types.is_struct(array.type):
        return sum(map(_longest, (array.field(place) for place in range(array.type.num_fields))))
    return _longest(array.values) if _listed(array.type) else 0


def read_arrow(path: Path, note: Note, columns: Names) -> Iterator[Block]:
    """The rows of Arrow's own files, and of its streams, as `datasets` saves them.

    Raises:
        TooLarge: a batch unpacks to too much.
    """
    with pa.memory_map(str(path)) as source:
        begins = source.read(6)
        start = 8 if begins == b"ARROW1" else 0  # a file is a stream with a table of contents behind it
        source.seek(start)
        _look(source, bounds().unpacked_of(path.stat().st_size))
        source.seek(start)
        stream = pa.ipc.open_stream(source)
        if not has_columns(stream.schema.names, columns, note, _TWICE):
            return
        first = 0
        for whole in stream:
            whole.validate(full=True)
            kept = whole if columns is None else whole.select(columns)
            for start in range(0, kept.num_rows, 2 * ROWS):
                for batch in cut(usual(kept.slice(start, 2 * ROWS))):
                    yield Block(first, batch)
                    first += batch.num_rows


def _look(source: pa.NativeFile, most: int) -> None:
    """Look at the messages of a stream before anything is unpacked: packed buffers begin with their size."""
    size = 0
    for message in pa.ipc.MessageReader.open_stream(source):
        if message.type in ("record batch", "dictionary"):
            size += _unpacked(message.metadata.to_pybytes(), message.body, dictionary=message.type == "dictionary")
        if size > most:
            msg = "it unpacks to"
            raise TooLarge(msg, "unpacked", most)


def _unpacked(message: bytes, body: pa.Buffer, *, dictionary: bool) -> int:
    """Bytes of the packed buffers of a message, once unpacked. Source: Arrow's Message.fbs, in flatbuffers."""

    def place(table: int, number: int) -> int:
        """Where a field of a table stands; 0 if it does not."""
        slots = table - struct.unpack_from("<i", message, table)[0]
        slot = 4 + 2 * number
        offset = (
            struct.unpack_from("<H", message, slots + slot)[0]
            if slot < struct.unpack_from("<H", message, slots)[0]
            else 0
        )
        return table + offset if offset else 0

    def follow(at: int) -> int:
        return int(at + struct.unpack_from("<I", message, at)[0])

    try:
        header = follow(place(follow(0), 2))
        header = follow(place(header, 1)) if dictionary else header
        buffers = place(header, 2)
        if not place(header, 3) or not buffers or body is None:  # nothing is packed
            return 0
        vector = follow(buffers)
        size = 0
        for number in range(struct.unpack_from("<I", message, vector)[0]):
            offset, length = struct.unpack_from("<qq", message, vector + 4 + 16 * number)
            if length >= 8:
                size += max(0, struct.unpack("<q", body.slice(offset, 8).to_pybytes())[0])
        return size
    except (struct.error, pa.ArrowException, IndexError, ValueError) as error:
        msg = "a message of it is broken"
        raise Broken(msg) from error


def usual(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows without types that Arrow computes little with: views of texts and bytes, and half floats."""
    kinds = [_usual(kind) for kind in batch.schema.types]
    if kinds == batch.schema.types:
        return batch
    columns = [
        column if column.type == kind else _cast(column, kind) for column, kind in zip(batch, kinds, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _usual(kind: pa.DataType) -> pa.DataType:
    for odd, known in ((pa.string_view(), pa.large_string()), (pa.binary_view(), pa.large_binary())):
        if kind == odd:
            return known
    if kind == pa.float16():
        return pa.float32()
    if pa.types.is_list(kind):
        return pa.list_(_usual(kind.value_type))
    if pa.types.is_large_list(kind):
        return pa.large_list(_usual(kind.value_type))
    if pa.types.is_struct(kind):
        fields = [kind.field(place) for place in range(kind.num_fields)]
        return pa.struct([field.with_type(_usual(field.type)) for field in fields])
    return kind


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        return column.cast(kind)
    except pa.ArrowNotImplementedError:  # inside of what else
        return pa.array(column.to_pylist(), kind)


def cut(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The rows of a batch in parts that are not too large once every text stands where it is said.

    Raises:
        TooLarge: a row is.
    """
    most = bounds().batch
    size = sum(map(held, batch.columns))
    if size <= 4 * most or batch.num_rows == 1:
        if size > 4 * most and size > bounds().line:
            msg = "a row has"
            raise TooLarge(msg, "line")
        yield batch
        return
    half = batch.num_rows // 2
    yield from cut(batch.slice(0, half))
    yield from cut(batch.slice(half))


def held(array: pa.Array) -> int:
    """Bytes of a column once every text stands where it is said."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        values = array.dictionary
        lengths = pc.binary_length(values) if _binary(values.type) else None
        if lengths is None:
            return int(array.nbytes)
        return int(pc.sum(pc.cast(lengths, pa.int64()).take(array.indices)).as_py() or 0)
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        views = np.frombuffer(array.buffers()[1], np.int32)[4 * array.offset : 4 * (array.offset + len(array)) : 4]
        return int(views.astype(np.int64).sum()) + 16 * len(array)
    if pa.types.is_struct(kind):
        return sum(map(held, array.flatten()))
    if _listed(kind):
        return held(array.flatten()) + 8 * len(array)
    if pa.types.is_run_end_encoded(kind) or pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        msg = f"a column is of a type that is not read ({str(kind).partition('<')[0]})"
        raise Broken(msg)
    return int(array.nbytes)


def _binary(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )  # fmt: skip


def _listed(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches; while one is judged, a thread reads the next."""
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = thread.submit(next, batches, None)
            yield batch


def bounded_table(path: Path) -> pa.Table:
    """All rows of a Parquet file.

    Raises:
        TooLarge: it unpacks to too much, or to too many rows.
        ArrowException, OSError: it cannot be read.
    """
    if path.exists() and not is_regular(path):
        raise OSError(EINVAL, "it is no regular file", str(path))
    size = path.stat().st_size
    most, rows = bounds().unpacked_of(size), bounds().rows_of(size)
    metadata = pq.read_metadata(path)
    if _whole(metadata, None) > most or metadata.num_rows > rows:
        msg, name = ("it unpacks to", "unpacked") if metadata.num_rows <= rows else ("it has", "rows")
        raise TooLarge(msg, name, most if name == "unpacked" else rows)
    size_ = 0
    texts = [
        name for place in range(metadata.num_columns)
        if metadata.num_row_groups and (chunk := metadata.row_group(0).column(place)).physical_type == "BYTE_ARRAY"
        and (name := chunk.path_in_schema)
    ]  # fmt: skip
    if metadata.num_rows * longest(path, metadata) > most:  # perhaps: then it is looked at row by row
        with pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False) as file:
            for batch in file.iter_batches(ROWS, use_threads=False):
                size_ += sum(map(held, batch.columns))
                if size_ > most:
                    msg = "it unpacks to"
                    raise TooLarge(msg, "unpacked", most)
    with pq.ParquetFile(path) as file:  # pq.read_table imports pandas, and makes columns of folders' names
        table: pa.Table = file.read()
    return table

"""Parquet as Demur writes it: the same table gives the same bytes, shard by shard."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from demur.files._arrow import parquet_batches
from demur.files.chosen import chosen
from demur.files.scratch import Scratch

SHARD_ROWS = 250_000
WRITERS = 4
"""Shards that are written at a time."""
CANARY = "Evaluation data: do not train on this file."


def is_text(kind: pa.DataType) -> bool:
    """Whether the cells of a column are texts.

    Example:
        >>> is_text(pa.large_string()), is_text(pa.binary())
        (True, False)
    """
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def write_parquet(table: pa.Table, path: Path, canary: str | None = None) -> None:
    """Write one Parquet file: zstd, content-defined chunking, page index; the same table gives the same bytes.

    Args:
        table: the rows.
        path: the file; folders are made.
        canary: GUID of an evaluation set, kept in the file's metadata, never as a row.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if canary:
        table = table.replace_schema_metadata({"canary": canary_of(canary)})
    pq.write_table(
        table.combine_chunks(),
        path,
        compression="zstd",
        use_content_defined_chunking=True,
        write_page_index=True,
        row_group_size=SHARD_ROWS,
    )


def canary_of(guid: str) -> str:
    """The sentence that the files of an evaluation set carry."""
    return f"{CANARY} canary GUID {guid}"


def read_columns(path: Path, columns: list[str]) -> pa.Table:
    """Columns of one Parquet file, in less memory than `pyarrow.parquet.read_table`: no column is read ahead whole.

    Raises:
        pa.ArrowInvalid: no Parquet file, or a string that is not UTF-8.
    """
    with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
        return pa.Table.from_batches(list(parquet_batches(file, 1 << 16, columns)))


def write_shards(table: pa.Table, folder: Path, split: str, canary: str | None = None) -> dict[Path, pa.Table]:
    """Write one split as ``{split}-00000-of-0000N.parquet`` files of at most 250,000 rows; give each file's rows."""
    shards = {
        folder / name: table.slice(number * SHARD_ROWS, SHARD_ROWS)
        for number, name in enumerate(_names(split, table.num_rows))
    }
    with ThreadPoolExecutor(min(len(shards), WRITERS)) as pool:
        list(pool.map(lambda path: write_parquet(shards[path], path, canary), shards))
    return shards


def write_splits(table: pa.Table, codes: NDArray[np.int64], splits: Sequence[str], folder: Path) -> list[Path]:
    """Write every row to the shards of its split, as `write_shards` would, holding only the shards at hand.

    Args:
        table: n rows.
        codes: for every row, the number of its split.
        splits: names.
        folder: where the files go.
    """
    scratch = Scratch()

    def write(path: Path, first: int, last: int, code: int) -> None:
        write_parquet(chosen(table.slice(first, last - first), codes[first:last] == code, scratch), path)

    tasks = []
    for code, split in enumerate(splits):
        rows = np.flatnonzero(codes == code)
        cuts = [0, *rows[SHARD_ROWS::SHARD_ROWS].tolist(), len(codes)]
        tasks += [
            (folder / name, first, last, code)
            for name, (first, last) in zip(_names(split, len(rows)), pairwise(cuts), strict=True)
        ]
    with ThreadPoolExecutor(min(WRITERS, pa.cpu_count())) as pool:  # the longest first, so that all end together
        list(pool.map(lambda task: write(*task), sorted(tasks, key=lambda task: task[1] - task[2])))
    return [path for path, *_ in tasks]


def _names(split: str, rows: int) -> list[str]:
    """Names of the shards of so many rows; at least one."""
    count = max(1, -(-rows // SHARD_ROWS))
    return [f"{split}-{number:05d}-of-{count:05d}.parquet" for number in range(count)]

"""Parquet as Demur writes it: the same table gives the same bytes, shard by shard."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

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


def write_shards(table: pa.Table, folder: Path, split: str, canary: str | None = None) -> dict[Path, pa.Table]:
    """Write one split as ``{split}-00000-of-0000N.parquet`` files of at most 250,000 rows; give each file's rows."""
    count = max(1, -(-table.num_rows // SHARD_ROWS))
    shards = {
        folder / f"{split}-{number:05d}-of-{count:05d}.parquet": table.slice(number * SHARD_ROWS, SHARD_ROWS)
        for number in range(count)
    }
    with ThreadPoolExecutor(min(count, WRITERS)) as pool:
        list(pool.map(lambda path: write_parquet(shards[path], path, canary), shards))
    return shards

"""JSON Lines: what every program reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from demur.exports.export import Asked, Written, export, write_lines

if TYPE_CHECKING:
    import pyarrow as pa


@export("jsonl")
def jsonl(asked: Asked) -> Written:
    """Write the rows of any set as JSON Lines, a file a split, with all their columns.

    An evaluation set's rows end with its canary, which says that they are not to be trained on.
    """
    files = {f"{split}.jsonl": asked.rows(split) for split in asked.splits}
    canary = asked.built.manifest.canary
    return Written({name: write_lines(_lines(rows, canary), asked.out / name) for name, rows in files.items()})


def _lines(rows: pa.Table, canary: str | None) -> Iterator[str]:
    from demur.files.parquet import canary_of

    more = {"canary": canary_of(canary)} if canary else {}
    for batch in rows.to_batches(max_chunksize=1024):
        for row in batch.to_pylist():
            yield json.dumps({**row, **more}, ensure_ascii=False) + "\n"

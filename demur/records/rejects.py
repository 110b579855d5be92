"""Rejects: rows and records that are in no row of a set, each with its reason; references only, never a text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

REJECTS = pa.schema(
    [
        pa.field("config", pa.string()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("native_id", pa.string()),
        pa.field("record_id", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("twin", pa.string()),
        pa.field("similarity", pa.float64()),
        pa.field("rule", pa.string()),
    ]
)
"""Columns of ``rejects.parquet``: references only, never a text."""


@dataclass(frozen=True)
class Left:
    """A record that is in no row, and why."""

    record: Mapping[str, Any]
    reason: str
    twin: str | None = None
    similarity: float | None = None
    rule: str | None = None


def rejected(records: pa.Table, config: str, reason: str) -> pa.Table:
    """Rejects of a config that all have one reason."""
    lineage = records["lineage"].combine_chunks()
    columns = {name: lineage.field(name) for name in ("source", "row", "native_id")}
    columns |= {
        "record_id": records["record_id"],
        "config": pa.repeat(config, len(records)),
        "reason": pa.repeat(reason, len(records)),
    }
    empty = {field.name: pa.nulls(len(records), field.type) for field in REJECTS if field.name not in columns}
    return pa.table({**columns, **empty}).select(REJECTS.names).cast(REJECTS)


def left_over(left: Iterable[Left], config: str) -> pa.Table:
    """Rejects of a config, each with its own reason."""
    rows = [
        {
            **{name: each.record["lineage"][name] for name in ("source", "row", "native_id")},
            "config": config,
            "record_id": each.record["record_id"],
            "reason": each.reason,
            "twin": each.twin,
            "similarity": each.similarity,
            "rule": each.rule,
        }
        for each in left
    ]
    return pa.Table.from_pylist(rows, schema=REJECTS)


def of_config(rejects: pa.Table, config: str, sources: Sequence[str]) -> pa.Table:
    """Those rejects that come from a config's sources, as the config's own."""
    mine = rejects.filter(pc.is_in(rejects["source"], pa.array(sources, pa.string())))
    return mine.set_column(0, REJECTS.field("config"), pa.repeat(config, len(mine)))

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


def reject(
    record: Mapping[str, Any],
    reason: str,
    config: str | None = None,
    *,
    twin: str | None = None,
    similarity: float | None = None,
    rule: str | None = None,
) -> dict[str, Any]:
    """A row of `REJECTS`.

    Args:
        record: its ``lineage`` and ``record_id`` are looked at; a row of a source that gave no record has no id.
        reason: why it is in no row.
        config: of which set; None where it is in none.
        twin: record id of the row that it is like.
        similarity: to the twin.
        rule: by which the two were compared.

    Example:
        >>> row = reject({"lineage": {"source": "xstest", "row": 3, "native_id": "v2-4"}}, "no-label")
        >>> row["source"], row["row"], row["record_id"], row["reason"]
        ('xstest', 3, None, 'no-label')
    """
    lineage = record["lineage"]
    return {
        "config": config,
        **{name: lineage[name] for name in ("source", "row", "native_id")},
        "record_id": record.get("record_id"),
        "reason": reason,
        "twin": twin,
        "similarity": similarity,
        "rule": rule,
    }


def rejects_of(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rejects as a table."""
    return pa.Table.from_pylist(list(rows), schema=REJECTS)


def rejected(records: pa.Table, config: str, reason: str) -> pa.Table:
    """Rejects of a config that all have one reason."""
    return rejects_of(reject(each, reason, config) for each in records.select(["record_id", "lineage"]).to_pylist())


def left_over(left: Iterable[Left], config: str) -> pa.Table:
    """Rejects of a config, each with its own reason."""
    return rejects_of(
        reject(each.record, each.reason, config, twin=each.twin, similarity=each.similarity, rule=each.rule)
        for each in left
    )


def of_config(rejects: pa.Table, config: str, sources: Sequence[str]) -> pa.Table:
    """Those rejects that come from a config's sources, as the config's own."""
    mine = rejects.filter(pc.is_in(rejects["source"], pa.array(sources, pa.string())))
    return mine.set_column(0, REJECTS.field("config"), pa.repeat(config, len(mine)))

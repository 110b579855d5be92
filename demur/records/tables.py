"""Tables of records: their columns, and what a label of theirs says."""

from __future__ import annotations

import pyarrow as pa

from demur.records.record import Frozen, Provenance
from demur.records.schema import arrow_schema


def record_schema(model: type[Frozen]) -> pa.Schema:
    """Columns of a table of records: the model's content, without its source-local pair key, and the provenance."""
    return pa.schema([*(field for field in arrow_schema(model) if field.name != "pair"), *arrow_schema(Provenance)])


def label_values(records: pa.Table, name: str) -> pa.ChunkedArray:
    """The value (yes, no or unknown) of every record's label of this name; unknown where it has none."""
    values = (
        next((label["value"] for label in labels if label["name"] == name), "unknown")
        for labels in records["labels"].to_pylist()
    )
    return pa.chunked_array([pa.array(values, pa.string())])

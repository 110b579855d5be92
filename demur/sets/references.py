"""References: rows whose text may not be published again, as where it lies and what it hashes to.

A reference names the source, its pin, the row and its hash; with the pinned source at hand every text comes back, and
is proven, row by row. The text itself never reaches the built folder.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from demur.files.digest import text_sha256
from demur.records.row import HashOf, PinOf, Row, columns_with
from demur.records.schema import arrow_schema
from demur.sources.source import Source


def as_references(rows: pa.Table, model: type[Row], sources: Mapping[str, Source]) -> pa.Table:
    """The published form of rows that may not be redistributed.

    Args:
        rows: rows with their texts.
        model: the schema of references: hashes of texts, the pin, and columns of the rows.
        sources: by name, each with its pin.
    """
    made: dict[str, list[str]] = {
        name: [text_sha256(text) for text in rows[role.column].to_pylist()]
        for name, role in columns_with(model, HashOf).items()
    }
    for name in columns_with(model, PinOf):
        made[name] = [first_pin(sources[source]) for source in rows["source"].to_pylist()]
    schema = arrow_schema(model)
    columns = [pa.array(made[name], pa.string()) if name in made else rows[name] for name in schema.names]
    return pa.table(columns, names=schema.names).cast(schema)


def first_pin(source: Source) -> str:
    """Carrier, address and revision of a source's first pinned mirror, such as ``github:owner/name@<commit>``."""
    mirror, pin = source.pinned()[0]
    return f"{mirror.id.partition('==')[0]}@{pin.revision}"

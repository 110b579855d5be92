"""References: rows whose text may not be published again, as where it lies and what it hashes to.

A reference names the source, its pin, the row and its hash; with the pinned source at hand every text comes back, and
is proven, row by row. The text itself never reaches the built folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pyarrow as pa

from demur.record import Frozen
from demur.schema import arrow_schema
from demur.source import Source


def text_sha256(text: str) -> str:
    """Hex sha256 of a text in UTF-8, exactly as published.

    Example:
        >>> text_sha256("tea")[:8]
        'a9f74d1e'
    """
    return hashlib.sha256(text.encode()).hexdigest()


def as_references(items: pa.Table, model: type[Frozen], sources: Mapping[str, Source]) -> pa.Table:
    """The published form of items that may not be redistributed.

    Args:
        items: rows with their texts.
        model: the schema of references; every column of it but ``prompt_sha256`` and ``pin`` is one of the items'.
        sources: by name, each with its pin.
    """
    made = {
        "prompt_sha256": [text_sha256(text) for text in items["prompt"].to_pylist()],
        "pin": [first_pin(sources[name]) for name in items["source"].to_pylist()],
    }
    schema = arrow_schema(model)
    columns = [pa.array(made[name], pa.string()) if name in made else items[name] for name in schema.names]
    return pa.table(columns, names=schema.names).cast(schema)


def first_pin(source: Source) -> str:
    """Carrier, address and revision of a source's first pinned mirror, such as ``github:owner/name@<commit>``."""
    mirror, pin = source.pinned()[0]
    return f"{mirror.id.partition('==')[0]}@{pin.revision}"

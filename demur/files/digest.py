"""Digests: canonical JSON, and the sha256 of rows, files and texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa


def content_digest(table: pa.Table) -> str:
    """The sha256 over the rows as JSON lines: equal for equal rows, whichever pyarrow wrote the Parquet file."""
    return rows_digest(table.to_pylist())


def file_sha256(path: Path) -> str:
    """Hex sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical(row: Mapping[str, Any]) -> bytes:
    """The bytes of a canonical row: JSON with sorted keys, UTF-8, no spaces.

    Example:
        >>> canonical({"b": None, "a": "x"})
        b'{"a":"x","b":null}'
    """
    return _CANONICAL.encode(row).encode()


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def rows_digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """The sha256 over all canonical rows, in order, one a line: equal for every mirror of a source."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(canonical(row) + b"\n")
    return digest.hexdigest()


def text_sha256(text: str) -> str:
    """Hex sha256 of a text in UTF-8, exactly as published.

    Example:
        >>> text_sha256("tea")[:8]
        'a9f74d1e'
    """
    return hashlib.sha256(text.encode()).hexdigest()

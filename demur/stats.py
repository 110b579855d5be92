"""Counts of a built data set: rows by config, split, source, hazard and expectation, and text lengths."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from demur.errors import FormatError, UsageError, nearest
from demur.manifest import Manifest, read_manifest

NO_HAZARD = "none"
FACETS = ("expected", "kind", "set", "side")
"""Columns that say what a row is for; each kind of row has one, or two."""


def read_config(folder: Path, config: str) -> pa.Table:
    """All rows of one config, split after split."""
    return pa.concat_tables([pq.read_table(path) for path in sorted((folder / config).glob("*.parquet"))])


def read_set(path: Path, config: str | None = None) -> pa.Table:
    """All rows of a Parquet file, or of a config of a built folder, by default its first one.

    Raises:
        UsageError: no such config.
        FormatError: the file cannot be read.
        ManifestError: a folder that ``demur build`` did not write.
    """
    if path.is_dir():
        names = [each.name for each in read_manifest(path).configs]
        if config is not None and config not in names:
            msg = f"No config {config!r}"
            raise UsageError(msg, where=path, fix=nearest(config, names))
        return read_config(path, config or names[0])
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        msg = "The file cannot be read"
        raise FormatError(msg, where=path, expected="a Parquet file", got=type(error).__name__) from None


def stats(folder: Path) -> dict[str, Any]:
    """Count a built folder's rows.

    Returns:
        For every config: ``rows``; ``split``; ``source`` and the `FACETS` that it has (value -> split -> rows);
        ``hazard`` (a row with several counts once for each; ``none`` for rows without one); ``characters`` (quantiles
        of the prompts' lengths, where the texts are there); and ``rejects``.

    Raises:
        ManifestError: the folder was not written by ``demur build``.
    """
    manifest: Manifest = read_manifest(folder)
    return {
        config.name: {**_counts(read_config(folder, config.name)), "rejects": config.rejects}
        for config in manifest.configs
    }


def _counts(table: pa.Table) -> dict[str, Any]:
    splits = table["split"].to_pylist()
    hazards = [
        (hazard, split)
        for row, split in zip(table["hazards"].to_pylist(), splits, strict=True)
        for hazard in row or [NO_HAZARD]
    ]
    return {
        "rows": table.num_rows,
        "split": dict(sorted(Counter(splits).items())),
        "source": _by_split(zip(table["source"].to_pylist(), splits, strict=True)),
        "hazard": _by_split(hazards),
        **{
            facet: _by_split(zip(table[facet].to_pylist(), splits, strict=True))
            for facet in FACETS
            if facet in table.column_names
        },
        **({"characters": _lengths(table["prompt"])} if "prompt" in table.column_names else {}),  # no references
    }


def _lengths(texts: pa.ChunkedArray) -> dict[str, int]:
    found = pc.quantile(pc.utf8_length(texts), [0, 0.25, 0.5, 0.75, 1], interpolation="lower").to_pylist()
    return dict(zip(("min", "p25", "median", "p75", "max"), found, strict=True))


def _by_split(pairs: Any) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    for (value, split), count in sorted(Counter(pairs).items()):
        counted.setdefault(value, {})[split] = count
    return counted

"""Counts of a built data set: rows by config, split, source, hazard and expectation, and text lengths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from demur.errors import ManifestError
from demur.records.row import Facet, columns_with
from demur.records.taxonomies import Taxonomy
from demur.sets.folder import BuiltSet

NONE = "none"


def stats(folder: Path | BuiltSet, taxonomy: Taxonomy | None = None) -> dict[str, Any]:
    """Count a built folder's rows.

    Args:
        folder: the set.
        taxonomy: of hazards, to count by as well.

    Returns:
        For every config: ``rows``; ``split``; ``source`` and the facets that its rows have (value -> split -> rows);
        ``hazard`` (a row with several counts once for each; ``none`` for rows without one); ``characters`` (quantiles
        of the prompts' lengths, where the texts are there); and ``rejects``. With a taxonomy, ``taxonomy``: see
        `by_taxonomy`.

    Raises:
        ManifestError: the folder was not written by ``demur build``.
    """
    built = BuiltSet.open(folder)
    return {
        config.name: {
            **_counts(built.rows(config.name), list(columns_with(built.model_of(config), Facet))),
            "rejects": config.rejects,
            **({"taxonomy": by_taxonomy(built.rows(config.name), taxonomy)} if taxonomy else {}),
        }
        for config in built.manifest.configs
    }


def _counts(table: pa.Table, facets: Sequence[str]) -> dict[str, Any]:
    for name in ("split", "source", "hazards", *facets):
        if name not in table.column_names or (name in ("split", "source") and table[name].null_count):
            msg = "A table of the set lacks a column, or has rows without it"
            raise ManifestError(msg, expected=name, fix="Look with `demur check`, and build it again.")
    splits = table["split"].to_pylist()
    hazards = [
        (hazard, split)
        for row, split in zip(table["hazards"].to_pylist(), splits, strict=True)
        for hazard in row or [NONE]
    ]
    return {
        "rows": table.num_rows,
        "split": dict(sorted(Counter(splits).items())),
        "source": _by_split(zip(table["source"].to_pylist(), splits, strict=True)),
        "hazard": _by_split(hazards),
        **{facet: _by_split(zip(table[facet].to_pylist(), splits, strict=True)) for facet in facets},
        **({"characters": _lengths(table["prompt"])} if "prompt" in table.column_names else {}),  # no references
    }


def by_taxonomy(table: pa.Table, taxonomy: Taxonomy) -> dict[str, Any]:
    """Count rows by the categories of a taxonomy.

    Returns:
        Its ``name``, ``title`` and ``names`` (by code); ``rows``: category -> split -> rows, where a row of several
        categories counts once for each; ``unmapped``: the number of rows that cannot be told to be in any, and
        ``unmapped_by``, the hazards of these -> split -> rows, ``none`` for rows without one.
    """
    columns = ("hazards", "split", "source", "categories")
    empty = [None] * table.num_rows
    cells = [table[name].to_pylist() if name in table.column_names else empty for name in columns]
    found, left, unmapped = [], [], 0
    for hazards, split, source, native in zip(*cells, strict=True):
        codes = taxonomy.of(hazards or (), source or "", native or ())
        found += [(code, split) for code in codes]
        if not codes:
            unmapped += 1
            left += [(hazard, split) for hazard in hazards or [NONE]]
    rows = _by_split(found)
    return {
        "name": taxonomy.name,
        "title": taxonomy.title,
        "names": {code: each.name for code, each in taxonomy.categories.items()},
        "rows": {code: rows[code] for code in taxonomy.categories if code in rows},
        "unmapped": unmapped,
        "unmapped_by": _by_split(left),
    }


def _lengths(texts: pa.ChunkedArray) -> dict[str, int]:
    found = pc.quantile(pc.utf8_length(texts), [0, 0.25, 0.5, 0.75, 1], interpolation="lower").to_pylist()
    return dict(zip(("min", "p25", "median", "p75", "max"), found, strict=True))


def _by_split(pairs: Any) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    named = ((NONE if value is None else value, split) for value, split in pairs)
    for (value, split), count in sorted(Counter(named).items()):
        counted.setdefault(value, {})[split] = count
    return counted

"""Texts that are near a few others by their words."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from demur.curation.curated import prompt_ids
from demur.similarity import cross_join

NEAR = 0.6
"""Token-set Jaccard from which a text is shown beside another: lower than what joins two, so that more is seen."""


def near_by_words(tables: Sequence[pa.Table], wanted: Sequence[str]) -> list[tuple[str, str, float]]:
    """Pairs of a wanted prompt and another one that shares most of its words: two record ids, and the similarity."""
    texts: dict[str, str] = {}
    for table in tables:
        for id, text in zip(prompt_ids(table), table["prompt"].to_pylist(), strict=True):
            if text is not None:
                texts.setdefault(id, text)
    ids = sorted(texts)
    column = pa.array([texts[id] for id in ids], pa.large_string())
    mine = [id for id in wanted if id in texts]
    asked = pa.array([texts[id] for id in mine], pa.large_string())
    found = cross_join(asked, column, view="token", threshold=NEAR)
    return sorted(
        {
            (mine[row], ids[twin], similarity)
            for row, twin, similarity in zip(
                *(found[name].to_pylist() for name in ("row", "twin", "similarity")), strict=True
            )
            if mine[row] != ids[twin]
        }
    )

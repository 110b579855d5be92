"""Hashes of texts: two texts have the same if their normalised words are the same, in order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.checks.signs import edges
from demur.similarity.sets import hashed_texts

Hashes = NDArray[np.uint64]

MIX = np.uint64(0x9E3779B97F4A7C15)


def filled(texts: pa.LargeStringArray) -> NDArray[np.bool_]:
    """Where a text is there and holds more than white space and invisible marks."""
    first, _ = edges(texts)
    found: NDArray[np.bool_] = (first > ord(" ")) & (first <= ord("~"))
    if not found.all():  # the others, all of them, for what they begin with
        rest = np.flatnonzero(~found)
        said = pc.match_substring_regex(texts.take(pa.array(rest)), r"[^\p{Z}\s\p{Cf}]")
        found[rest] = pc.fill_null(said, False).to_numpy(zero_copy_only=False)
    return found


def text_hashes(texts: pa.LargeStringArray | None, rows: int, words: int | None = None) -> Hashes:
    """A hash of the normalised words of each text, in order, or of its first ones; 0 where there is nothing to read.

    Example:
        >>> texts = pa.array(["The old lamp.", "the OLD lamp shines", " "], pa.large_string())
        >>> one, two, nothing = text_hashes(texts, 3, words=2).tolist()
        >>> one == two, nothing
        (True, 0)
    """
    if texts is None or not rows:
        return np.zeros(rows, np.uint64)
    made = hashed_texts(texts, words)
    made[~filled(texts)] = 0
    return made

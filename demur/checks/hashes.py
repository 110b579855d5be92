"""Hashes of texts: two texts have the same if their normalised words are the same, in order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.similarity.sets import Units, hashed_units

Hashes = NDArray[np.uint64]

SLICE_BYTES = 1 << 22
"""Of text whose words are hashed at a time; the hashes take several times as much."""

MIX = np.uint64(0x9E3779B97F4A7C15)


def filled(texts: pa.LargeStringArray) -> NDArray[np.bool_]:
    """Where a text is there and holds more than white space and invisible marks."""
    found: NDArray[np.bool_] = pc.fill_null(pc.match_substring_regex(texts, r"[^\p{Z}\s\p{Cf}]"), False).to_numpy(
        zero_copy_only=False
    )
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
    step = max(64, int(SLICE_BYTES / max(1, texts.nbytes / rows)))
    parts = [_first(hashed_units(texts.slice(start, step), "word3"), words) for start in range(0, rows, step)]
    made = np.concatenate([ordered(part) for part in parts])
    made[~filled(texts)] = 0
    return made


def ordered(units: Units) -> Hashes:
    """One hash of each row's units in order: a sum in which every place has a multiplier of its own."""
    lengths = np.diff(units.starts)
    places = np.arange(len(units.hashes)) - np.repeat(units.starts[:-1], lengths)
    with np.errstate(over="ignore"):
        factors = (places.astype(np.uint64) * np.uint64(2) + np.uint64(1)) * MIX
        factors = (factors ^ (factors >> np.uint64(31))) | np.uint64(1)
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(units.hashes * factors, dtype=np.uint64)])
        made: Hashes = sums[units.starts[1:]] - sums[units.starts[:-1]]
        return np.where(lengths > 0, made | np.uint64(1), np.uint64(0)).astype(np.uint64)


def _first(units: Units, most: int | None) -> Units:
    """The first units of each row."""
    if most is None:
        return units
    lengths = np.diff(units.starts)
    places = np.arange(len(units.hashes)) - np.repeat(units.starts[:-1], lengths)
    return Units(units.hashes[places < most], np.concatenate([[0], np.cumsum(np.minimum(lengths, most))]))

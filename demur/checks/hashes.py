"""Hashes of texts: two texts have the same if their normalised words are the same, in order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.checks._bytes import LONG, look_and_hash
from demur.checks.signs import Looked, Mask, edges, kinds, kinds_of, look_at, matching, words_asked
from demur.similarity.sets import Units, ascii_table, hashed_texts
from demur.text.arrays import buffers
from demur.text.compiled import interpreted

Hashes = NDArray[np.uint64]

OPENING = 16
"""Words by which a text opens."""

LONGEST = 480
"""Characters that are looked at for them."""

MARKS = b"<["
"""With one of these a mark of a chat template begins."""

MIX = np.uint64(0x9E3779B97F4A7C15)


def filled(texts: pa.LargeStringArray) -> NDArray[np.bool_]:
    """Where a text is there and holds more than white space and invisible marks."""
    first, _ = edges(texts)
    found: NDArray[np.bool_] = (first > ord(" ")) & (first <= ord("~"))
    return found | matching(texts, ~found, r"[^\p{Z}\s\p{Cf}]")  # the others, all of them, for what they begin with


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


class Read(NamedTuple):
    """What one reading of texts gives.

    Attributes:
        looked: which bytes they hold.
        hashes: as `text_hashes` gives them.
        heads: those of the first `OPENING` words; 0 where a text is empty, holds one of `MARKS`, or has not been asked.
        units: those of every word, of the texts that were asked for; no words of a text where nobody hashed them.
    """

    looked: Looked
    hashes: Hashes
    heads: Hashes
    units: Units


def read(texts: pa.LargeStringArray, asked: Mask | None = None) -> Read:
    """Read every byte of texts, once; of those that are asked for, the hash of every word is kept.

    Example:
        >>> found = read(pa.array(["The old lamp.", "the OLD lamp", None], pa.large_string()))
        >>> len({*found.hashes[:2].tolist(), *found.heads[:2].tolist()}), found.looked.words.tolist()
        (1, [3, 3, 0])
    """
    rows = len(texts)
    nothing = np.zeros(rows, np.uint64)
    starts = np.zeros(rows + 1, np.int64)
    if interpreted():
        return Read(look_at(texts), text_hashes(texts, rows), nothing, Units(nothing[:0], starts))
    data, offsets = buffers(texts)
    sizes = np.minimum(np.diff(offsets), LONG)
    chosen = np.zeros(rows, np.uint8) if asked is None else asked.astype(np.uint8)
    units = np.empty(int(((sizes + 1) // 2)[chosen > 0].sum() + sizes.max(initial=0)) + 1, np.uint64)
    held, words, ends = np.empty(rows, np.uint32), np.empty(rows, np.int32), np.empty((2, rows), np.uint8)
    hashes, heads = np.empty(rows, np.uint64), np.empty(rows, np.uint64)
    fixed = (data, offsets, kinds(), ascii_table(), OPENING, LONGEST, kinds_of(MARKS), chosen, *words_asked())
    used = look_and_hash(*fixed, held, words, ends, hashes, heads, units, starts[1:])
    rest = np.flatnonzero(hashes == 0)
    if len(rest):
        hashes[rest] = text_hashes(texts.take(pa.array(rest)), len(rest))
    return Read(Looked(held, words, *ends), hashes, heads, Units(units[:used], np.cumsum(starts)))

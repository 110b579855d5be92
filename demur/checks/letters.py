"""Hashes of bytes and of letters: two texts have the same only if they are spelt the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.checks._sums import summed
from demur.checks.batch import Batch
from demur.checks.hashes import MIX, Hashes
from demur.checks.said import SPOKEN
from demur.checks.signs import edges
from demur.text.arrays import buffers


def letters(batch: Batch, places: NDArray[np.int64] | None = None) -> Hashes:
    """A hash of the very letters of all texts of each row, or of some rows; blanks at their edges do not count."""
    made = np.zeros(batch.rows.num_rows if places is None else len(places), np.uint64)
    for name in SPOKEN:
        if (texts := batch.texts(name)) is not None:
            with np.errstate(over="ignore"):
                made = made * MIX + byte_hashes(_stripped(texts if places is None else texts.take(pa.array(places))))
    return made


def _stripped(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Texts without the blanks at their edges; nothing is an empty text."""
    texts = pc.fill_null(texts, "") if texts.null_count else texts
    blank = np.logical_or(*((edge <= ord(" ")) | (edge > ord("~")) for edge in edges(texts)))
    if not blank.any():
        return texts
    some = [text.strip() for text in texts.filter(pa.array(blank)).to_pylist()]
    return pc.replace_with_mask(texts, pa.array(blank), pa.array(some, pa.large_string()))


def byte_hashes(words: pa.LargeStringArray) -> Hashes:
    """A hash of the bytes of each text, in order; 0 for null."""
    made = summed(*buffers(words))
    made[words.is_null().to_numpy(zero_copy_only=False)] = 0
    return made

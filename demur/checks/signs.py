"""Which texts hold certain bytes: the cheap look at all texts that comes before any rule reads some of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.text.arrays import buffers

Mask: TypeAlias = NDArray[np.bool_]
Bytes: TypeAlias = NDArray[np.uint8]


def holding(texts: pa.LargeStringArray, found: Callable[[Bytes], Mask]) -> Mask:
    """Which texts hold a byte that a function over all bytes finds.

    Example:
        >>> holding(pa.array(["a&b", "", None, "a"], pa.large_string()), lambda data: data == ord("&")).tolist()
        [True, False, False, False]
    """
    data, offsets = buffers(texts)
    held = np.zeros(len(texts), np.bool_)
    places = np.flatnonzero(found(data[offsets[0] : offsets[-1]])) + offsets[0]
    held[np.searchsorted(offsets, places, side="right") - 1] = True
    return held


def with_byte(texts: pa.LargeStringArray, *signs: int) -> Mask:
    """Which texts hold one of some bytes."""

    def found(data: Bytes) -> Mask:
        mask: Mask = data == signs[0]
        for sign in signs[1:]:
            mask |= data == sign
        return mask

    return holding(texts, found)


def lengths(texts: pa.LargeStringArray) -> NDArray[np.int64]:
    """Bytes of each text; 0 for null."""
    made: NDArray[np.int64] = np.diff(buffers(texts)[1])
    return made


def edges(texts: pa.LargeStringArray) -> tuple[Bytes, Bytes]:
    """The first and the last byte of each text; 0 for those that have none."""
    data, offsets = buffers(texts)
    there = np.diff(offsets) > 0
    first, last = np.zeros(len(texts), np.uint8), np.zeros(len(texts), np.uint8)
    first[there] = data[offsets[:-1][there]]
    last[there] = data[offsets[1:][there] - 1]
    return first, last

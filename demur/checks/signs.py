"""Which texts hold certain bytes: the cheap look at all texts that comes before any rule reads some of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.text.arrays import buffers

Mask: TypeAlias = NDArray[np.bool_]
Bytes: TypeAlias = NDArray[np.uint8]
Places: TypeAlias = NDArray[np.int64]


def holding(texts: pa.LargeStringArray, find: Callable[[Bytes], Places]) -> Mask:
    """Which texts hold a byte at one of the places that a function finds in all their bytes.

    Example:
        >>> texts = pa.array(["a&b", "", None, "a"], pa.large_string())
        >>> holding(texts, lambda data: np.flatnonzero(data == ord("&"))).tolist()
        [True, False, False, False]
    """
    data, offsets = buffers(texts)
    held = np.zeros(len(texts), np.bool_)
    starts = np.searchsorted(offsets, np.arange(offsets[0], offsets[-1], _SLICE))
    for start, end in pairwise(np.unique([*starts.tolist(), len(texts)]).tolist()):
        places = find(data[offsets[start] : offsets[end]]) + offsets[start]
        held[np.searchsorted(offsets, places, side="right") - 1] = True
    return held


_SLICE = 1 << 20  # bytes that are looked at together, so that they stay in the processor's cache


def with_byte(texts: pa.LargeStringArray, sign: int) -> Mask:
    """Which texts hold a byte."""
    return holding(texts, lambda data: np.flatnonzero(data == sign))


def controls(data: Bytes) -> Places:
    """Where control characters begin, of C0 (but tab, line feed and return), of C1, or DEL."""
    low, high = np.flatnonzero(data < 32), _led(data, 0xC2)
    low = low[~np.isin(data[low], (9, 10, 13))]
    return np.concatenate([low, np.flatnonzero(data == 0x7F), high[data[high + 1] < 0xA0]])


def hidden(data: Bytes) -> Places:
    """Where characters begin that show nothing: U+00AD, 200B, 202A-E, 2060, 2066-9, FEFF."""
    soft, wide, mark = _led(data, 0xC2), _led(data, 0xE2), _led(data, 0xEF)
    second, third = data[wide + 1], data[np.minimum(wide + 2, len(data) - 1)]
    zero = (second == 0x80) & ((third == 0x8B) | ((third >= 0xAA) & (third <= 0xAE)))
    zero |= (second == 0x81) & ((third == 0xA0) | ((third >= 0xA6) & (third <= 0xA9)))
    ends = (data[mark + 1] == 0xBB) & (data[np.minimum(mark + 2, len(data) - 1)] == 0xBF)
    return np.concatenate([soft[data[soft + 1] == 0xAD], wide[zero], mark[ends]])


def numbers(data: Bytes) -> Places:
    """Where nine digits stand within so few bytes that they may be one number."""
    digits = np.flatnonzero((data - np.uint8(48)) < 10)
    return digits[:-8][digits[8:] - digits[:-8] <= _SPAN]


_SPAN = 24  # bytes


def _led(data: Bytes, lead: int) -> Places:
    """Where a character of several bytes begins with one byte; the last byte of all begins none."""
    return np.flatnonzero(data[:-1] == lead)


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

"""Kernels: one look at every byte of texts, for all rules that ask which texts hold some byte, and for their words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import interpreted, kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Kinds = NDArray[np.uint32]
Hashes = NDArray[np.uint64]

BLANK = np.uint32(1)
"""The kind of bytes that part words."""

_BASE = np.uint64(0x9E3779B97F4A7C15)
_SLICE = 1 << 20  # bytes


@kernel
def look(data: Bytes, offsets: Ints, kinds: Kinds, held: Kinds, words: NDArray[np.int32]) -> None:
    """For each text, the kinds of byte that it holds, and the runs of bytes that are no blanks."""
    for row in range(len(offsets) - 1):
        seen = np.uint32(0)
        before = np.uint32(1)
        count = np.uint32(0)
        for at in range(offsets[row], offsets[row + 1]):
            kind = kinds[data[at]]
            seen |= kind
            count += before & ~kind & np.uint32(1)
            before = kind
        held[row] = seen
        words[row] = count


@kernel
def sum_bytes(data: Bytes, offsets: Ints, factors: Hashes, out: Hashes) -> None:
    """A hash of the bytes of each text, in order: a sum in which every place has a factor; never 0."""
    for row in range(len(offsets) - 1):
        total = np.uint64(0)
        begin = offsets[row]
        for at in range(begin, offsets[row + 1]):
            total += (np.uint64(data[at]) + np.uint64(1)) * factors[at - begin]
        out[row] = total | np.uint64(1) if offsets[row + 1] > begin else np.uint64(0x9E3779B97F4A7C15)


def looked(data: Bytes, offsets: Ints, kinds: Kinds) -> tuple[Kinds, NDArray[np.int32]]:
    """As `look` gives it."""
    rows = len(offsets) - 1
    if not interpreted():
        held, words = np.empty(rows, np.uint32), np.empty(rows, np.int32)
        look(data, offsets, kinds, held, words)
        return held, words
    base = int(offsets[0])
    each = kinds[data[base : int(offsets[-1])]]
    there = np.diff(offsets) > 0
    starts = (offsets[:-1] - base)[there]
    held, words = np.zeros(rows, np.uint32), np.zeros(rows, np.int32)
    if len(each):
        blank = (each & BLANK).astype(np.bool_)
        begins = ~blank
        begins[1:] &= blank[:-1]
        begins[starts] = ~blank[starts]
        held[there] = np.bitwise_or.reduceat(each, starts)
        words[there] = np.add.reduceat(begins, starts, dtype=np.int32)
    return held, words


def summed(data: Bytes, offsets: Ints) -> Hashes:
    """As `sum_bytes` gives it."""
    lengths = np.diff(offsets)
    with np.errstate(over="ignore"):
        factors = (np.arange(lengths.max(initial=0), dtype=np.uint64) * np.uint64(2) + np.uint64(1)) * _BASE
        factors = (factors ^ (factors >> np.uint64(31))) | np.uint64(1)
    made = np.empty(len(lengths), np.uint64)
    if not interpreted():
        sum_bytes(data, offsets, factors, made)
        return made
    step = max(64, _SLICE * len(lengths) // max(1, int(offsets[-1] - offsets[0])))
    for start in range(0, len(lengths), step):  # bytes take several times as much meanwhile
        some, inside = lengths[start : start + step], offsets[start : start + step + 1]
        units = data[inside[0] : inside[-1]].astype(np.uint64) + np.uint64(1)
        places = np.arange(len(units)) - np.repeat(inside[:-1] - inside[0], some)
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(units * factors[places], dtype=np.uint64)])
        sums = sums[inside[1:] - inside[0]] - sums[inside[:-1] - inside[0]]
        made[start : start + step] = np.where(some > 0, sums | np.uint64(1), _BASE)
    return made

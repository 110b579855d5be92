"""A kernel: hashes of the bytes of texts, for rows whose very spelling may be their point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import interpreted, kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

_BASE = np.uint64(0x9E3779B97F4A7C15)
_SLICE = 1 << 20  # bytes


@kernel
def sum_bytes(data: Bytes, offsets: Ints, factors: Hashes, out: Hashes) -> None:
    """A hash of the bytes of each text, in order: a sum in which every place has a factor; never 0."""
    for row in range(len(offsets) - 1):
        total = np.uint64(0)
        begin = offsets[row]
        for at in range(begin, offsets[row + 1]):
            total += (np.uint64(data[at]) + np.uint64(1)) * factors[at - begin]
        out[row] = total | np.uint64(1) if offsets[row + 1] > begin else np.uint64(0x9E3779B97F4A7C15)


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

"""Kernels: a second fingerprint of gram sets, and gram sets without the unused room behind them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import kernel

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


@kernel
def second_prints(hashes: Hashes, starts: Ints, sizes: Ints, first: int, last: int, prints: Hashes) -> None:
    """A hash of each row's set, independent of `GramSets.prints`: it depends on the order of the (sorted) grams."""
    for row in range(first, last):
        state = np.uint64(0x2545F4914F6CDD1D)
        for at in range(starts[row], starts[row] + sizes[row]):
            state = (state ^ hashes[at]) * np.uint64(0xD6E8FEB86659FD93)
            state ^= state >> np.uint64(32)
        prints[row] = state


@kernel
def gather(hashes: Hashes, starts: Ints, sizes: Ints, rows: Ints, at: int, out: Hashes) -> None:
    """Copy the grams of the given rows, one row behind the other, to `out` from `at` on."""
    for row in rows:
        for place in range(starts[row], starts[row] + sizes[row]):
            out[at] = hashes[place]
            at += 1

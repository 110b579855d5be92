"""Kernel: a stable order of many numbers, byte by byte."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import kernel

Hashes = NDArray[np.uint64]
Places = NDArray[np.uint32]


@kernel
def order_bytes(keys: Hashes, places: Places, other_keys: Hashes, other_places: Places) -> bool:
    """Sort keys, and their places with them; whether they now stand in the others, whose contents do not matter.

    Bytes that all keys have in common are passed over.
    """
    counts = np.zeros((8, 256), np.int64)
    for key in keys:
        for byte in range(8):
            counts[byte, (key >> np.uint64(8 * byte)) & np.uint64(255)] += 1
    moved = False
    for byte in range(8):
        shift, starts = np.uint64(8 * byte), counts[byte]
        if starts[(keys[0] >> shift) & np.uint64(255)] == len(keys):
            continue
        total = 0
        for value in range(256):
            total += starts[value]
            starts[value] = total - starts[value]
        for at in range(len(keys)):
            value = (keys[at] >> shift) & np.uint64(255)
            to = np.uint64(starts[value])
            starts[value] += 1
            other_keys[to], other_places[to] = keys[at], places[at]
        keys, other_keys = other_keys, keys
        places, other_places = other_places, places
        moved = not moved
    return moved

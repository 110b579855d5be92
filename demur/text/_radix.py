"""Kernels: a stable order of many numbers, byte by byte; and which of many may stand there more than once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import kernel

Hashes = NDArray[np.uint64]
Places = NDArray[np.uint32]
U = np.uint64


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


@kernel
def recurring(keys: Hashes, bits: int, seen: Hashes, twice: Hashes, found: Places) -> int:
    """Find the keys that are not 0 and may stand there more than once: their places, in order, and how many they are.

    Those that do not are found as well where they share a slot of 2 ** `bits` with another; the slots of both tables
    are bits, zeros before.
    """
    factor, shift = U(0x9E3779B97F4A7C15), U(64 - bits)
    for key in keys:
        slot = (key * factor) >> shift
        word, bit = slot >> U(6), U(1) << (slot & U(63))
        twice[word] |= seen[word] & bit
        seen[word] |= bit
    count = 0
    for at in range(len(keys)):
        slot = (keys[at] * factor) >> shift
        found[count] = at
        count += int(keys[at] != 0) & int(twice[slot >> U(6)] >> (slot & U(63)) & U(1))
    return count

"""Kernels: a stable order of many numbers, byte by byte; and which of many may stand there more than once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, kernel

Hashes = NDArray[np.uint64]
Places = NDArray[np.uint32]
U = np.uint64


@inner
def deal(keys: Hashes, places: Places, byte: int, other_keys: Hashes, other_places: Places) -> None:
    """Write keys, and their places with them, into the others in the order of one byte, equal ones as they come."""
    starts, shift = np.zeros(257, np.int64), U(8 * byte)
    for key in keys:
        starts[((key >> shift) & U(255)) + U(1)] += 1
    for value in range(1, 257):
        starts[value] += starts[value - 1]
    for at in range(len(keys)):
        value = (keys[at] >> shift) & U(255)
        to = U(starts[value])
        starts[value] += 1
        other_keys[to], other_places[to] = keys[at], places[at]


@inner
def settle(keys: Hashes, places: Places, most: int) -> bool:
    """Sort keys that are nearly in order, equal ones as they come; whether at most about so many moves were enough."""
    moved = 0
    for at in range(1, len(keys)):
        key, place, hole = keys[at], places[at], at - 1
        while hole >= 0 and keys[hole] > key:
            keys[hole + 1], places[hole + 1] = keys[hole], places[hole]
            hole -= 1
        keys[hole + 1], places[hole + 1] = key, place
        moved += at - 1 - hole
        if moved > most:
            return False
    return True


@kernel
def order_bytes(keys: Hashes, places: Places, other_keys: Hashes, other_places: Places) -> bool:
    """Sort keys, and their places with them; whether they now stand in the others, whose contents do not matter.

    Bytes that all keys have in common are passed over. Of many others the three highest come first: keys like hashes
    are nearly in order then.
    """
    differ = U(0)
    for key in keys:
        differ |= key ^ keys[0]
    bytes, count = np.empty(8, np.int64), 0
    for byte in range(8):
        bytes[count] = byte
        count += int((differ >> U(8 * byte)) & U(255) != U(0))
    moved = False
    for first in (count - 3 if count > 4 else 0, 0):
        for byte in bytes[first:count]:
            if moved:
                deal(other_keys, other_places, byte, keys, places)
            else:
                deal(keys, places, byte, other_keys, other_places)
            moved = not moved
        if first == 0:
            break
        if settle(other_keys, other_places, 8 * len(keys)) if moved else settle(keys, places, 8 * len(keys)):
            break
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

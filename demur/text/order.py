"""Orders of many numbers, and what is equal among them; several times as fast as numpy where there are many."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from demur.text._radix import order_bytes, recurring
from demur.text.compiled import interpreted

Ints = NDArray[np.int64]
_MANY = 1 << 14


def stable(keys: NDArray[Any]) -> Ints:
    """As a stable argsort of numbers that are not negative.

    Where nothing is compiled, small numbers are counted; others are sorted as they come, and then the places of equal
    ones, whose sorting needs no more than their values.

    Example:
        >>> stable(np.array([1 << 40, 7, 1 << 40, 7])).tolist()
        [1, 3, 0, 2]
    """
    if _MANY <= len(keys) < 1 << 32 and not interpreted():
        numbers, places = keys.astype(np.uint64), np.arange(len(keys), dtype=np.uint32)
        others = np.empty_like(numbers), np.empty_like(places)
        return (others[1] if order_bytes(numbers, places, *others) else places).astype(np.int64)
    if len(keys) and keys.max() < 1 << 16:
        small: Ints = np.argsort(keys.astype(np.uint16), kind="stable")
        return small
    order: Ints = np.argsort(keys)
    ordered = keys[order]
    runs = np.zeros(len(keys), np.int64)
    np.cumsum(ordered[1:] != ordered[:-1], out=runs[1:])
    return np.sort(runs << 32 | order) & 0xFFFFFFFF


def repeated(keys: NDArray[Any]) -> Ints:
    """The places, in order, of numbers other than 0 that may stand there more than once: of all that do, at least.

    Few others are among them where there are many numbers; where there are few, or nothing is compiled, all are.

    Example:
        >>> repeated(np.array([7, 0, 7])).tolist()
        [0, 2]
    """
    if len(keys) < _MANY or len(keys) >= 1 << 32 or interpreted():
        return np.flatnonzero(keys)
    bits = len(keys).bit_length() + 3
    seen, twice = np.zeros(1 << bits - 6, np.uint64), np.zeros(1 << bits - 6, np.uint64)
    found = np.empty(len(keys), np.uint32)
    count = recurring(np.require(keys, np.uint64, ["C", "W"]), bits, seen, twice, found)
    return found[:count].astype(np.int64)

"""Kernels: one look at every byte of texts, for all rules that ask which texts hold some byte, and for their words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, interpreted, kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Kinds = NDArray[np.uint32]
Hashes = NDArray[np.uint64]

BLANK = np.uint32(1)
"""The kind of bytes that part words."""

FOREIGN = np.uint32(1 << 31)
"""The kind of bytes that are no ASCII."""

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


@inner
def mix(value: np.uint64) -> np.uint64:
    """As in `demur.similarity._tokens`, whose hashes these are."""
    value ^= value >> np.uint64(32)
    value *= np.uint64(0xD6E8FEB86659FD93)
    value ^= value >> np.uint64(32)
    value *= np.uint64(0xD6E8FEB86659FD93)
    return value ^ (value >> np.uint64(32))


@inner
def factor(place: int) -> np.uint64:
    made = (np.uint64(place) * np.uint64(2) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return (made ^ (made >> np.uint64(31))) | np.uint64(1)


@kernel
def look_and_hash(
    data: Bytes,
    offsets: Ints,
    kinds: Kinds,
    lower: Bytes,
    most: int,
    longest: int,
    marks: np.uint32,
    asked: Bytes,
    held: Kinds,
    words: NDArray[np.int32],
    edges: Bytes,
    hashes: Hashes,
    heads: Hashes,
    units: Hashes,
    counts: Ints,
) -> int:
    """As `look`; and of each text the first and the last byte, a hash of its words, and one of its first words.

    The bytes are 0 where there are none, hashes where they cannot be told here. Told are those of ASCII that begins
    with a visible byte and has words; of the first `most` words where they, or the whole text, stand in its first
    `longest` bytes, and no byte is of the kinds `marks`.

    Of texts that are `asked`, the hashes of the words stand one behind another in `units`, and `counts` has their
    numbers: 0 where a text is not ASCII, or has none. How many there are in all is returned.
    """
    seed = np.uint64(0xCBF29CE484222325)
    used = 0
    for row in range(len(offsets) - 1):
        begin, end = offsets[row], offsets[row + 1]
        seen = np.uint32(0)
        before = np.uint32(1)
        runs = np.uint32(0)
        state = seed
        total = np.uint64(0)
        head = np.uint64(0)
        count = 0
        inside = False
        for at in range(begin, end):
            byte = data[np.uint64(at)]
            kind = kinds[byte]
            seen |= kind
            runs += before & ~kind & np.uint32(1)
            before = kind
            letter = lower[byte]
            if letter > 1:
                state = (state ^ np.uint64(letter)) * np.uint64(0x100000001B3)
                inside = True
            elif inside:
                if letter == 1 and at + 1 < end and lower[data[np.uint64(at + 1)]] > 1:
                    continue
                units[used + count] = mix(state)
                total += units[used + count] * factor(count)
                count += 1
                state = seed
                inside = False
                if count == most and at - begin <= longest:
                    head = total | np.uint64(1)
        if inside:
            units[used + count] = mix(state)
            total += units[used + count] * factor(count)
            count += 1
        held[row] = seen
        words[row] = runs
        edges[0, row], edges[1, row] = (data[begin], data[end - 1]) if end > begin else (0, 0)
        good = count > 0 and seen & FOREIGN == 0 and 32 < data[begin] < 127
        hashes[row] = total | np.uint64(1) if good else np.uint64(0)
        if head == 0 and end - begin <= longest and count <= most:
            head = total | np.uint64(1)
        heads[row] = head if good and seen & marks == 0 else np.uint64(0)
        counts[row] = count if asked[row] > 0 and seen & FOREIGN == 0 else 0
        used += counts[row]
    return used


@kernel
def hold_threes(data: Bytes, offsets: Ints, most: int, threes: Bytes, out: Bytes) -> None:
    """Which texts have one of some runs of three bytes in their first bytes, by the five lowest bits of each byte.

    Args:
        data: of the texts.
        offsets: of the texts.
        most: bytes that are looked at.
        threes: 1 for each run that is looked for, in the place that its 15 bits are.
        out: 1 for each text that may have one.
    """
    for row in range(len(offsets) - 1):
        begin = offsets[row]
        key = np.uint32(0)
        found = np.uint8(0)
        for at in range(begin, min(offsets[row + 1], begin + most)):
            key = (key << np.uint32(5) | np.uint32(data[np.uint64(at)]) & np.uint32(31)) & np.uint32(0x7FFF)
            found |= threes[key]
        out[row] = found


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

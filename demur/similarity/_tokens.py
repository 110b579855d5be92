"""Kernels: the bytes of texts to hashes of their words or characters (64 bits; equal hashes are taken as equal)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, kernel
from demur.text.lanes import sort_hashes

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


@inner
def mix(value: np.uint64) -> np.uint64:
    value ^= value >> np.uint64(32)
    value *= np.uint64(0xD6E8FEB86659FD93)
    value ^= value >> np.uint64(32)
    value *= np.uint64(0xD6E8FEB86659FD93)
    return value ^ (value >> np.uint64(32))


@inner
def factor(place: int) -> np.uint64:
    """What the hash of a unit counts at a place of its row."""
    made = (np.uint64(place) * np.uint64(2) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return (made ^ (made >> np.uint64(31))) | np.uint64(1)


@inner
def step(state: np.uint64, value: np.uint64) -> np.uint64:
    return (state ^ value) * np.uint64(0x100000001B3)  # FNV-1a


@inner
def decode(data: Bytes, at: int) -> tuple[np.int64, int]:
    """The code point at a position of valid UTF-8, and its length in bytes."""
    lead = np.int64(data[at])
    if lead < 0x80:
        return lead, 1
    second = np.int64(data[at + 1]) & 0x3F
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | second, 2
    third = np.int64(data[at + 2]) & 0x3F
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | second << 6 | third, 3
    return (lead & 0x07) << 18 | second << 12 | third << 6 | np.int64(data[at + 3]) & 0x3F, 4


@inner
def whole(data: Bytes, first: int, last: int) -> np.uint64:
    """Hash of a text without words: its bytes, white space collapsed and stripped."""
    state = np.uint64(0x51ED270B0F2A6E4D)
    pending = False
    begun = False
    for at in range(first, last):
        byte = data[at]
        if byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31:
            pending = begun
            continue
        if pending:
            state = step(state, np.uint64(32))
        pending = False
        begun = True
        state = step(state, np.uint64(byte))
    return mix(state ^ np.uint64(0x9E3779B97F4A7C15))


@inner
def ascii_words(
    data: Bytes, first: int, last: int, lower: Bytes, out: Hashes, at_out: int, write: bool, most: int
) -> int:
    """Words of an ASCII text, the first `most`, straight from its bytes.

    `lower`: the lower-case word byte, 1 for a joiner, else 0.
    """
    seed = np.uint64(0xCBF29CE484222325)
    state = seed
    count = 0
    in_word = False
    for at in range(first, last):
        byte = lower[data[at]]
        if byte > 1:
            state = step(state, np.uint64(byte))
            in_word = True
        elif in_word:
            if byte == 1 and at + 1 < last and lower[data[at + 1]] > 1:
                continue
            if write:
                out[at_out + count] = mix(state)
            count += 1
            if count == most:
                return count
            state = seed
            in_word = False
    if in_word:
        if write:
            out[at_out + count] = mix(state)
        count += 1
    return count


@inner
def has_words(data: Bytes, first: int, last: int, classes: Bytes) -> bool:
    at = first
    while at < last:
        code, size = decode(data, at)
        if classes[code] == 1 or classes[code] == 2:
            return True
        at += size
    return False


@inner
def unicode_words(data: Bytes, first: int, last: int, classes: Bytes, out: Hashes, at_out: int, write: bool) -> int:
    """Words of a normalised text; a run of an unspaced script gives overlapping pairs of its characters."""
    seed = np.uint64(0xCBF29CE484222325)
    state = seed
    previous = seed
    count = 0
    length = 0
    run = 0  # 0: between words, 1: in a spaced word, 2: in an unspaced run
    at = first
    while at <= last:
        if at < last:
            code, size = decode(data, at)
            kind = classes[code]
            now = 0 if kind == 0 else 1 if kind % 2 == 1 else 2
        else:
            size, now = 1, 0
        if now != run and run != 0:
            if run == 1 or length == 1:
                if write:
                    out[at_out + count] = mix(state)
                count += 1
            state = seed
            length = 0
        if now == 1:
            for byte in range(at, at + size):
                state = step(state, np.uint64(data[byte]))
        elif now == 2:
            state = seed
            for byte in range(at, at + size):
                state = step(state, np.uint64(data[byte]))
            if length > 0:
                if write:
                    out[at_out + count] = mix(previous ^ mix(state))
                count += 1
            previous = state
        if now != 0:
            length += 1
        run = now
        at += size
    return count


@inner
def characters(data: Bytes, first: int, last: int, out: Hashes, at_out: int, write: bool) -> int:
    """Characters of a text but its spaces."""
    count = 0
    at = first
    while at < last:
        code, size = decode(data, at)
        if code != 32:
            if write:
                out[at_out + count] = mix(np.uint64(code) + np.uint64(1))
            count += 1
        at += size
    return count


@kernel
def hash_units(
    data: Bytes,
    offsets: Ints,
    other_data: Bytes,
    other_offsets: Ints,
    other: Ints,
    lower: Bytes,
    classes: Bytes,
    by_character: bool,
    first: int,
    last: int,
    starts: Ints,
    out: Hashes,
    write: bool,
) -> None:
    """Hash the units of rows first..last into `out` at `starts`, or count them into `starts` when not `write`.

    Of a range that begins where `starts` is known, no more than its first need be: the others are written.

    `other[row]` is -1 for an ASCII row, else the row's place in `other_data`, which holds it normalised; -2 is null.
    """
    for row in range(first, last):
        at_out = starts[row] if write else 0
        place = other[row]
        count = 0
        if place == -1:
            a, b = offsets[row], offsets[row + 1]
            count = ascii_words(data, a, b, lower, out, at_out, write, -1)
            if count == 0:
                count = 1
                if write:
                    out[at_out] = whole(data, a, b)
        elif place >= 0:
            a, b = other_offsets[place], other_offsets[place + 1]
            if not has_words(other_data, a, b, classes):
                count = 1
                if write:
                    out[at_out] = whole(other_data, a, b)
            elif by_character:
                count = characters(other_data, a, b, out, at_out, write)
            else:
                count = unicode_words(other_data, a, b, classes, out, at_out, write)
        if write:
            starts[row + 1] = at_out + count
        else:
            starts[row] = count


@kernel
def hash_in_order(units: Hashes, starts: Ints, out: Hashes) -> None:
    """One hash of the units of each row, in order, as `hash_texts` makes it of words; 0 where there are none."""
    for row in range(len(starts) - 1):
        total = np.uint64(0)
        for at in range(starts[row], starts[row + 1]):
            total += units[at] * factor(at - starts[row])
        out[row] = total | np.uint64(1) if starts[row + 1] > starts[row] else np.uint64(0)


@kernel
def hash_texts(
    data: Bytes,
    offsets: Ints,
    other_data: Bytes,
    other_offsets: Ints,
    other: Ints,
    lower: Bytes,
    classes: Bytes,
    most: int,
    first: int,
    last: int,
    out: Hashes,
) -> None:
    """One hash of the first `most` words of rows first..last, in order: a sum in which every place has a factor.

    The rows are as in `hash_units`; a null has 0.
    """
    longest = 0
    for row in range(first, last):
        place = other[row]
        if place == -1:
            longest = max(longest, offsets[row + 1] - offsets[row])
        elif place >= 0:
            longest = max(longest, other_offsets[place + 1] - other_offsets[place])
    words = np.empty(longest + 1, np.uint64)
    for row in range(first, last):
        place = other[row]
        count = 0
        if place == -1:
            a, b = offsets[row], offsets[row + 1]
            count = ascii_words(data, a, b, lower, words, 0, True, most)
            if count == 0:
                count = 1
                words[0] = whole(data, a, b)
        elif place >= 0:
            a, b = other_offsets[place], other_offsets[place + 1]
            if has_words(other_data, a, b, classes):
                count = unicode_words(other_data, a, b, classes, words, 0, True)
            else:
                count = 1
                words[0] = whole(other_data, a, b)
        total = np.uint64(0)
        for at in range(min(count, most)):
            total += words[at] * factor(at)
        out[row] = total | np.uint64(1) if count > 0 else np.uint64(0)


@kernel
def gram_sets(hashes: Hashes, starts: Ints, size: int, first: int, last: int, sizes: Ints, prints: Hashes) -> None:
    """Turn each row's unit hashes, in place, into its sorted set of gram hashes; give its size and a fingerprint."""
    for row in range(first, last):
        begin = starts[row]
        units = starts[row + 1] - begin
        if units == 0:
            sizes[row] = 0
            prints[row] = 0
            continue
        width = min(size, units)
        count = units - width + 1
        for at in range(begin, begin + count):
            gram = np.uint64(0x9E3779B97F4A7C15)
            for unit in range(at, at + width):
                gram = (gram ^ hashes[unit]) * np.uint64(0xFF51AFD7ED558CCD)
                gram ^= gram >> np.uint64(29)
            hashes[at] = gram  # safe: every later gram starts behind this unit
        grams = hashes[begin : begin + count]
        sort_hashes(grams)
        kept = 1
        total = mix(grams[0])
        for at in range(1, count):
            if grams[at] != grams[kept - 1]:
                grams[kept] = grams[at]
                kept += 1
                total += mix(grams[at])
        sizes[row] = kept
        prints[row] = total

"""What the kernels of `_tokens` and `_chars` do, in whole arrays: for small work, and where nothing is compiled.

Slower on much text than compiled code is, and much faster on little than a compiler. The hashes are the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from demur.text.order import stable

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Mask = NDArray[np.bool_]

_SEED = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_BASE = np.uint64(0x9E3779B97F4A7C15)
_GRAM = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)
_FEW = 16  # a step of so many stretches at once costs as much as that of each by itself


def mixed(values: Hashes) -> Hashes:
    """As `_tokens.mix`."""
    made: Hashes = values ^ (values >> _HALF)
    made = made * _MIX
    made ^= made >> _HALF
    made = made * _MIX
    made ^= made >> _HALF
    return made


def stepped(data: Bytes, starts: Ints, lengths: Ints) -> Hashes:
    """The state of FNV-1a after each stretch of bytes: a step for the first byte of all, one for the second, ...

    Stretches that few others are as long as, such as what is no word at all, are walked one by one.
    """
    order = np.argsort(-lengths, kind="stable")
    begins, sizes = starts[order], lengths[order]
    ends = -sizes
    states = np.full(len(starts), _SEED)
    shared = int(sizes[_FEW]) if len(sizes) > _FEW else 0
    for place in range(shared):
        going = int(np.searchsorted(ends, -place, side="left"))
        states[:going] = (states[:going] ^ data[begins[:going] + place]) * _PRIME
    for at, (begin, size) in enumerate(zip(begins[:_FEW].tolist(), sizes[:_FEW].tolist(), strict=True)):
        states[at] = _walked(data[begin + shared : begin + size], int(states[at]))
    made = np.empty_like(states)
    made[order] = states
    return made


def _walked(data: Bytes, state: int) -> int:
    """The state after some more bytes."""
    prime = int(_PRIME)
    for byte in data.tobytes():
        state = (state ^ byte) * prime & 0xFFFFFFFFFFFFFFFF
    return state


def ascii_units(data: Bytes, offsets: Ints, lower: Bytes) -> tuple[Hashes, Ints]:
    """Hashes of the words of ASCII texts, in reading order, and the row of each."""
    base = int(offsets[0])
    kinds = lower[data[base : int(offsets[-1])]]
    if not len(kinds):
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    first = np.zeros(len(kinds) + 1, np.bool_)
    first[offsets[:-1] - base] = True
    letters = kinds > 1
    before = np.concatenate([[False], letters[:-1]]) & ~first[:-1]
    behind = np.concatenate([letters[1:], [False]]) & ~first[1:]
    inside = letters | ((kinds == 1) & before & behind)
    begins = inside & ~(np.concatenate([[False], inside[:-1]]) & ~first[:-1])
    places = np.flatnonzero(letters)
    starts = np.flatnonzero(begins[places])
    lengths = np.diff(np.append(starts, len(places)))
    rows = np.searchsorted(offsets, np.flatnonzero(begins) + base, side="right") - 1
    return mixed(stepped(kinds[places], starts, lengths)), rows


def unicode_units(data: Bytes, offsets: Ints, classes: Bytes) -> tuple[Hashes, Ints, Ints]:
    """Hashes of the words of normalised texts, in reading order, the row of each, and rows without any."""
    whole = data[int(offsets[0]) : int(offsets[-1])]
    codes = np.frombuffer(whole.tobytes().decode().encode("utf-32-le"), np.uint32)
    widths = 1 + (codes >= 0x80) + (codes >= 0x800) + (codes >= 0x10000).astype(np.int64)
    at = np.concatenate([[0], np.cumsum(widths)])
    kinds = classes[codes]
    runs = np.where(kinds == 0, 0, np.where(kinds % 2 == 1, 1, 2))
    rows = np.searchsorted(offsets - offsets[0], at[:-1], side="right") - 1
    known = np.zeros(len(offsets) - 1, np.bool_)
    known[rows[(kinds == 1) | (kinds == 2)]] = True
    runs = np.where(known[rows], runs, 0)
    new = np.ones(len(codes), np.bool_)
    new[1:] = (runs[1:] != runs[:-1]) | (rows[1:] != rows[:-1])
    # a spaced word is one unit; of an unspaced run every two neighbours are, or its only character
    heads = np.flatnonzero(new & (runs == 1))
    ends = np.append(np.flatnonzero(new), len(codes))
    tails = ends[np.searchsorted(ends, heads, side="right")]
    spaced = mixed(stepped(whole, at[heads], at[tails] - at[heads]))
    singles = np.flatnonzero(runs == 2)
    states = stepped(whole, at[singles], widths[singles])
    opens = new[singles]
    alone = opens & np.append(opens[1:], True)
    paired = np.flatnonzero(~opens)
    pairs = mixed(states[paired - 1] ^ mixed(states[paired]))
    place = np.concatenate([heads, singles[alone], singles[paired]])
    order = np.argsort(place, kind="stable")
    hashes = np.concatenate([spaced, mixed(states[alone]), pairs])[order]
    return hashes, rows[place[order]], np.flatnonzero(~known)


def within(sizes: Ints) -> Ints:
    """Places from 0 on, of runs of these sizes."""
    return np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def grams_of(units: Hashes, starts: Ints, size: int) -> tuple[Hashes, Ints]:
    """The grams of `size` units in reading order, and the row of each; a row of fewer units has one gram of them."""
    lengths = np.diff(starts)
    widths = np.minimum(size, lengths)
    counts = np.where(lengths > 0, lengths - widths + 1, 0)
    owners = np.repeat(np.arange(len(lengths)), counts)
    at = starts[owners] + within(counts)
    made = np.full(len(owners), _BASE)
    for unit in range(size):
        there = unit < widths[owners]
        gram = (made[there] ^ units[at[there] + unit]) * _GRAM
        made[there] = gram ^ (gram >> np.uint64(29))
    return made, owners


def ascending(values: Hashes, starts: Ints) -> Hashes:
    """The values of each row in their order; row i's are ``values[starts[i] : starts[i + 1]]``.

    Example:
        >>> ascending(np.array([9, 5, 9, 2, 1], np.uint64), np.array([0, 3, 5])).tolist()
        [5, 9, 9, 1, 2]
    """
    sorted = values.copy()
    lengths = np.diff(starts)
    for size in np.unique(lengths[lengths > 1]).tolist():  # rows of one size at a time
        at = starts[:-1][lengths == size][:, None] + np.arange(size)
        sorted[at] = np.sort(values[at], axis=1)
    return sorted


def gram_sets(units: Hashes, starts: Ints, size: int) -> tuple[Hashes, Ints, Ints, Hashes]:
    """Sets of grams, ascending and distinct: hashes, where each row's begin, how many there are, and their prints."""
    rows = len(starts) - 1
    grams, owners = grams_of(units, starts, size)
    grams = ascending(grams, np.searchsorted(owners, np.arange(rows + 1)))
    new = np.ones(len(grams), np.bool_)
    new[1:] = (grams[1:] != grams[:-1]) | (owners[1:] != owners[:-1])
    grams, owners = grams[new], owners[new]
    sizes = np.bincount(owners, minlength=rows).astype(np.int64)
    places = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed(grams), dtype=np.uint64)])
    return grams, places, sizes, sums[places[1:]] - sums[places[:-1]]


def weighed(one: Sequence[int], other: Sequence[int], weights: Sequence[int], width: int) -> tuple[int, int]:
    """As `_words.weigh_pairs`, of one pair: the words of a text, and of a prompt with their weights."""
    wide = min(width, len(other))
    grams = {tuple(one[at : at + wide]) for at in range(len(one) - wide + 1)}
    covered = edge = 0
    for at in range(len(other) - wide + 1):
        if tuple(other[at : at + wide]) in grams:
            covered += sum(weights[max(edge, at) : at + wide])
            edge = at + wide
    places: defaultdict[int, list[int]] = defaultdict(list)
    for at, word in enumerate(other):
        places[word].append(at)
    longest, runs = 0, dict[int, int]()  # place in the prompt -> words of the run that ends there
    for word in one:
        runs = {at: runs.get(at - 1, 0) + 1 for at in places.get(word, ())}
        longest = max(longest, *runs.values()) if runs else longest
    return covered, longest


def character_grams(codes: Sequence[Hashes]) -> tuple[Hashes, Ints]:
    """Hashes of the 4-grams of each row's characters, in reading order, and where each row's begin."""
    lengths = np.array([max(0, len(each) - 3) for each in codes], np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    flat = np.concatenate([np.empty(0, np.uint64), *codes])
    begins = np.concatenate([[0], np.cumsum([len(each) for each in codes])]).astype(np.int64)[:-1]
    owners = np.repeat(np.arange(len(codes)), lengths)
    at = begins[owners] + np.arange(len(owners)) - starts[owners]
    made = flat[at]
    for ahead in (1, 2, 3):
        made = made * _BASE + flat[at + ahead]
    return mixed(made), starts


def distinct(hashes: Hashes, owners: Ints) -> Ints:
    """The place of the first of every owner's distinct hashes; ordered by owner and hash. Owners ascend.

    Example:
        >>> distinct(np.array([9, 5, 9, 9], np.uint64), np.array([0, 0, 0, 1])).tolist()
        [1, 0, 3]
    """
    if not len(hashes):
        return np.empty(0, np.int64)
    bits = max(1, int(owners[-1]).bit_length())
    begun = hashes >> np.uint64(bits)
    order: Ints = np.argsort(owners.astype(np.uint64) << np.uint64(64 - bits) | begun)
    new = np.ones(len(order), np.bool_)
    new[1:] = owners[1:] != owners[:-1]
    other = hashes[order][1:] != hashes[order][:-1]
    if (other & ~new[1:] & (begun[order][1:] == begun[order][:-1])).any():  # hashes that begin alike
        order = np.lexsort((hashes, owners))
        other = hashes[order][1:] != hashes[order][:-1]
    new[1:] |= other
    first: Ints = np.minimum.reduceat(order, np.flatnonzero(new))
    return first


def bitmap(size: int, *places: Ints) -> Hashes:
    """So many bits, of which those at some places are set."""
    bits = np.zeros(size, np.bool_)
    for each in places:
        bits[each] = True
    return np.packbits(bits, bitorder="little").view(np.uint64)


def slots(keys: Hashes, bits: int) -> Ints:
    """As `_words.slot`."""
    return ((keys * _BASE) >> np.uint64(64 - bits)).astype(np.int64)


def patterns(keys: Hashes) -> Hashes:
    """As `_chars.pattern`."""
    one, low = np.uint64(1), np.uint64(63)
    return one << (keys & low) | one << (keys >> np.uint64(6) & low)


def known(filter: Hashes, bits: int, keys: Hashes) -> Mask:
    """Which keys the filter of a table knows, or others that look like them."""
    wanted = patterns(keys)
    found: Mask = filter[slots(keys, bits - 2)] & wanted == wanted
    return found


def filled_table(keys: Hashes, bits: int) -> tuple[Hashes, Hashes]:
    """Entries and filter of a table, from the keys of its postings, equal ones together.

    Keys are placed by the slot that they belong to: each in its own, or in the next one behind the key before it. The
    few that come to lie behind the end go on at the beginning.
    """
    new = np.ones(len(keys), np.bool_)
    new[1:] = keys[1:] != keys[:-1]
    begins = np.flatnonzero(new)
    counts = np.diff(np.append(begins, len(keys)))
    unique = keys[begins]
    low, words = np.uint64(63), slots(unique, bits - 2) << 6
    bits_of = [words + ((unique >> np.uint64(shift)) & low).astype(np.int64) for shift in (0, 6)]
    filter = bitmap(64 << (bits - 2), *bits_of)
    wanted = slots(unique, bits)
    order = stable(wanted)
    steps = np.arange(len(order))
    places = steps + np.maximum.accumulate(wanted[order] - steps)
    values = begins.astype(np.uint64) << np.uint64(24) | counts.astype(np.uint64)
    entries = np.zeros(2 << bits, np.uint64)
    fits = places < 1 << bits
    entries[2 * places[fits]] = unique[order][fits]
    entries[2 * places[fits] + 1] = values[order][fits]
    free = 0
    for each in order[~fits].tolist():
        while entries[2 * free + 1]:
            free += 1
        entries[2 * free], entries[2 * free + 1] = unique[each], values[each]
    return entries, filter

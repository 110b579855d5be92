"""Kernels: equal sets, how common grams are, and the rare-first prefix that any similar row must share a gram with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, kernel
from demur.text.lanes import ones, sort_ranks

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Bitmaps = NDArray[np.uint64]  # of shape (rows, words)

_BATCH = 1024


@inner
def slot(gram: np.uint64, bits: int) -> np.uint64:
    """The place of a gram in a table of 2**bits places."""
    return (gram * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits)


@inner
def add_up(table: Bytes, places: Ints, count: int, ceiling: int) -> None:
    """Raise the first so many named places by one, up to a ceiling."""
    for at in range(count):
        level = table[places[at]]
        table[places[at]] = level + np.uint8(level < ceiling)


@kernel
def count_rows(
    hashes: Hashes,
    starts: Ints,
    sizes: Ints,
    chosen: Bytes,
    bits: int,
    first: int,
    last: int,
    ceiling: int,
    table: Bytes,
) -> None:
    """Count the rows of each gram into table slots first..last, up to a ceiling.

    Every caller owns its slots, so that several may count into one table. Grams that share a slot are counted together:
    an upper bound, which is all that the order and the removal of single grams need.
    """
    # Own slots are gathered without a branch and counted in batches: an unpredictable branch for every gram costs more
    # than the reading that owners repeat.
    batch = np.empty(_BATCH + 1, np.int64)
    waiting = 0
    for row in range(len(sizes)):
        if chosen[row] == 0:
            continue
        for at in range(starts[row], starts[row] + sizes[row]):
            place = np.int64(slot(hashes[at], bits))
            batch[waiting] = place
            waiting += int(place >= first) & int(place < last)
            if waiting == _BATCH:
                add_up(table, batch, waiting, ceiling)
                waiting = 0
    add_up(table, batch, waiting, ceiling)


@kernel
def count_common(
    hashes: Hashes, starts: Ints, sizes: Ints, chosen: Bytes, bits: int, stride: int, ceiling: int, table: Bytes,
    common: Hashes, before: Ints, counts: Ints,
) -> None:  # fmt: skip
    """Count the rows of grams in slots at the table's ceiling, in every stride-th row, into a place for each such slot.

    `common` has a bit for every slot, set for those at the ceiling, and `before` how many stand before each word.
    """
    for row in range(0, len(sizes), stride):
        if chosen[row] == 0:
            continue
        for at in range(starts[row], starts[row] + sizes[row]):
            place = slot(hashes[at], bits)
            if table[place] >= ceiling:
                word, bit = place >> np.uint64(6), np.uint64(1) << (place & np.uint64(63))
                counts[before[word] + ones(common[word] & (bit - np.uint64(1)))] += 1


@inner
def at_least(share: float, size: int) -> int:
    """The smallest integer that is not below share * size, one rounding error forgiven downwards."""
    return int(np.ceil(share * size - 1e-9))


@kernel
def count_prefixes(
    hashes: Hashes, starts: Ints, sizes: Ints, chosen: Bytes, table: Bytes, bits: int, alone: int, threshold: float,
    first: int, last: int, lengths: Ints,
) -> None:  # fmt: skip
    """The length of each row's prefix, less the grams that at most `alone` rows have: those cannot be shared."""
    for row in range(first, last):
        lengths[row] = 0
        if chosen[row] == 0:
            continue
        size = sizes[row]
        prefix = size - at_least(threshold, size) + 1
        single = 0
        for at in range(starts[row], starts[row] + size):
            single += int(table[slot(hashes[at], bits)] <= alone)
        lengths[row] = max(0, prefix - single) if size > 0 else 0


@kernel
def fill_prefixes(
    hashes: Hashes, starts: Ints, sizes: Ints, table: Bytes, bits: int, alone: int, first: int, last: int,
    lengths: Ints, places: Ints, keys: Hashes, rows: Ints, positions: Ints,
    bitmaps: Bitmaps,
) -> None:  # fmt: skip
    """Write each row's postings at `places`: key (rarity, then hash), row, and position in the row's rare-first order.

    A row's bitmap, of a power of two of words, has one bit set for every gram.
    """
    words = np.uint64(bitmaps.shape[1] - 1)
    for row in range(first, last):
        length = lengths[row]
        if length == 0:
            continue
        size = sizes[row]
        shared = np.empty(size + 1, np.uint64)
        found = 0
        for at in range(starts[row], starts[row] + size):
            word = (hashes[at] >> np.uint64(6)) & words
            bitmaps[row, word] |= np.uint64(1) << (hashes[at] & np.uint64(63))
            level = table[slot(hashes[at], bits)]
            shared[found] = np.uint64(level) << np.uint64(56) | hashes[at] >> np.uint64(8)
            found += int(level > alone)
        order = shared[:found]
        sort_ranks(order)
        begin = places[row]
        for at in range(length):
            keys[begin + at] = order[at]
            rows[begin + at] = row
            positions[begin + at] = size - found + at


@kernel
def equal_sets(hashes: Hashes, starts: Ints, sizes: Ints, rows: Ints, twins: Ints, equal: NDArray[np.bool_]) -> None:
    """Whether the two rows of each pair have the same set."""
    for pair in range(len(rows)):
        row, twin = rows[pair], twins[pair]
        same = sizes[row] == sizes[twin]
        for at in range(sizes[row] if same else 0):
            if hashes[starts[row] + at] != hashes[starts[twin] + at]:
                same = False
                break
        equal[pair] = same

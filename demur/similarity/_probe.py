"""Kernel: rows of one side against an index of the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.similarity.match import grown, ones, overlap
from demur.similarity.prefix import at_least, slot
from demur.text.compiled import inner, kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


@inner
def lower_bound(values: Hashes, value: np.uint64, first: int, last: int) -> int:
    """The first place from `first` on whose value is not smaller, or `last`; the values ascend."""
    while first < last:
        middle = (first + last) // 2
        if values[middle] < value:
            first = middle + 1
        else:
            last = middle
    return first


@kernel
def probe(
    hashes: Hashes, starts: Ints, sizes: Ints, other_hashes: Hashes, other_starts: Ints, other_sizes: Ints,
    table: Bytes, bits: int, keys: Hashes, rows: Ints, positions: Ints, groups: Ints, bitmaps: Hashes,
    threshold: float, best: bool, first: int, last: int,
) -> tuple[Ints, Ints, Ints]:  # fmt: skip
    """Pairs of a row first..last with an indexed row of the other side: rows, twins, sizes of overlaps.

    The postings hold the other side's prefixes, by key, then by the size of their row (a group, of which every posting
    knows the end), then by position; with each is its row's bitmap. `table` is that side's rarity: level 0 is a gram it
    lacks. Sizes that cannot be similar are stepped over, and so are positions that leave no room for enough overlap.
    With `best`, of a row's pairs only the most similar, the first one of equals.
    """
    found_rows = np.empty(64, np.int64)
    found_twins = np.empty(64, np.int64)
    found_common = np.empty(64, np.int64)
    found = 0
    met = np.empty(64, np.int64)
    share = threshold / (1.0 + threshold)
    for row in range(first, last):
        size = sizes[row]
        grams = hashes[starts[row] : starts[row] + size]
        known = 0
        bitmap = np.uint64(0)
        for gram in grams:
            bitmap |= np.uint64(1) << (gram & np.uint64(63))
            known += int(table[slot(gram, bits)] > 0)
        prefix = known - at_least(threshold, size) + 1
        if known == 0 or prefix <= 0:
            continue
        present = np.empty(known, np.uint64)
        at = 0
        for gram in grams:
            level = table[slot(gram, bits)]
            if level > 0:
                present[at] = np.uint64(level) << np.uint64(56) | gram >> np.uint64(8)
                at += 1
        present.sort()
        candidates = 0
        at = 0
        for place in range(prefix):
            at = lower_bound(keys, present[place], at, len(keys))
            while at < len(keys) and keys[at] == present[place]:
                twin_size = other_sizes[rows[at]]
                need = at_least(share, size + twin_size)
                end = groups[at]
                # The pair's first common gram leaves at most this many common ones, itself included.
                if min(known - place, size, twin_size) >= need:
                    # Every bit in which the bitmaps differ stands for a gram that only one of the rows has.
                    most = size + twin_size - 2 * need
                    while at < end and positions[at] <= twin_size - need:
                        if ones(bitmaps[at] ^ bitmap) <= most:
                            if candidates == len(met):
                                met = grown(met)
                            met[candidates] = rows[at]
                            candidates += 1
                        at += 1
                at = end
        if candidates > 1:
            met[:candidates].sort()
        least = threshold  # what a pair has to reach
        begun = found
        for at in range(candidates):
            twin = met[at]
            if at > 0 and met[at - 1] == twin:
                continue
            twin_size = other_sizes[twin]
            twin_grams = other_hashes[other_starts[twin] : other_starts[twin] + twin_size]
            common = overlap(grams, twin_grams, at_least(least / (1.0 + least), size + twin_size))
            if common < 0 or common / (size + twin_size - common) < least:
                continue
            if best and found > begun:
                if common / (size + twin_size - common) == least:
                    continue
                found = begun
            if found == len(found_rows):
                found_rows, found_twins, found_common = grown(found_rows), grown(found_twins), grown(found_common)
            found_rows[found] = row
            found_twins[found] = twin
            found_common[found] = common
            found += 1
            if best:
                least = common / (size + twin_size - common)
    return found_rows[:found], found_twins[:found], found_common[:found]

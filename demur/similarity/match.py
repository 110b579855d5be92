"""Kernels: candidates from postings, of one collection or of two, checked by the real overlap; and union-find."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, kernel
from demur.text.lanes import ones, sort_ranks

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Bitmaps = NDArray[np.uint64]  # of shape (rows, words)


@inner
def find(parents: Ints, node: int) -> int:
    """The root of a node; the path to it is halved."""
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


@inner
def unite(parents: Ints, one: int, two: int) -> None:
    """Join two components; the smaller root stays, so a root is its component's smallest member."""
    a, b = find(parents, one), find(parents, two)
    if a < b:
        parents[b] = a
    elif b < a:
        parents[a] = b


@inner
def overlap(one: Hashes, two: Hashes, need: int) -> int:
    """The number of common values of two ascending sets, or -1 as soon as `need` cannot be reached."""
    i = 0
    j = 0
    common = 0
    while i < len(one) and j < len(two):
        if one[i] == two[j]:
            common += 1
            i += 1
            j += 1
        elif one[i] < two[j]:
            i += 1
            if common + len(one) - i < need:
                return -1
        else:
            j += 1
            if common + len(two) - j < need:
                return -1
    return common


@inner
def met_before(keys: Hashes, one: int, one_last: int, two: int, two_last: int) -> bool:
    """Whether two ascending runs of prefix keys share one before the given ends: then the pair was looked at there."""
    while one < one_last and two < two_last:
        if keys[one] == keys[two]:
            return True
        if keys[one] < keys[two]:
            one += 1
        else:
            two += 1
    return False


@inner
def unlike(bitmaps: Bitmaps, one: int, others: Bitmaps, two: int, most: int) -> bool:
    """Whether the bitmaps of two rows differ in more bits than given.

    Every bit in which they differ stands for a gram that only one of the rows has.
    """
    differ = 0
    for word in range(bitmaps.shape[1]):
        differ += ones(bitmaps[one, word] ^ others[two, word])
        if differ > most:
            return True
    return False


@inner
def put(kept: list[Ints], at: int, one: int, two: int, common: int) -> None:
    """Put a pair and its overlap at a place of the three columns in a list, which grow.

    They are in a list because of an array that is assigned anew in a loop numba counts at every turn who holds it.
    """
    if at == kept[0].shape[1]:
        more = np.empty((3, 2 * at), np.int64)
        more[:, :at] = kept[0]
        kept[0] = more
    pairs = kept[0]
    pairs[0, at], pairs[1, at], pairs[2, at] = one, two, common


@inner
def block_end(ends: Ints, order: Ints, rows: Ints, parents: Ints, at: int, last: int) -> int:
    """The first posting behind `at` (before `last`) whose row is in another component; remembered in `ends`.

    Components only grow, so a block of postings that are in one component is never split again.
    """
    root = find(parents, rows[order[at]])
    end = max(int(ends[at]), at + 1)
    while end < last and find(parents, rows[order[end]]) == root:
        end = max(int(ends[end]), end + 1)
    end = min(end, last)
    ends[at] = end
    return end


@kernel
def match_within(
    hashes: Hashes, starts: Ints, sizes: Ints, places: Ints, keys: Hashes, rows: Ints, positions: Ints, order: Ints,
    bitmaps: Bitmaps, threshold: float, forest: bool, parents: Ints, work: Ints,
) -> tuple[Ints, Ints, Ints]:  # fmt: skip
    """Pairs of rows at or above the threshold, each once: rows, twins, and the sizes of their overlaps.

    `order` lists postings by key (a run), then by the size of their row (a group), then by position. Of two rows the
    one that comes first needs a common gram in its shorter index prefix; the sizes bound how far back to look; and in a
    group, a position too far back to leave room for enough overlap ends the group. With `forest`, whole blocks of rows
    that are connected to the row at hand are stepped over. `work` counts candidates and verifications.
    """
    kept = [np.empty((3, 64), np.int64)]
    found = 0
    indexed = 2.0 * threshold / (1.0 + threshold)
    share = threshold / (1.0 + threshold)
    ends = np.zeros(len(order), np.int64)
    groups = np.empty(len(order) + 1, np.int64)  # where each posting's group ends
    begin = 0
    while begin < len(order):
        key = keys[order[begin]]
        end = begin + 1
        while end < len(order) and keys[order[end]] == key:
            end += 1
        groups[end - 1] = end
        for at in range(end - 2, begin - 1, -1):
            groups[at] = groups[at + 1] if sizes[rows[order[at]]] == sizes[rows[order[at + 1]]] else at + 1
        window = begin
        for y in range(begin + 1, end):
            large = rows[order[y]]
            large_size = sizes[large]
            large_room = large_size - positions[order[y]]
            while sizes[rows[order[window]]] < threshold * large_size - 1e-9:
                window = groups[window]
            x = window
            while x < y:
                small = rows[order[x]]
                small_size = sizes[small]
                need = at_least(share, small_size + large_size)
                if large_room < need:  # groups further on are larger and need more
                    break
                last_place = small_size - max(need, at_least(indexed, small_size))
                last = min(groups[x], y)
                while x < last:
                    small = rows[order[x]]
                    work[0] += 1
                    if positions[order[x]] > last_place:
                        break
                    if forest and find(parents, small) == find(parents, large):
                        x = block_end(ends, order, rows, parents, x, last)
                        continue
                    x += 1
                    if unlike(bitmaps, small, bitmaps, large, small_size + large_size - 2 * need):
                        continue
                    if met_before(keys, places[small], order[x - 1], places[large], order[y]):
                        continue
                    work[1] += 1
                    a, b = starts[small], starts[large]
                    common = overlap(hashes[a : a + small_size], hashes[b : b + large_size], need)
                    if common < 0 or common / (small_size + large_size - common) < threshold:
                        continue
                    if forest:
                        unite(parents, small, large)
                    put(kept, found, max(small, large), min(small, large), common)
                    found += 1
                x = last
        begin = end
    pairs = kept[0][:, :found]
    return pairs[0], pairs[1], pairs[2]


@inner
def slot(gram: np.uint64, bits: int) -> np.uint64:
    """As in `demur.similarity.prefix`."""
    return (gram * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits)


@inner
def at_least(share: float, size: int) -> int:
    """The smallest integer that is not below share * size, one rounding error forgiven downwards."""
    return int(np.ceil(share * size - 1e-9))


@inner
def first_posting(keys: Hashes, rows: Ints, sizes: Ints, key: np.uint64, least: int, low: int) -> int:
    """The first posting from `low` on with a larger key, or with this one and a row of at least that size."""
    high = len(keys)
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < key or (keys[middle] == key and sizes[rows[middle]] < least):
            low = middle + 1
        else:
            high = middle
    return low


@inner
def next_alike(words: Hashes, word: np.uint64, most: int, positions: Ints, furthest: int, at: int, end: int) -> int:
    """The first posting from `at` on whose word differs in at most so many bits; `end` if none is near enough."""
    while at < end:
        if positions[at] > furthest:
            return end
        if ones(words[at] ^ word) <= most:
            return at
        at += 1
    return end


@inner
def behind(positions: Ints, at: int, end: int) -> int:
    """The first posting of a group, which ends at `end`, with a later position than the one at `at`."""
    low = at + 1
    while low < end:
        middle = (low + end) // 2
        if positions[middle] > positions[at]:
            end = middle
        else:
            low = middle + 1
    return low


@kernel
def probe(
    hashes: Hashes, starts: Ints, sizes: Ints, apart: Hashes,
    other_hashes: Hashes, other_starts: Ints, other_sizes: Ints, other_apart: Hashes,
    table: Bytes, bits: int, keys: Hashes, rows: Ints, positions: Ints, groups: Ints, words: Hashes, bitmaps: Bitmaps,
    threshold: float, best: bool, first: int, last: int,
) -> tuple[Ints, Ints, Ints]:  # fmt: skip
    """Pairs of a row first..last with an indexed row of the other side: rows, twins, sizes of overlaps.

    The postings hold the other side's prefixes, by key, then by the size of their row (a group, of which every posting
    knows the end), then by position, then by row; `words` has the first word of each one's bitmap. `table` is that
    side's rarity: level 0 is a gram it lacks. Sizes that cannot be similar are stepped over, and so are positions that
    leave no room for enough overlap. Rows with the same key in `apart` (0: none) are no pair.

    With `best`, of a row's pairs only the most similar, the first one of equals: once there is a pair, later ones need
    as much, or more if their twin is no earlier one. So of the texts of one template few are looked at.
    """
    kept = [np.empty((3, 64), np.int64)]
    found = 0
    mine = np.zeros((1, bitmaps.shape[1]), np.uint64)  # the bitmap of the row at hand
    judged = np.full(len(other_sizes), -1, np.int32)  # for each indexed row, the last row that it was compared with
    for row in range(first, last):
        size = sizes[row]
        grams = hashes[starts[row] : starts[row] + size]
        known = 0
        mine[:] = 0
        for gram in grams:
            word = (gram >> np.uint64(6)) & np.uint64(bitmaps.shape[1] - 1)
            mine[0, word] |= np.uint64(1) << (gram & np.uint64(63))
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
        sort_ranks(present)
        begun, first_twin = found, np.int64(0)
        least, share = threshold, threshold / (1.0 + threshold)  # what a pair has to reach
        at = 0
        for place in range(prefix):
            at = first_posting(keys, rows, other_sizes, present[place], at_least(least, size), at)
            while at < len(keys) and keys[at] == present[place]:
                twin_size = other_sizes[rows[at]]
                both = size + twin_size
                need = at_least(share, both)
                # The pair's first common gram leaves at most this many common ones, itself included.
                room = min(known - place, size)
                if need > room:  # groups further on are larger and need more
                    break
                end = groups[at]
                while need <= room:
                    at = next_alike(words, mine[0, 0], both - 2 * need, positions, twin_size - need, at, end)
                    if at == end:
                        break
                    twin = rows[at]
                    enough = need
                    if best and found > begun and twin >= first_twin:
                        enough += int(need / (both - need) <= least)
                        if enough > min(room, twin_size - positions[at]):  # nor is any later row of this position
                            at = behind(positions, at, end)
                            continue
                    at += 1
                    if judged[twin] == row - first:
                        continue
                    judged[twin] = row - first
                    if apart[row] == other_apart[twin] and apart[row] != 0:
                        continue
                    if bitmaps.shape[1] > 1 and unlike(mine, 0, bitmaps, twin, both - 2 * enough):
                        continue
                    begin = other_starts[twin]
                    common = overlap(grams, other_hashes[begin : begin + twin_size], enough)
                    if common < 0 or common / (both - common) < least:
                        continue
                    if best:
                        found, first_twin = begun, twin
                        least = common / (both - common)
                        share = least / (1.0 + least)
                        need = at_least(share, both)
                    put(kept, found, row, twin, common)
                    found += 1
                at = end
        if found - begun > 1:
            pairs = kept[0][1:, begun:found]
            order = np.argsort(pairs[0])
            for column in range(2):
                pairs[column] = pairs[column][order]
    pairs = kept[0][:, :found]
    return pairs[0], pairs[1], pairs[2]


@kernel
def connect(rows: Ints, twins: Ints, parents: Ints) -> None:
    """Unite the two ends of every edge, then point every node at its component's smallest member."""
    for edge in range(len(rows)):
        unite(parents, rows[edge], twins[edge])
    for node in range(len(parents)):
        parents[node] = find(parents, node)

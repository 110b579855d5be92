"""The kernels of `prefix` and `match` in whole arrays: for small work, and where nothing is compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from demur.similarity._plain import slots, within

if TYPE_CHECKING:
    from demur.similarity.sets import GramSets

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

ROWS, PAIRS, BLOCK = 1024, 1 << 20, 1 << 14
"""Rows that are probed at a time, pairs of one join that are looked at, and pairs whose grams are compared at a time:
what they hold has to fit into memory."""


def at_least(share: float, sizes: Ints) -> Ints:
    """As `prefix.at_least`."""
    made: Ints = np.ceil(share * sizes - 1e-9).astype(np.int64)
    return made


def counted(sets: GramSets, chosen: Bytes, bits: int, stride: int = 1) -> Ints:
    """How many of every stride-th row, those that are chosen, have a gram in each slot."""
    grams, owners = sets.flat()
    mine = (chosen[owners] > 0) & (owners % stride == 0)
    return np.bincount(slots(grams[mine], bits), minlength=1 << bits)


def prefixes(
    sets: GramSets, chosen: Bytes, table: Bytes, bits: int, alone: int, threshold: float, words: int
) -> tuple[Ints, Hashes, Ints, Ints, Hashes]:
    """As `prefix.count_prefixes` and `prefix.fill_prefixes`: places, keys, rows, positions, bitmaps."""
    grams, owners = sets.flat()
    levels = table[slots(grams, bits)]
    shared = levels > alone
    found = np.bincount(owners[shared], minlength=len(sets))
    lengths = np.maximum(found - at_least(threshold, sets.sizes) + 1, 0)
    lengths[(chosen == 0) | (sets.sizes == 0)] = 0
    mine = lengths[owners] > 0
    bitmaps = np.zeros((len(sets), words), np.uint64)
    word = (grams[mine] >> np.uint64(6)) & np.uint64(words - 1)
    np.bitwise_or.at(bitmaps, (owners[mine], word), np.uint64(1) << (grams[mine] & np.uint64(63)))
    keys, rows, ranks = _rare_first(grams, owners, levels, shared & mine)
    first = ranks < lengths[rows]
    keys, rows, ranks = keys[first], rows[first], ranks[first]
    places = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return places, keys, rows, sets.sizes[rows] - found[rows] + ranks, bitmaps


def _rare_first(grams: Hashes, owners: Ints, levels: Bytes, mine: NDArray[np.bool_]) -> tuple[Hashes, Ints, Ints]:
    """Keys (rarity, then hash) of some grams, ascending in each row; the rows, and the keys' places in them."""
    keys = levels[mine].astype(np.uint64) << np.uint64(56) | grams[mine] >> np.uint64(8)
    order = np.lexsort((keys, owners[mine]))
    rows = owners[mine][order]
    return keys[order], rows, np.arange(len(rows)) - np.searchsorted(rows, rows)


def matched(
    sets: GramSets, keys: Hashes, rows: Ints, positions: Ints, threshold: float
) -> tuple[Ints, Ints, Ints, int] | None:
    """As `match.match_within` of all pairs, and how many there were to look at; None where they are too many.

    Postings are ordered by key, then by the size of their row.
    """
    places = np.arange(len(keys))
    earlier = places - np.searchsorted(keys, keys)
    if earlier.sum() > PAIRS:
        return None
    two = np.repeat(places, earlier)
    one = two - 1 - within(earlier)
    small, large = sets.sizes[rows[one]], sets.sizes[rows[two]]
    need = at_least(threshold / (1.0 + threshold), small + large)
    last = small - np.maximum(need, at_least(2.0 * threshold / (1.0 + threshold), small))
    room = (small >= threshold * large - 1e-9) & (large - positions[two] >= need) & (positions[one] <= last)
    ends = rows[one[room]], rows[two[room]]
    later, sooner = np.divmod(np.unique(np.maximum(*ends) * len(sets) + np.minimum(*ends)), max(1, len(sets)))
    common = overlaps(sets, later, sets, sooner)
    near = common / (sets.sizes[later] + sets.sizes[sooner] - common) >= threshold
    return later[near], sooner[near], common[near], len(later)


def probe(
    sets: GramSets, apart: Hashes, mine: GramSets, other_apart: Hashes, table: Bytes, bits: int,
    keys: Hashes, rows: Ints, positions: Ints, threshold: float, best: bool,
) -> tuple[Ints, Ints, Ints] | None:  # fmt: skip
    """As `match.probe`, of all rows; None where there is too much to look at, as between texts of one template."""
    nothing = np.zeros(0, np.int64)
    parts, left = [(nothing, nothing, nothing)], 2 * PAIRS
    for first in range(0, len(sets), ROWS):
        here, places, known, begins, counts = _asked(
            sets, table, bits, keys, threshold, first, min(first + ROWS, len(sets))
        )
        left -= int(counts.sum())
        if left < 0:
            return None
        at = np.repeat(begins, counts) + within(counts)
        here, places, twins = np.repeat(here, counts), np.repeat(places, counts), rows[at]
        size, twin_size = sets.sizes[here], mine.sizes[twins]
        need = at_least(threshold / (1.0 + threshold), size + twin_size)
        room = np.minimum(known[here] - places, twin_size - positions[at]) >= need
        room &= np.minimum(size, twin_size) >= need
        pairs = np.unique(here[room] * len(mine) + twins[room])
        here, twins = np.divmod(pairs, max(1, len(mine)))
        fits = (apart[here] != other_apart[twins]) | (apart[here] == 0)
        here, twins = here[fits], twins[fits]
        common = overlaps(sets, here, mine, twins)
        whole = sets.sizes[here] + mine.sizes[twins] - common
        near = common / whole >= threshold
        if best:
            near[near] = _nearest(here[near], common[near] / whole[near])
        parts.append((here[near], twins[near], common[near]))
    one, two, three = (np.concatenate(column) for column in zip(*parts, strict=True))
    return one, two, three


def _asked(
    sets: GramSets, table: Bytes, bits: int, keys: Hashes, threshold: float, first: int, last: int
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """The prefixes of some rows, key by key, as the other side has them.

    Returns:
        The row of each key and its place in that row, how many grams known on the other side every row has, where the
        postings of the key begin there, and how many there are.
    """
    grams, owners = sets.flat(first, last)
    levels = table[slots(grams, bits)]
    known = np.bincount(owners[levels > 0], minlength=last)
    prefix = known - at_least(threshold, sets.sizes[:last]) + 1
    asked, here, places = _rare_first(grams, owners, levels, levels > 0)
    rare = places < prefix[here]
    asked, here, places = asked[rare], here[rare], places[rare]
    begins = np.searchsorted(keys, asked, side="left")
    return here, places, known, begins, np.searchsorted(keys, asked, side="right") - begins


def _nearest(rows: Ints, similarity: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Of pairs in order of their rows the most similar of each row, the first one of equals."""
    order = np.lexsort((-similarity, rows))
    first = np.zeros(len(order), np.bool_)
    first[order[np.diff(rows[order], prepend=-1) > 0]] = True
    return first


def overlaps(sets: GramSets, rows: Ints, others: GramSets, twins: Ints) -> Ints:
    """The number of common grams of each pair of sets."""
    parts = (slice(at, at + BLOCK) for at in range(0, len(rows), BLOCK))
    found = [_overlaps(sets, rows[part], others, twins[part]) for part in parts]
    return np.concatenate([np.zeros(0, np.int64), *found])


def _overlaps(sets: GramSets, rows: Ints, others: GramSets, twins: Ints) -> Ints:
    sizes = sets.sizes[rows]
    pairs = np.repeat(np.arange(len(rows)), sizes)
    grams = sets.hashes[sets.starts[rows][pairs] + within(sizes)]
    low = others.starts[twins][pairs]
    ends = low + others.sizes[twins][pairs]
    high = ends.copy()
    while (open := low < high).any():  # a binary search for every gram at once
        middle = (low + high) // 2
        above = open & (others.hashes[np.minimum(middle, len(others.hashes) - 1)] < grams)
        low = np.where(above, middle + 1, low)
        high = np.where(open & ~above, middle, high)
    there = low < ends
    there[there] = others.hashes[low[there]] == grams[there]
    return np.bincount(pairs[there], minlength=len(rows))

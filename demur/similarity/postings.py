"""The rare-first prefixes of gram sets: how common grams are, and the postings through which similar rows meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demur.similarity import _arrays
from demur.similarity.prefix import count_common, count_prefixes, count_rows, equal_sets, fill_prefixes
from demur.similarity.sets import GramSets
from demur.text.compiled import interpreted, over_parts, over_rows, thread_count
from demur.text.order import stable

Ints = NDArray[np.int64]
Mask = NDArray[np.uint8]

# Up to here a table slot counts rows exactly; above are 64 levels, a factor of 2 ** (1/3) each.
_EXACT_COUNTS = 191
# Rows of more grams than this set nearly all of 64 bits.
_CROWDED = 64


@dataclass(frozen=True, slots=True)
class Rarity:
    """A level for every gram, by the number of rows that have it: one of 2 ** bits slots, chosen by its hash."""

    table: NDArray[np.uint8]
    bits: int


@dataclass(frozen=True, slots=True)
class Postings:
    """The prefix grams of rows, row by row: row i's begin at ``places[i]``.

    Attributes:
        places: n + 1 positions.
        keys: rarity level and hash; ascending within a row.
        rows: the row of each posting.
        positions: the gram's place in the row's rare-first order.
        bitmaps: of shape (rows, words): a word of 64 bits, or eight where sets are large, of which every gram sets one
            bit; only for rows with postings.
    """

    places: Ints
    keys: NDArray[np.uint64]
    rows: Ints
    positions: Ints
    bitmaps: NDArray[np.uint64]

    def in_order(self, sizes: Ints) -> Ints:
        """Their places by key, then by the size of their row (given for all rows), then by position."""
        order = stable(sizes[self.rows] << 32 | self.positions)
        return order[stable(self.keys[order])]


def equal_rows(sets: GramSets) -> tuple[Ints, Ints, Mask]:
    """Rows whose set a smaller row has too, the smallest such row, and a mask of the rows that are left for joining."""
    order = np.argsort(sets.prints, kind="stable")
    prints = sets.prints[order]
    new = np.ones(len(order), bool)
    np.not_equal(prints[1:], prints[:-1], out=new[1:])
    smallest = order[np.flatnonzero(new)][np.cumsum(new) - 1]
    again = ~new & (sets.sizes[order] > 0)
    rows, twins = order[again], smallest[again]
    equal = np.empty(len(rows), np.bool_)
    # Two sets with one fingerprint but different grams stay apart; the join will judge them.
    equal_sets(sets.hashes, sets.starts, sets.sizes, rows, twins, equal)
    chosen = (sets.sizes > 0).astype(np.uint8)
    chosen[rows[equal]] = 0
    return rows[equal], twins[equal], chosen


def measure_rarity(sets: GramSets, chosen: Mask, threads: int | None = None) -> Rarity:
    """Count the rows of every gram; the commonest are ordered by a sample of rows, since any fixed order is correct."""
    total = len(sets.hashes)
    bits = min(30, max(12, int(total).bit_length() + 1))
    stride = max(1, total >> 22)
    if interpreted():
        counts = _arrays.counted(sets, chosen, bits)
        table = np.minimum(counts, _EXACT_COUNTS + 1).astype(np.uint8)
        common = np.flatnonzero(counts > _EXACT_COUNTS)
        if stride > 1:
            counts = _arrays.counted(sets, chosen, bits, stride)
        _level(table, common, counts[common], stride)
        return Rarity(table, bits)
    table = np.zeros(1 << bits, np.uint8)
    fixed = (sets.hashes, sets.starts, sets.sizes, chosen, bits)
    owners = thread_count(threads) if total > 1 << 16 else 1
    edges = [(part << bits) // owners for part in range(owners + 1)]
    over_parts(lambda part: count_rows(*fixed, edges[part], edges[part + 1], _EXACT_COUNTS + 1, table), owners)
    high = table > _EXACT_COUNTS
    common = np.flatnonzero(high)
    if len(common):
        words = np.packbits(high, bitorder="little").view(np.uint64)
        inside = np.bitwise_count(words)
        before = np.cumsum(inside, dtype=np.int64) - inside
        counts = np.zeros(len(common), np.int64)
        count_common(*fixed, stride, _EXACT_COUNTS + 1, table, words, before, counts)
        _level(table, common, counts, stride)
    return Rarity(table, bits)


def _level(table: NDArray[np.uint8], common: Ints, counts: Ints, stride: int) -> None:
    """Order the common slots by the rows of a sample."""
    levels = np.log2(np.maximum(counts * stride / (_EXACT_COUNTS + 1), 1)) * 3
    table[common] = _EXACT_COUNTS + 1 + np.minimum(levels.astype(np.int64), 63)


def prefixes(
    sets: GramSets, chosen: Mask, rarity: Rarity, threshold: float, *, alone: int, threads: int | None = None
) -> Postings:
    """The prefix grams of the chosen rows that more than `alone` rows have.

    A row of k grams that shares ceil(threshold * k) of them with another shares one of its k - ceil(threshold * k) + 1
    rarest.
    """
    words = 1 if sets.sizes.sum() <= _CROWDED * len(sets) else 8
    if interpreted():
        return Postings(*_arrays.prefixes(sets, chosen, rarity.table, rarity.bits, alone, float(threshold), words))
    fixed = (sets.hashes, sets.starts, sets.sizes)
    table = (rarity.table, rarity.bits, alone)
    lengths = np.empty(len(sets), np.int64)
    over_rows(lambda a, b: count_prefixes(*fixed, chosen, *table, float(threshold), a, b, lengths), len(sets), threads)
    places = np.zeros(len(sets) + 1, np.int64)
    np.cumsum(lengths, out=places[1:])
    keys = np.empty(places[-1], np.uint64)
    rows = np.empty(places[-1], np.int64)
    positions = np.empty(places[-1], np.int64)
    bitmaps = np.zeros((len(sets), words), np.uint64)
    filled = (lengths, places, keys, rows, positions, bitmaps)
    over_rows(lambda a, b: fill_prefixes(*fixed, *table, a, b, *filled), len(sets), threads)
    return Postings(places, keys, rows, positions, bitmaps)

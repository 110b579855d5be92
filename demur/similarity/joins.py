"""Exact set-similarity joins: every pair of texts at or above a threshold, and no other.

A pair at Jaccard >= t has to share one of the rarest few grams of both rows (the prefix filter), at positions that
leave room for enough overlap (the positional filter), and its sizes differ by at most the factor t (the length filter);
what is left is checked by the real overlap (AllPairs, PPJoin: Bayardo et al. 2007, Xiao et al. 2008), unless bitmaps of
the rows already differ in too many bits (bitmap filter: Sandes et al. 2020). Nothing is random.

Work is bounded where texts repeat each other. Rows with equal sets are one row. Postings of one gram are ordered by
size and position, so that scanning stops at the first that leaves no room. In "forest" mode rows that are already
connected are stepped over by the block: rows that fill a few slots of a template cost a few verifications each, however
many they are. Of two collections, where of each row the most similar twin is wanted, few of a template are compared.
(Rows made to lie just below the threshold of each other stay quadratic, as for any exact join.)

Many rows are joined in one pass that keeps no sets (`demur.similarity.onepass`), with the same pairs.

Grams are compared by 64-bit hashes: two different grams of 10^9 collide with probability about 0.03.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.similarity import _arrays, onepass
from demur.similarity.evidence import check_threshold, evidence
from demur.similarity.match import match_within, probe
from demur.similarity.postings import Rarity, equal_rows, measure_rarity, prefixes
from demur.similarity.sets import GramSets, build
from demur.similarity.views import GRAM_SIZE, View, check_view
from demur.text.arrays import Texts, as_array
from demur.text.compiled import gather_rows, interpreted, outgrow

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

#: Texts are read in slices of so many rows where only the other side has to stay in memory.
SLICE = 1 << 17


@dataclass(slots=True)
class Work:
    """What a join had to do, for benchmarks and for the tests of its bound."""

    postings: int = 0
    candidates: int = 0
    verified: int = 0


def self_join(
    texts: Texts,
    *,
    view: View,
    threshold: float,
    pairs: Literal["all", "forest"] = "all",
    threads: int | None = None,
    work: Work | None = None,
) -> pa.Table:
    """All pairs of similar texts.

    Rows with equal gram sets are linked to the smallest of them only (similarity 1.0), and other pairs are stated
    between those smallest rows, so copies do not make the output quadratic and the components are those of all pairs.

    Args:
        texts: n texts; a null matches nothing.
        view: which grams stand for a text (see `grams`).
        threshold: smallest Jaccard index to report, above 0 and at most 1.
        pairs: "forest" may leave out pairs whose rows other pairs already connect. Same components, less work.
        threads: default all cores that the process may use. The result does not depend on it.
        work: filled with counts, if given.

    Returns:
        Columns row, twin (twin < row), view, similarity; sorted by row and twin.

    Examples:
        >>> self_join(["a b c d", "A b c, d!", "a b c x", "y"], view="token", threshold=0.6).to_pylist()[1]
        {'row': 2, 'twin': 0, 'view': 'token', 'similarity': 0.6}
    """
    check_view(view)
    check_threshold(threshold)
    counted = np.zeros(3, np.int64)

    def careful(few: pa.LargeStringArray) -> tuple[Ints, Ints, NDArray[np.float64]]:
        return _within(few, view, float(threshold), pairs == "forest", threads, counted)

    if view == "char" or len(texts) < onepass.LEAST or interpreted():
        rows, twins, near = careful(as_array(texts))
    else:
        chunks = texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([as_array(texts)])
        rows, twins, near = onepass.near_pairs(chunks, GRAM_SIZE[view], float(threshold), careful, threads, counted)
    if work is not None:
        work.postings, work.candidates, work.verified = counted.tolist()
    return evidence(rows, twins, view, near)


def _within(
    texts: pa.LargeStringArray, view: View, threshold: float, forest: bool, threads: int | None, counted: Ints
) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Rows, twins and similarities of the pairs; postings, candidates and verifications are added to `counted`."""
    sets = build(texts, view, threads)
    copies, originals, chosen = equal_rows(sets)
    rarity = measure_rarity(sets, chosen, threads)
    postings = prefixes(sets, chosen, rarity, threshold, alone=1, threads=threads)
    order = postings.in_order(sets.sizes)
    counted[0] += len(order)
    small, found = interpreted() and not forest, None
    if small:
        by_key = (postings.keys[order], postings.rows[order], postings.positions[order])
        found = _arrays.matched(sets, *by_key, threshold)
    if found:
        rows, twins, common, looked = found
        counted[1:] += looked
    else:
        if small:  # rows crowd
            outgrow()
        rows, twins, common = match_within(
            sets.hashes, sets.starts, sets.sizes, postings.places, postings.keys, postings.rows, postings.positions,
            order, postings.bitmaps, threshold, forest, np.arange(len(sets)), counted[1:],
        )  # fmt: skip
    near = common / (sets.sizes[rows] + sets.sizes[twins] - common)
    return (
        np.concatenate([copies, rows]),
        np.concatenate([originals, twins]),
        np.concatenate([np.ones(len(copies)), near]),
    )


def cross_join(texts: Texts, against: Texts, *, view: View, threshold: float, threads: int | None = None) -> pa.Table:
    """All pairs of a text with a similar text of another collection.

    Of texts in `against` with equal gram sets only the smallest row is named; every row of `texts` is. The texts are
    read in slices, so memory grows with `against` and with the number of pairs only.

    Args:
        texts: rows to judge; a null matches nothing.
        against: rows to judge them by.
        view: which grams stand for a text (see `grams`).
        threshold: smallest Jaccard index to report, above 0 and at most 1.
        threads: default all cores that the process may use. The result does not depend on it.

    Returns:
        Columns row (in texts), twin (in against), view, similarity; sorted by row and twin.

    Examples:
        >>> cross_join(["x", "One, two!"], ["one two"], view="token", threshold=0.9).to_pylist()
        [{'row': 1, 'twin': 0, 'view': 'token', 'similarity': 1.0}]
    """
    check_view(view)
    check_threshold(threshold)
    index = Index.of(build(against, view, threads), threshold, threads)
    found = [index.probe(start, build(part, view, threads), threads) for start, part in slices(as_array(texts))]
    rows, twins, similarity = (np.concatenate(column) for column in zip(*found, strict=True))
    return evidence(rows, twins, view, similarity)


def slices(texts: pa.LargeStringArray) -> Iterator[tuple[int, pa.LargeStringArray]]:
    """Consecutive slices with the row that each begins at; at least one, possibly empty."""
    for start in range(0, max(1, len(texts)), SLICE):
        yield start, texts.slice(start, SLICE)


@dataclass(frozen=True, slots=True)
class Index:
    """One side of a join, ready to be probed: its sets, the rarity of its grams, its prefixes by key, size, position.

    Of rows with equal sets the first is indexed alone; of those that are to stay apart from other rows, each.

    Attributes:
        apart: a key of each row, or 0: rows with the same key are no pair.
        groups: for each posting the end of those that have its key and its row's size.
        words: of each posting's row the first word of the bitmap.
        bitmaps: of each row (see `Postings`).
    """

    sets: GramSets
    apart: Hashes
    rarity: Rarity
    keys: Hashes
    rows: Ints
    positions: Ints
    groups: Ints
    words: Hashes
    bitmaps: Hashes
    threshold: float

    @classmethod
    def of(cls, sets: GramSets, threshold: float, threads: int | None = None, *, apart: Hashes | None = None) -> Index:
        """Index the distinct sets of a collection."""
        copies, originals, chosen = equal_rows(sets)
        if apart is not None:
            chosen[copies] = apart[copies] != apart[originals]
        rarity = measure_rarity(sets, chosen, threads)
        postings = prefixes(sets, chosen, rarity, threshold, alone=0, threads=threads)
        order = postings.in_order(sets.sizes)
        keys, rows = postings.keys[order], postings.rows[order]
        sizes = sets.sizes[rows]
        ends = 1 + np.flatnonzero((np.diff(keys) > 0) | (np.diff(sizes) > 0))
        ends = np.append(ends, len(keys))
        groups = np.repeat(ends, np.diff(ends, prepend=0))
        return cls(
            sets, _keys(sets, apart), rarity, keys, rows, postings.positions[order], groups,
            postings.bitmaps[rows, 0], postings.bitmaps, float(threshold),
        )  # fmt: skip

    def probe(
        self, start: int, sets: GramSets, threads: int | None = None, *, apart: Hashes | None = None, best: bool = False
    ) -> tuple[Ints, Ints, NDArray[np.float64]]:
        """Rows (from `start` on), twins and similarities of the pairs between these sets and the indexed ones.

        With `best`, of each row's pairs the most similar alone, the one of the first twin among equals.
        """
        mine, table, apart = self.sets, (self.rarity.table, self.rarity.bits), _keys(sets, apart)
        found = None
        if interpreted():
            found = _arrays.probe(
                sets, apart, mine, self.apart, *table, self.keys, self.rows, self.positions, self.threshold, best
            )  # fmt: skip
            if found is None:  # rows crowd
                outgrow()
        rows, twins, common = found or gather_rows(
            lambda a, b: probe(
                sets.hashes, sets.starts, sets.sizes, apart, mine.hashes, mine.starts, mine.sizes, self.apart,
                *table, self.keys, self.rows, self.positions, self.groups, self.words, self.bitmaps,
                self.threshold, best, a, b,
            ),
            len(sets), threads,
        )  # fmt: skip
        return rows + start, twins, common / (sets.sizes[rows] + mine.sizes[twins] - common)


def _keys(sets: GramSets, apart: Hashes | None) -> Hashes:
    """For kernels, which are compiled for arrays that may be written to: a column of a table is copied."""
    return np.zeros(len(sets), np.uint64) if apart is None else np.require(apart, np.uint64, ["C", "W"])

"""Kernels: rows of one side against an index of the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


@inner
def slot(gram: np.uint64, bits: int) -> np.uint64:
    return (gram * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits)


@inner
def lower_bound(values: Hashes, value: np.uint64, first: int, last: int) -> int:
    while first < last:
        middle = (first + last) // 2
        if values[middle] < value:
            first = middle + 1
        else:
            last = middle
    return first


@inner
def overlap(one: Hashes, two: Hashes) -> int:
    """The number of common values of two ascending sets; the first is the smaller one."""
    common = 0
    at = 0
    for value in one:
        if len(two) > 16 * len(one):
            at = lower_bound(two, value, at, len(two))
        else:
            while at < len(two) and two[at] < value:
                at += 1
        if at == len(two):
            break
        if two[at] == value:
            common += 1
    return common


@inner
def grown(values: Ints) -> Ints:
    more = np.empty(2 * len(values), np.int64)
    more[: len(values)] = values
    return more


@kernel
def probe(
    hashes: Hashes, starts: Ints, sizes: Ints, other_hashes: Hashes, other_starts: Ints, other_sizes: Ints,
    table: Bytes, bits: int, keys: Hashes, rows: Ints, positions: Ints, threshold: float, contained: bool,
    first: int, last: int,
) -> tuple[Ints, Ints, Ints]:  # fmt: skip
    """Pairs of a row first..last with an indexed row of the other side: rows, twins, sizes of overlaps.

    Similar means a Jaccard index, or, if `contained`, a share of the other row's grams, of at least the threshold.
    The postings (keys ascending) hold the other side's prefixes; `table` is its rarity: level 0 is a gram it lacks.
    """
    found_rows = np.empty(64, np.int64)
    found_twins = np.empty(64, np.int64)
    found_common = np.empty(64, np.int64)
    found = 0
    met = np.empty(64, np.int64)
    for row in range(first, last):
        size = sizes[row]
        grams = hashes[starts[row] : starts[row] + size]
        known = 0
        for gram in grams:
            if table[slot(gram, bits)] > 0:
                known += 1
        if known == 0:
            continue
        prefix = known
        if not contained:
            prefix = known - int(np.ceil(threshold * size - 1e-9)) + 1
            if prefix <= 0:
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
        here = 0
        for place in range(prefix):
            here = lower_bound(keys, present[place], here, len(keys))
            at = here
            while at < len(keys) and keys[at] == present[place]:
                twin = rows[at]
                twin_size = other_sizes[twin]
                if contained:
                    need = int(np.ceil(threshold * twin_size - 1e-9))
                else:
                    need = int(np.ceil(threshold / (1.0 + threshold) * (size + twin_size) - 1e-9))
                # The pair's first common gram leaves at most this many common ones, itself included.
                if min(known - place, twin_size - positions[at]) >= need and min(size, twin_size) >= need:
                    if candidates == len(met):
                        met = grown(met)
                    met[candidates] = twin
                    candidates += 1
                at += 1
        if candidates > 1:
            met[:candidates].sort()
        for at in range(candidates):
            twin = met[at]
            if at > 0 and met[at - 1] == twin:
                continue
            twin_size = other_sizes[twin]
            twin_grams = other_hashes[other_starts[twin] : other_starts[twin] + twin_size]
            common = overlap(grams, twin_grams) if size < twin_size else overlap(twin_grams, grams)
            whole = twin_size if contained else size + twin_size - common
            if common / whole < threshold:
                continue
            if found == len(found_rows):
                found_rows, found_twins, found_common = grown(found_rows), grown(found_twins), grown(found_common)
            found_rows[found] = row
            found_twins[found] = twin
            found_common[found] = common
            found += 1
    return found_rows[:found], found_twins[:found], found_common[:found]

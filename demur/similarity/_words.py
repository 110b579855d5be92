"""Kernels: texts that share enough words, or enough runs of three words, with a protected prompt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.similarity._indexed import Grams, Table
from demur.text.compiled import inner, kernel
from demur.text.lanes import sort_hashes

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Hashes = NDArray[np.uint64]

_BASE = np.uint64(0x9E3779B97F4A7C15)


@inner
def slot(key: np.uint64, bits: int) -> np.int64:
    return np.int64((key * _BASE) >> np.uint64(64 - bits))


@inner
def maybe(table: Table, key: np.uint64) -> bool:
    """Whether the filter knows the key, or others that look like it; as in `demur.similarity._chars`."""
    bits = np.uint64(1) << (key & np.uint64(63)) | np.uint64(1) << (key >> np.uint64(6) & np.uint64(63))
    return bool(table.filter[slot(key, table.bits - 2)] & bits == bits)


@inner
def lookup(table: Table, key: np.uint64) -> np.uint64:
    """Where a key's postings begin << 24 | how many there are, or 0."""
    place = slot(key, table.bits)
    while table.entries[2 * place + 1] > 0:
        if table.entries[2 * place] == key:
            return np.uint64(table.entries[2 * place + 1])
        place = (place + 1) & ((1 << table.bits) - 1)
    return np.uint64(0)


@inner
def gram_of(units: Hashes, at: int, width: int) -> np.uint64:
    """As in `demur.similarity._tokens.gram_sets`."""
    gram = np.uint64(0x9E3779B97F4A7C15)
    for unit in range(at, at + width):
        gram = (gram ^ units[unit]) * np.uint64(0xFF51AFD7ED558CCD)
        gram ^= gram >> np.uint64(29)
    return gram


@inner
def distinct(values: Hashes) -> int:
    """Sort the values in place, each once in front; their number."""
    sort_hashes(values)
    kept = min(1, len(values))
    for at in range(1, len(values)):
        if values[at] != values[kept - 1]:
            values[kept] = values[at]
            kept += 1
    return kept


@inner
def overlap(one: Hashes, two: Hashes) -> int:
    """The number of common values of two ascending sets; the second may be much larger."""
    common = 0
    at = 0
    for value in one:
        if len(two) > 16 * len(one):
            high = len(two)
            while at < high:
                middle = (at + high) // 2
                if two[middle] < value:
                    at = middle + 1
                else:
                    high = middle
        else:
            while at < len(two) and two[at] < value:
                at += 1
        if at == len(two):
            break
        common += int(two[at] == value)
    return common


@inner
def put(kept: list[Ints], at: int, row: int, prompt: int, common: int, size: int) -> None:
    """Put a pair at a place of the four columns in a list, which grow, as in `demur.similarity.match`."""
    if at == kept[0].shape[1]:
        more = np.empty((4, 2 * at), np.int64)
        more[:, :at] = kept[0]
        kept[0] = more
    pairs = kept[0]
    pairs[0, at], pairs[1, at], pairs[2, at], pairs[3, at] = row, prompt, common, size


@kernel
def match_words(
    units: Hashes, starts: Ints, prompts: Grams, width: int, jaccard: float, share: float, first: int, last: int
) -> tuple[Ints, Ints, Ints, Ints]:
    """Pairs of a row first..last with a prompt: Jaccard index of their gram sets, or share of the prompt's, reached.

    The index must hold enough grams of every prompt for the smaller of the two thresholds; a `share` above 1 switches
    containment off.

    Returns:
        Rows, prompts, the number of common grams, and the number of the row's distinct grams.
    """
    longest = 0
    for row in range(first, last):
        longest = max(longest, starts[row + 1] - starts[row])
    grams, places = np.empty(longest + 1, np.uint64), np.empty(longest + 1, np.uint64)
    hits = np.full(len(prompts.sizes), -1, np.int64)  # of each prompt the last row that hit it << 8, and how often
    postings = prompts.table.postings
    met = np.empty(len(prompts.sizes), np.int64)
    kept = [np.empty((4, 64), np.int64)]
    found = 0
    for row in range(first, last):
        begin = starts[row]
        count = starts[row + 1] - begin
        if count == 0:
            continue
        wide = min(width, count)
        count -= wide - 1
        # Without a branch: many loads of the filter's words can wait at a time.
        likely = 0
        for at in range(count):
            if wide == 1:
                gram = gram_of(units, begin + at, 1)
            elif wide == 3:
                gram = gram_of(units, begin + at, 3)
            else:
                gram = gram_of(units, begin + at, wide)
            grams[at] = places[likely] = gram
            likely += int(maybe(prompts.table, gram))
        known = 0
        for at in range(likely):
            places[known] = lookup(prompts.table, places[at])
            known += int(places[known] > 0)
        if known == 0:
            continue
        known = distinct(places[:known])
        # The row has at most `count` distinct grams; one of them alone is enough for the smallest prompts only.
        largest = np.uint64((count if known > 1 else 1) / min(jaccard, share) + 1e-9)
        candidates = 0
        for at in range(known):
            begin = np.int64(places[at] >> np.uint64(24))
            for place in range(begin, begin + np.int64(places[at] & np.uint64(0xFFFFFF))):
                if postings[place] & np.uint64(0xFFFFFFFF) > largest:
                    break
                prompt = np.int64(postings[place] >> np.uint64(32))
                if hits[prompt] >> 8 != row:
                    hits[prompt] = row << 8
                times = hits[prompt] & 0xFF
                if times == prompts.least[prompt]:
                    continue
                hits[prompt] += 1
                if times + 1 == prompts.least[prompt]:
                    met[candidates] = prompt
                    candidates += 1
        if candidates == 0:
            continue
        size = distinct(grams[:count])
        for at in range(candidates):
            prompt = met[at]
            other = prompts.sizes[prompt]
            if share > 1 and (other < jaccard * size - 1e-9 or size < jaccard * other - 1e-9):
                continue
            theirs = prompts.hashes[prompts.starts[prompt] : prompts.starts[prompt] + other]
            common = overlap(theirs, grams[:size]) if other <= size else overlap(grams[:size], theirs)
            if common / (size + other - common) < jaccard and common / other < share:
                continue
            put(kept, found, row, prompt, common, size)
            found += 1
    pairs = kept[0][:, :found]
    return pairs[0], pairs[1], pairs[2], pairs[3]


@kernel
def sort_rows(values: Hashes, starts: Ints, sizes: Ints) -> int:
    """Sort the values of each row, each once, the rows behind one another; how many are left, in all and of each."""
    used = 0
    for row in range(len(sizes)):
        mine = values[starts[row] : starts[row + 1]]
        sizes[row] = distinct(mine)
        for at in range(sizes[row]):
            values[used + at] = mine[at]
        used += sizes[row]
    return used


@kernel
def weigh_pairs(
    units: Hashes, starts: Ints, others: Hashes, other_starts: Ints, weights: Bytes, width: int, rows: Ints,
    prompts: Ints, first: int, last: int, covered: Ints, spans: Ints,
) -> None:  # fmt: skip
    """For each pair, the weight of the prompt's words in common grams of `width` words, and the longest common run.

    `weights` are of the prompts' words (`others`), in reading order.
    """
    for pair in range(first, last):
        one = units[starts[rows[pair]] : starts[rows[pair] + 1]]
        begin, end = other_starts[prompts[pair]], other_starts[prompts[pair] + 1]
        wide = min(width, end - begin)
        grams = np.empty(max(0, len(one) - wide + 1), np.uint64)
        for at in range(len(grams)):
            grams[at] = gram_of(one, at, wide)
        kept = distinct(grams)
        edge = begin
        total = 0
        for at in range(begin, end - wide + 1):
            gram = gram_of(others, at, wide)
            place = np.searchsorted(grams[:kept], gram)
            if place < kept and grams[place] == gram:
                for word in range(max(edge, at), at + wide):
                    total += int(weights[word])
                edge = at + wide
        covered[pair] = total
        lengths = np.zeros(end - begin + 1, np.int64)
        longest = 0
        for value in one:
            # Right to left, so that lengths[at] still is the run that ended before the previous value.
            for at in range(end - begin - 1, -1, -1):
                lengths[at + 1] = lengths[at] + 1 if others[begin + at] == value else 0
                longest = max(longest, lengths[at + 1])
        spans[pair] = longest

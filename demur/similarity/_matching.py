"""What the kernels `match_words` and `match_characters` do, in whole arrays: where nothing is compiled.

The same pairs and windows come in the order of rows and prompts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from demur.similarity._chars import WORDS
from demur.similarity._indexed import Anchored, Grams, Table
from demur.similarity._plain import gram_sets, known, slots, within

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Mask = NDArray[np.bool_]

AWAY = np.array([0, 1, 3])
"""By class of a prompt, characters between an anchor and the end of a gram that the run must have; as in `_chars`."""

_RUNS = np.array([7, 9, 13])  # by class, grams of the run
_SLICE = 1 << 17  # values that are in memory at a time, each with what it meets
_CROWD = 1 << 20  # postings, beside four for every place of a text: most texts have one at most
_LOW, _COUNT = np.uint64(0xFFFFFFFF), np.uint64(0xFFFFFF)
_MIDDLE, _LAST, _MARKS = np.uint64(0xD6E8FEB86659FD93), np.uint64(0xFF51AFD7ED558CCD), np.uint64(4095)  # as in `_chars`


def anchors(hashes: Hashes, at: Ints) -> Hashes:
    """As `_chars.anchor`."""
    keys: Hashes = hashes[at] + hashes[at + 3] * _MIDDLE + hashes[at + 6] * _LAST
    return keys


def marks(hashes: Hashes, at: Ints, there: Mask, none: int) -> Hashes:
    """As `_chars.mark`; `none` where no gram is."""
    made = np.full(len(at), none, np.uint64)
    made[there] = hashes[at[there]] % _MARKS
    return made


def looked_up(table: Table, keys: Hashes) -> Hashes:
    """As `_chars.lookup`."""
    found = np.zeros(len(keys), np.uint64)
    left, place = np.arange(len(keys)), slots(keys, table.bits)
    while len(left):
        values = table.entries[2 * place + 1]
        mine = table.entries[2 * place] == keys[left]
        found[left[mine]] = values[mine]
        on = ~mine & (values > 0)
        left, place = left[on], (place[on] + 1) & ((1 << table.bits) - 1)
    return found


def searched(values: Hashes, first: Ints, last: Ints, wanted: Hashes) -> Ints:
    """The place of each wanted value in its own stretch of ascending values, from `first` to `last`; -1 for none."""
    low, high = first.copy(), last.copy()
    left = np.flatnonzero(low < high)
    while len(left):
        middle = (low[left] + high[left]) // 2
        less = values[middle] < wanted[left]
        low[left[less]], high[left[~less]] = middle[less] + 1, middle[~less]
        left = left[low[left] < high[left]]
    found = np.flatnonzero(low < last)
    found = found[values[low[found]] == wanted[found]]
    made = np.full(len(wanted), -1, np.int64)
    made[found] = low[found]
    return made


def match_words(
    units: Hashes, starts: Ints, prompts: Grams, width: int, jaccard: float, share: float
) -> tuple[Ints, ...]:
    """As `_words.match_words`, of all rows."""
    found: list[tuple[Ints, ...]] = [(np.zeros(0, np.int64),) * 4]
    for first, last in _slices(np.diff(starts), _SLICE):
        grams, begins, sizes, _ = gram_sets(units, starts[first : last + 1], width)
        rows, hits = _met(prompts.table, grams, np.repeat(np.arange(last - first), sizes))
        some = (hits & _LOW).astype(np.int64) <= sizes[rows] / min(jaccard, share) + 1e-9
        count = len(prompts.sizes)
        pairs = rows[some] * count + (hits[some] >> np.uint64(32)).astype(np.int64)
        pairs, times = np.unique(pairs, return_counts=True)
        row, prompt = np.divmod(pairs[times >= prompts.least[pairs % count]], count)
        if share > 1:  # no prompt is alike that is much shorter or longer
            size, other = sizes[row], prompts.sizes[prompt]
            like = np.minimum(size, other) >= jaccard * np.maximum(size, other) - 1e-9
            row, prompt = row[like], prompt[like]
        common = np.zeros(len(row), np.int64)
        for one, end in _slices(prompts.sizes[prompt], _SLICE):
            each = prompts.sizes[prompt[one:end]]
            at = within(each) + np.repeat(prompts.starts[prompt[one:end]], each)
            mine = np.repeat(row[one:end], each)
            there = searched(grams, begins[mine], begins[mine + 1], prompts.hashes[at]) >= 0
            common[one:end] = np.bincount(np.repeat(np.arange(end - one), each), there, end - one)
        size, other = sizes[row], prompts.sizes[prompt]
        good = (common / (size + other - common) >= jaccard) | (common / other >= share)
        found.append((first + row[good], prompt[good], common[good], size[good]))
    return _joined(found)


def match_characters(
    hashes: Hashes, starts: Ints, prompts: Anchored, needed: Ints, *, patient: bool = True
) -> tuple[Ints, ...] | None:
    """As `_chars.match_characters`, of all rows, by their 4-grams of characters in reading order.

    None, if not `patient`, where texts meet so many prompts that a compiler is done sooner: one phrase over and over.
    """
    counts = np.maximum(0, np.diff(starts) - 6)
    ends = np.cumsum(counts)
    laid, met = [np.zeros((3, 0), np.int64)], 0
    for first in range(0, int(counts.sum()), _SLICE):  # of all places of anchors
        each = np.arange(first, min(first + _SLICE, int(ends[-1])))
        rows = np.searchsorted(ends, each, side="right")
        at = each - (ends - counts)[rows] + starts[rows]
        at, postings = _met(prompts.table, anchors(hashes, at), at)
        met += len(at)
        if not patient and met > _CROWD + 4 * len(hashes):
            return None
        laid.append(_laid(hashes, starts, prompts, at, postings))
    row, prompt, band = _once(np.concatenate(laid, axis=1))
    size = prompts.starts[prompt + 1] - prompts.starts[prompt]
    slack = np.maximum(4, size // 8)
    count = starts[row + 1] - starts[row]
    begin = np.maximum(0, (band - 1) * slack)
    end = np.maximum(0, np.minimum(count, band * slack + size + 2 * slack))
    lengths = np.maximum(0, end - begin)
    common, weight = _covered(hashes, starts[row] + begin, lengths, prompts, prompt, needed[prompt])
    good = common >= needed[prompt]
    return row[good], prompt[good], common[good], weight[good], count[good]


def _met(table: Table, keys: Hashes, rows: Ints) -> tuple[Ints, Hashes]:
    """The postings of keys, and the row of each."""
    likely = np.flatnonzero(known(table.filter, table.bits, keys))
    places = looked_up(table, keys[likely])
    counts = (places & _COUNT).astype(np.int64)
    at = within(counts) + np.repeat((places >> np.uint64(24)).astype(np.int64), counts)
    return np.repeat(rows[likely], counts), table.postings[at]


def _laid(hashes: Hashes, starts: Ints, prompts: Anchored, at: Ints, postings: Hashes) -> Ints:
    """Where windows are laid by anchors at some places: row, prompt, and band."""
    rows = np.searchsorted(starts, at, side="right") - 1
    kind = (postings >> np.uint64(24) & np.uint64(3)).astype(np.int64)
    before, behind = at - AWAY[kind], at + 6 + AWAY[kind]
    good = kind == 0
    for mine, there, place in ((before, before >= starts[rows], 12), (behind, behind < starts[rows + 1], 0)):
        good |= marks(hashes, mine, there, 4096) == postings >> np.uint64(place) & _MARKS
    at, rows, kind, postings = at[good], rows[good], kind[good], postings[good]
    prompt = (postings >> np.uint64(40)).astype(np.int64)
    there = (postings >> np.uint64(26) & np.uint64(0x3FFF)).astype(np.int64)
    begin, end = prompts.starts[prompt], prompts.starts[prompt + 1]
    run = np.ones(len(at), np.int64)
    for ahead in (-1, 1):
        left = np.arange(len(at))
        for step in range(1, int(_RUNS.max())):
            mine, theirs = at[left] + ahead * step, begin[left] + there[left] + ahead * step
            inside = (mine >= starts[rows[left]]) & (mine < starts[rows[left] + 1])
            inside &= (theirs >= begin[left]) & (theirs < end[left])
            left, mine, theirs = left[inside], mine[inside], theirs[inside]
            left = left[hashes[mine] == prompts.grams[theirs]]
            run[left] += 1
    good = run >= _RUNS[kind]
    rows, prompt = rows[good], prompt[good]
    band = (at[good] - starts[rows] - there[good]) // np.maximum(4, (end[good] - begin[good]) // 8)
    return _once(np.stack([rows, prompt, band]))


def _once(columns: Ints) -> Ints:
    """The distinct columns, in order."""
    columns = columns[:, np.lexsort(columns[::-1])]
    new = np.ones(columns.shape[1], np.bool_)
    new[1:] = (columns[:, 1:] != columns[:, :-1]).any(axis=0)
    return columns[:, new]


def _covered(
    hashes: Hashes, first: Ints, lengths: Ints, prompts: Anchored, prompt: Ints, least: Ints
) -> tuple[Ints, Ints]:
    """As `_chars.covered`, of each window and its prompt: 0 and 0 where it cannot be enough."""
    common, weight = np.zeros(len(first), np.int64), np.zeros(len(first), np.int64)
    for one, end in _slices(lengths, _SLICE):
        each = lengths[one:end]
        windows = np.repeat(np.arange(one, end), each)
        grams = hashes[within(each) + np.repeat(first[one:end], each)]
        words = prompts.bitmaps[WORDS * prompt[windows] + (grams >> np.uint64(59)).astype(np.int64)]
        likely = (words >> (grams >> np.uint64(53) & np.uint64(63)) & np.uint64(1)) > 0
        enough = np.bincount(windows[likely] - one, minlength=end - one) >= least[one:end]
        likely &= np.repeat(enough, each)
        windows, grams = windows[likely], grams[likely]
        mine = prompt[windows]
        places = searched(prompts.known, prompts.places[mine], prompts.places[mine + 1], grams)
        there = np.unique(((windows - one) << 32 | places)[places >= 0])
        windows, places = there >> 32, there & 0xFFFFFFFF
        common[one:end] = np.bincount(windows, minlength=end - one)
        weight[one:end] = np.bincount(windows, prompts.weights[places], end - one)
    return common, weight


def _slices(sizes: Ints, most: int) -> Iterator[tuple[int, int]]:
    """Stretches of things, of so much in all, or of one."""
    ends = np.cumsum(sizes)
    first = 0
    while first < len(sizes):
        before = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield first, last
        first = last


def _joined(parts: list[tuple[Ints, ...]]) -> tuple[Ints, ...]:
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))

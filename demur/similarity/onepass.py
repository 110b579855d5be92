"""The self-join of many rows: every text is read once for the keys of its rarest grams; no set of grams is kept.

What makes it fast is what it does not do. A sixteenth of the rows says which grams are common, so nothing is counted
over all of them. A row leaves a few keys, two prints and 256 bits behind. Keys that no other row has are dropped, the
rest are brought together part by part. Only pairs that share a key and that sizes and bits leave possible have their
texts read again. Rows that crowd under one key (texts that repeat a template) go to the join that bounds such work.

Pairs and similarities are those of `demur.similarity.joins`; two rows are taken as equal when their sizes and two sums
of 64 bits over their grams are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.files.numeric import to_arrow
from demur.files.scratch import Scratch
from demur.similarity import _grams, _keys
from demur.text.arrays import apart, as_array, buffers
from demur.text.columns import normalise_array
from demur.text.compiled import interpreted, loading, thread_count
from demur.text.scripts import character_classes

Ints = NDArray[np.int64]
Sizes = NDArray[np.int32]
Hashes = NDArray[np.uint64]
Pairs = tuple[Ints, Ints, NDArray[np.float64]]
Result = TypeVar("Result")

LEAST = 50_000
"""Rows from which it pays; for fewer, its kernels are not worth compiling."""

SLICE = 8192
"""Rows that one task reads: few enough that their grams stay near the processor."""

BATCH = 128
"""Slices whose sampled grams are counted at a time."""

SHOWN = 8
"""Of so many slices of the first of them one says whether rows crowd."""

STRIDE = 16
"""Of so many rows one is asked how common its grams are."""

CROWD = 64
"""Rows that may share a key before they are joined with care."""


NOTHING: Pairs = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64))

LEVELS = np.zeros(256, np.uint8)
"""By how many rows of the sample have a gram (255: or more): 0 if at most one, else by eighths of a doubling."""
LEVELS[2:] = np.minimum(1 + 8 * np.log2(np.arange(2, 256) / 2), 120)


def near_pairs(
    texts: pa.ChunkedArray,
    width: int,
    threshold: float,
    careful: Callable[[pa.LargeStringArray], Pairs],
    threads: int | None = None,
    work: Ints | None = None,
) -> Pairs:
    """Pairs of rows whose sets of grams of `width` words have a Jaccard index of at least the threshold.

    Args:
        texts: strings or large strings; a null matches nothing.
        width: 1 or 3.
        threshold: above 0, at most 1.
        careful: gives rows, twins and similarities of a few texts, however much they repeat each other.
        threads: default all cores that the process may use. The result does not depend on it.
        work: to which the numbers of postings, candidates and verifications are added, if given.

    Returns:
        Rows, smaller twins and similarities. Rows with equal sets are paired with the smallest of them only, and other
        pairs are between those; where rows crowd, with what `careful` leaves out left out.
    """
    workers = thread_count(threads)
    with ThreadPoolExecutor(workers) as pool:
        join = _Join(texts, width, threshold, pool, workers)
        if join.crowds():
            return careful(as_array(texts))
        join.read()
        copies = np.flatnonzero(join.twins != np.arange(len(texts)))
        ones, twos, crowded, looked = join.candidates()
        held = np.flatnonzero(crowded)
        beside = pool.submit(lambda: careful(join.taken(held)) if len(held) else NOTHING)
        if len(held):  # a pair of two crowded rows is judged there, whichever key it has
            apart = (crowded[ones] & crowded[twos]) == 0
            ones, twos = ones[apart], twos[apart]
        common = join.overlaps(ones, twos)
        rows, twins, similar = beside.result()
    near = common / (join.sizes[ones] + join.sizes[twos] - common)
    good = near >= threshold
    if work is not None:
        work += (join.postings, looked, len(ones))
    return (
        np.concatenate([copies, twos[good], held[rows]]),
        np.concatenate([join.twins[copies], ones[good], held[twins]]),
        np.concatenate([np.ones(len(copies)), near[good], similar]),
    )


def prepare() -> Thread:
    """Load what a large join is compiled to (or compile it, once) in the background: while a file is being read.

    Nothing has to wait for the thread that is returned: a join does, where it needs to.
    """
    ends = to_arrow(np.array([0, 7, 16], np.int32))
    texts = pa.chunked_array([pa.StringArray.from_buffers(2, ends.buffers()[1], pa.py_buffer(b"a b c da b c d e"))])

    def prepared() -> None:
        with loading():
            near_pairs(texts, 3, 0.5, lambda _: NOTHING)

    thread = Thread(target=prepared, name="prepare a join")
    if not interpreted():
        thread.start()
    return thread


class _Join:
    """The state of one join: what each row leaves behind."""

    pieces: list[tuple[NDArray[np.uint32], NDArray[np.uint16]]]
    """Of every slice the keys, part by part, and their rows in the slice."""

    def __init__(
        self, texts: pa.ChunkedArray, width: int, threshold: float, pool: ThreadPoolExecutor, workers: int
    ) -> None:
        self.texts, self.width, self.threshold, self.pool, self.workers = texts, width, threshold, pool, workers
        self.slices, self.scratch = list(_slices(texts)), Scratch()
        size = texts.nbytes // 6 // STRIDE  # about so many words in the sample
        self.bits = min(25, max(16, round(np.log2(size + 1))))
        counts = np.zeros(1 << self.bits, np.uint8)
        self.shown: list[tuple[Hashes, Sizes]] = []  # of some slices, the sample's grams
        for first in range(0, len(self.slices), BATCH):
            sampled = self.over(self._sampled, self.slices[first : first + BATCH])
            self.shown = self.shown or sampled[::SHOWN]
            for grams, _ in sampled:
                _keys.count(grams, 64 - self.bits, counts)
        self.levels = LEVELS[counts]
        self.common = np.packbits(self.levels > 0, bitorder="little").view(np.uint64)

    def _sampled(self, piece: tuple[int, pa.LargeStringArray]) -> tuple[Hashes, Sizes]:
        at, part = piece
        taken = part.take(to_arrow(np.arange(-at % STRIDE, len(part), STRIDE)))
        grams, sizes = hashed(taken, self.width, self.scratch)
        return grams.copy(), sizes

    def _keys(self, grams: Hashes, sizes: Sizes, lengths: Sizes, prints: Hashes, bitmaps: Hashes) -> Hashes:
        """The keys of some rows, until the thread asks again; what else they leave behind is filled."""
        keys = self.scratch("keys", 3 * (len(grams) + 1), np.uint64)
        fixed = (self.threshold, self.common, self.levels, 64 - self.bits)
        return keys[: _keys.prefix_keys(grams, sizes, *fixed, keys, lengths, prints, bitmaps)]

    def crowds(self) -> bool:
        """Whether most rows of the sample would crowd under one of their keys with others."""
        crowded = rows = 0
        for grams, sizes in self.shown:
            lengths, room = np.empty(len(sizes), np.int32), np.empty(4 * len(sizes), np.uint64)
            keys = self._keys(grams, sizes, lengths, room, room.copy())
            many = np.concatenate([[0], np.cumsum((keys >> np.uint64(56)) > LEVELS[CROWD // STRIDE])])
            ends = np.cumsum(lengths)
            crowded += int(np.count_nonzero(many[ends] > many[ends - lengths]))
            rows += len(sizes)
        self.shown = []
        return 2 * crowded > rows

    def read(self) -> None:
        """Read every row once."""
        rows = len(self.texts)
        self.sizes, self.bitmaps = np.empty(rows, np.int32), np.empty(4 * rows, np.uint64)
        self.ends = np.empty((len(self.slices), _keys.PARTS), np.int32)
        prints = np.empty(2 * rows, np.uint64)

        def read(number: int) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
            at, part = self.slices[number]
            end = at + len(part)
            grams, self.sizes[at:end] = hashed(part, self.width, self.scratch)
            lengths = self.scratch("lengths", len(part), np.int32)
            each = (lengths, prints[2 * at : 2 * end], self.bitmaps[4 * at : 4 * end])
            keys = self._keys(grams, self.sizes[at:end], *each)
            parted = (self.scratch("parted", len(keys), np.uint32), self.scratch("rows", len(keys), np.uint16))
            _keys.part_keys(keys, lengths, *parted, self.ends[number])
            return parted[0].copy(), parted[1].copy()

        self.pieces = self.over(read, range(len(self.slices)))
        self.postings = sum(len(keys) for keys, _ in self.pieces)
        self.twins = np.empty(rows, np.int64)
        _keys.first_equal(prints, self.sizes, self.twins)

    def over(self, work: Callable[..., Result], *each: Iterable[Any]) -> list[Result]:
        return list(self.pool.map(work, *each))

    def candidates(self) -> tuple[Ints, Ints, NDArray[np.uint8], int]:
        """Pairs that share a key, smaller row first, ascending; which rows crowd under one; how many were looked at."""
        copied = (self.twins != np.arange(len(self.twins))).view(np.uint8)
        starts = np.cumsum([0, *(len(keys) for keys, _ in self.pieces)])
        firsts = np.array([at for at, _ in self.slices])
        keys, within = np.empty(starts[-1], np.uint32), np.empty(starts[-1], np.uint16)

        def bring(number: int) -> None:
            room, first = slice(starts[number], starts[number + 1]), firsts[number]
            mine = copied[first : first + len(self.slices[number][1])]
            _keys.drop_copies(*self.pieces[number], mine, keys[room], within[room], self.ends[number])
            self.pieces[number] = (keys[:0], within[:0])

        self.over(bring, range(len(self.slices)))
        crowded = np.zeros(len(self.sizes), np.uint8)
        looked = np.zeros(4 * self.workers, np.int64)

        def meet(number: int) -> Hashes:
            first, last = (_keys.PARTS * each // (4 * self.workers) for each in (number, number + 1))
            return _keys.candidates(
                keys, within, starts[:-1], self.ends, firsts, first, last, self.sizes, self.bitmaps, self.threshold,
                CROWD, crowded, looked[number : number + 1],
            )  # fmt: skip

        pairs = np.sort(np.concatenate(self.over(meet, range(4 * self.workers))))
        pairs = pairs[np.diff(pairs, prepend=np.uint64(0)) > 0]
        ones, twos = (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)
        return ones, twos, crowded, int(looked.sum())

    def taken(self, rows: Ints) -> pa.LargeStringArray:
        """The texts of some ascending rows."""
        return pa.concat_arrays([part.take(to_arrow(mine)) for part, mine, _ in self.spans(rows)])

    def spans(self, rows: Ints) -> Iterator[tuple[pa.LargeStringArray, Ints, int]]:
        """For every slice its texts, which of them are among some ascending rows, and the place of the first there."""
        ends = np.searchsorted(rows, [at + len(part) for at, part in self.slices])
        begins = np.concatenate([[0], ends])[:-1]
        for (at, part), begin, end in zip(self.slices, begins, ends, strict=True):
            yield part, rows[begin:end] - at, begin

    def overlaps(self, ones: Ints, twos: Ints) -> Ints:
        """How many grams each pair shares: of these rows alone the texts are read again."""
        rows = np.flatnonzero(np.bincount(np.concatenate([ones, twos]), minlength=len(self.sizes)))
        place = np.zeros(len(self.sizes), np.int64)
        place[rows] = np.arange(len(rows))
        starts = np.concatenate([[0], np.cumsum(self.sizes[rows], dtype=np.int64)])
        grams = np.empty(starts[-1], np.uint64)

        def read(part: pa.LargeStringArray, mine: Ints, at: int) -> None:
            found = hashed(part.take(to_arrow(mine)), self.width, self.scratch)[0]
            grams[starts[at] : starts[at] + len(found)] = found

        self.over(lambda each: read(*each), self.spans(rows))
        common = np.empty(len(ones), np.int64)
        mine, theirs = place[ones], place[twos]
        cuts = np.linspace(0, len(ones), 4 * self.workers + 1).astype(np.int64)
        self.over(lambda a, b: _keys.overlaps(grams, starts, mine, theirs, a, b, common), cuts[:-1], cuts[1:])
        return common


def hashed(texts: pa.LargeStringArray, width: int, scratch: Scratch) -> tuple[Hashes, Sizes]:
    """The distinct grams of texts, row behind row, until the thread asks again; and the number of each row's."""
    data, offsets = buffers(texts)
    special, other = apart(texts)
    other_data, other_offsets = buffers(normalise_array(special))
    classes = character_classes() if len(special) else np.zeros(1, np.uint8)
    classes.flags.writeable = False
    read = _grams.Texts(data, offsets, other_data, other_offsets, other, classes)
    # Words of ASCII have something between them.
    room = int(offsets[-1] - offsets[0]) // 2 + int(other_offsets[-1]) + len(texts) + 1
    out, sizes = scratch("grams", room, np.uint64), np.empty(len(texts), np.int32)
    used = _grams.hash_rows(read, width, 0, len(texts), out, sizes)
    return out[:used], sizes


def _slices(texts: pa.ChunkedArray) -> Iterator[tuple[int, pa.LargeStringArray]]:
    """Slices of the rows, as large strings, each with the row that it begins at."""
    first = 0
    for chunk in texts.chunks:
        for at in range(0, len(chunk), SLICE):
            part = chunk.slice(at, SLICE)
            yield first + at, part.cast(pa.large_string())
        first += len(chunk)

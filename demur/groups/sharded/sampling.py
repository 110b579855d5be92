"""Stages 1 and 2: how common grams are, from some of the rows. It orders grams; any order finds the same pairs.

Runs of rows are taken at even distances, whichever file they lie in, so that the order does not depend on how rows are
cut, and where rows are many, most row groups need not be read.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.groups.sharded.grams import flat, gram_slices
from demur.groups.sharded.inputs import Shard
from demur.groups.sharded.job import Job
from demur.similarity.views import View

Ints = NDArray[np.int64]

STRIDE = 16
"""Of so many rows at least one is asked."""

RUN = 256
"""Rows, at most, that are taken in a run."""

_RUNS = 14  # of few rows there are 2 ** 14 runs to choose from, if need be of a single row

#: Bytes of text for one gram, at the least, in ordinary text.
_BYTES_PER_GRAM = {"token": 6, "word3": 6, "char": 1}

LEVELS = np.zeros(256, np.uint8)
"""By how many sampled rows have a gram (255: or more): 0 if none, else by eighths of a doubling."""
LEVELS[1:] = 1 + 8 * np.log2(np.arange(1, 256))


def sampling(view: View, text_bytes: int, most: int) -> tuple[int, int]:
    """Bits of a table with a slot for about every gram of the sample, as far as it may grow; and the stride.

    Example:
        >>> sampling("word3", 330_000_000, most=27), sampling("word3", 330_000_000_000, most=27)
        ((22, 16), (27, 820))
    """
    grams = text_bytes // _BYTES_PER_GRAM[view]
    bits = min(most, max(12, (grams * 6 // (5 * STRIDE)).bit_length()))
    return bits, max(STRIDE, -(-2 * grams // (1 << bits)) if bits == most else 0)


def sample(job: Job, shard: Shard) -> None:
    """In which slots of the table the grams of a shard's sampled rows fall, and how many in each."""
    job.check_code()
    rows = _sampled(job, shard)
    parts = [slots_of(grams, job.bits) for _, grams, _ in gram_slices(job, shard, rows)]
    slots, counts = np.unique(flat(parts, np.uint32), return_counts=True)
    counted = pa.record_batch({"slot": slots, "count": np.minimum(counts, 255).astype(np.uint8)})
    job.store.save("sample", shard.number, {f"slots-{shard.number}": [counted]})


def _sampled(job: Job, shard: Shard) -> Ints:
    rows: Ints = np.arange(shard.first, shard.first + shard.rows)
    run = min(RUN, max(1, job.rows >> _RUNS))
    chosen: Ints = rows[rows // run % job.stride == 0]
    return chosen


def slots_of(grams: NDArray[np.uint64], bits: int) -> NDArray[np.uint32]:
    """The slot of each gram in a table of 2 ** bits."""
    return ((grams * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits)).astype(np.uint32)


def rank(job: Job, _: int) -> None:
    """The level of every slot of the table: 0 for grams that are rare."""
    counts = np.zeros(1 << job.bits, np.uint8)
    for number in range(job.parts):
        counted = job.store.load(f"slots-{number}", 0)
        slots = counted["slot"].to_numpy()
        more = counts[slots].astype(np.uint16) + counted["count"].to_numpy()
        counts[slots] = np.minimum(more, 255)
    job.store.save("rank", 0, {"levels-0": [pa.record_batch({"level": LEVELS[counts]})]})


def levels(job: Job) -> NDArray[np.uint8]:
    """The table of levels; a worker keeps the last one."""
    if job.work not in _KEPT:
        _KEPT.clear()
        _KEPT[job.work] = job.store.load("levels-0", 0)["level"].to_numpy()
    return _KEPT[job.work]


def forget_levels() -> None:
    """Free the table that a worker keeps."""
    _KEPT.clear()


_KEPT: dict[str, NDArray[np.uint8]] = {}

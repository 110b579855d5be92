"""Stage 2: the rare-first prefix of every row, spread over buckets by gram; in a bucket, the rows that meet."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.groups.sharded.counting import bucket_of, rarity, spread
from demur.groups.sharded.grams import unpacked
from demur.groups.sharded.inputs import Shard
from demur.groups.sharded.job import Job
from demur.similarity.postings import prefixes
from demur.similarity.sets import GramSets

Ints = NDArray[np.int64]


def post(job: Job, shard: Shard) -> None:
    """Post the prefixes of a shard's rows, but for rows whose set a smaller row has."""
    copy = np.zeros(shard.rows, bool)
    copy[_copies(job, shard) - shard.first] = True
    parts = []
    at = 0
    for batch in job.store.batches(f"grams-{shard.number}"):
        sets = unpacked([batch])
        parts.append(_postings(job, sets, copy[at : at + len(sets)], shard.first + at))
        at += len(sets)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    batches = spread(columns, bucket_of(columns["key"], job.buckets), job.buckets)
    job.store.save("post", shard.number, {f"postings-{shard.number}": batches})


def _postings(job: Job, sets: GramSets, copy: NDArray[np.bool_], first: int) -> dict[str, NDArray[Any]]:
    """The postings of consecutive rows, from row `first` on."""
    chosen = ((sets.sizes > 0) & ~copy).astype(np.uint8)
    postings = prefixes(sets, chosen, rarity(job), job.threshold, alone=1, threads=job.threads)
    return {
        "key": postings.keys,
        "row": postings.rows + first,
        "position": postings.positions.astype(np.int32),
        "size": sets.sizes[postings.rows].astype(np.int32),
        "bitmap": postings.bitmaps[postings.rows],
    }


def _copies(job: Job, shard: Shard) -> Ints:
    """The shard's rows among the copies that all buckets found."""
    found = []
    for bucket in range(job.buckets):
        rows = job.store.load(f"copies-{bucket}", 0)["row"].to_numpy()
        found.append(rows[slice(*np.searchsorted(rows, [shard.first, shard.first + shard.rows]))])
    return np.concatenate(found)


def meet(job: Job, bucket: int, edges: tuple[int, ...]) -> None:
    """Keep a bucket's postings of grams through which rows may be similar, one part for each shard.

    Of two similar rows, the one that comes first has a common gram in the shorter index prefix of
    k - ceil(2t / (1 + t) * k) + 1 grams (see `demur.similarity.match.match_within`). Where no row has a gram there, no
    pair meets through it.

    Args:
        job: the run.
        bucket: its number.
        edges: each shard's first row, and the number of all rows.
    """
    postings = pa.concat_batches([job.store.load(f"postings-{number}", bucket) for number in range(job.parts)])
    keys, positions, sizes = (postings[name].to_numpy() for name in ("key", "position", "size"))
    keep = _meeting(keys, positions, sizes, job.threshold)
    postings = postings.take(pa.array(keep))
    bounds = np.searchsorted(postings["row"].to_numpy(), edges)
    parts = (postings.slice(first, last - first) for first, last in pairwise(bounds))
    job.store.save("meet", bucket, {f"meeting-{bucket}": parts})


def _meeting(
    keys: NDArray[np.uint64], positions: NDArray[np.int32], sizes: NDArray[np.int32], threshold: float
) -> Ints:
    """The postings, in their order, whose gram several rows have and one of them in its index prefix."""
    if not len(keys):
        return np.empty(0, np.int64)
    order = np.argsort(keys, kind="stable")
    begins = np.flatnonzero(np.diff(keys[order], prepend=~keys[order[0]]))
    lengths = np.diff(begins, append=len(keys))
    indexed = positions <= sizes - np.ceil(2 * threshold / (1 + threshold) * sizes - 1e-9)
    useful = (lengths > 1) & np.logical_or.reduceat(indexed[order], begins)
    kept: Ints = np.sort(order[np.repeat(useful, lengths)])
    return kept

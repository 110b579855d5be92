"""Stages 5 and 6: the grams of rows that may be similar, and only of those, read again; which of them are similar."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.groups.sharded._kernels import gather, overlaps, sort_rows
from demur.groups.sharded.claims import claims
from demur.groups.sharded.grams import flat, gram_slices
from demur.groups.sharded.inputs import Shard
from demur.groups.sharded.job import Job
from demur.groups.sharded.posting import unique_pairs
from demur.groups.sharded.sampling import forget_levels
from demur.similarity.match import match_within
from demur.similarity.postings import measure_rarity, prefixes
from demur.similarity.sets import GramSets
from demur.text.compiled import over_rows

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Pairs = tuple[Ints, Ints, NDArray[np.float64]]


def collect(job: Job, shard: Shard) -> None:
    """Read the texts of a shard's rows that were asked for again, and send their grams to who asked."""
    forget_levels()
    wants = job.wants.received(shard.number)
    rows, who = unique_pairs(wants["row"].to_numpy(), wants["other"].to_numpy(), job.buckets)
    wanted = np.unique(rows)
    parts, lengths = [], []
    for _, grams, sizes in gram_slices(job, shard, wanted):
        starts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        parts.append(grams.copy())
        lengths.append(sizes)
        sort_rows(parts[-1], starts)
    starts = np.concatenate([[0], np.cumsum(flat(lengths, np.int32), dtype=np.int64)])
    lists = pa.LargeListArray.from_arrays(starts, flat(parts, np.uint64))
    sets = pa.record_batch({"row": wanted.astype(job.row_type), "grams": lists})
    places = np.searchsorted(wanted, rows)
    job.store.save("collect", shard.number, job.sets.sent(shard.number, sets, who, places))


def match(job: Job, bucket: int) -> None:
    """Judge the pairs of a bucket by the grams themselves, and the rows of its crowds by a join."""
    sent = job.pairs.received(bucket)
    ones, twos = unique_pairs(sent["row"].to_numpy(), sent["other"].to_numpy(), job.rows)
    rows, starts, grams = _sets(job, bucket)
    near = _similar(job, rows, starts, grams, ones, twos)
    crowd = np.unique(job.crowds.received(bucket)["row"].to_numpy().astype(np.int64))
    dense = _crowded(job, rows, starts, grams, crowd)
    found = claims(job, *(np.concatenate(each) for each in zip(near, dense, strict=True)))
    job.store.save("match", bucket, job.claims.sent(bucket, found, job.owner(found["row"].to_numpy())))


def _sets(job: Job, bucket: int) -> tuple[Ints, Ints, Hashes]:
    """Rows that were asked for, ascending; where the grams of each begin; and all grams."""
    rows, sizes, grams = [], [], []
    for batch in job.sets.arriving(bucket):
        rows.append(batch["row"].to_numpy().astype(np.int64))
        sizes.append(np.diff(batch["grams"].offsets.to_numpy()))
        grams.append(batch["grams"].flatten().to_numpy())
    starts = np.concatenate([[0], np.cumsum(flat(sizes, np.int64), dtype=np.int64)])
    return flat(rows, np.int64), starts, flat(grams, np.uint64)


def _similar(job: Job, rows: Ints, starts: Ints, grams: Hashes, ones: Ints, twos: Ints) -> Pairs:
    """Those of the pairs that reach the threshold."""
    mine, theirs = np.searchsorted(rows, ones), np.searchsorted(rows, twos)
    common = np.empty(len(ones), np.int64)
    over_rows(lambda a, b: overlaps(grams, starts, mine, theirs, a, b, common), len(ones), job.threads)
    sizes = np.diff(starts)
    similarity = common / (sizes[mine] + sizes[theirs] - common)
    good = similarity >= job.threshold
    return twos[good], ones[good], similarity[good]


def _crowded(job: Job, rows: Ints, starts: Ints, grams: Hashes, crowd: Ints) -> Pairs:
    """Similar pairs among rows that crowd under one gram, as many as connect them (see `demur.similarity.joins`)."""
    place = np.searchsorted(rows, crowd)
    sizes = np.diff(starts)[place]
    begins = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    hashes = np.empty(begins[-1], np.uint64)
    gather(grams, starts, np.diff(starts), place, 0, hashes)
    sets = GramSets(hashes, begins, sizes, np.empty(0, np.uint64))
    chosen = np.ones(len(sets), np.uint8)
    postings = prefixes(sets, chosen, measure_rarity(sets, chosen, job.threads), job.threshold, alone=1)
    order = postings.in_order(sizes)
    ones, twos, common = match_within(
        hashes, begins, sizes, postings.places, postings.keys, postings.rows, postings.positions, order,
        postings.bitmaps, float(job.threshold), True, np.arange(len(sets)), np.zeros(2, np.int64),
    )  # fmt: skip
    return crowd[ones], crowd[twos], common / (sizes[ones] + sizes[twos] - common)

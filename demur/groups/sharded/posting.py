"""Stages 3 and 4: the postings of every row, brought to buckets by gram; in a bucket, the rows that may be similar."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.groups.sharded._kernels import meet_runs, post_rows
from demur.groups.sharded.claims import claims
from demur.groups.sharded.grams import Sliced, ahead, flat, gram_slices
from demur.groups.sharded.inputs import Shard
from demur.groups.sharded.job import Job
from demur.groups.sharded.sampling import levels
from demur.text.compiled import over_parts, thread_count

Ints = NDArray[np.int64]

CROWD = 1 << 15
"""Rows of one gram that are looked at pair by pair."""

SHARE = 4
"""Candidates for each row of one gram, at the most; with more, the rows are joined by their whole sets."""


SHARES = 16
"""Parts of a bucket that are sorted one after another."""

_POSTING = ("key", "row", "tail", "sketch")


def post(job: Job, shard: Shard) -> None:
    """Read a shard's texts, and post the rarest grams of its rows.

    A posting has 24 bytes: gram, row, size, print and sketch (see `post_rows`). Grams are not kept. Of rows with equal
    sets only the first of the shard is posted: however often a text is there, its grams have few postings.
    """
    table = levels(job)
    prints = np.empty(shard.rows, np.uint64)

    def posted(part: Sliced) -> tuple[NDArray[Any], ...]:
        rows, grams, sizes = part
        keys, sketches = np.empty(len(grams), np.uint64), np.empty(len(grams), np.uint64)
        tails, lengths = np.empty(len(grams), np.uint32), np.empty(len(rows), np.int32)
        mine = prints[int(rows[0]) - shard.first :][: len(rows)]
        used = post_rows(grams, sizes, job.threshold, table, 64 - job.bits, keys, tails, sketches, lengths, mine)
        numbers = np.repeat(rows, lengths).astype(job.row_type)
        keys = keys[:used].copy()
        return keys, numbers, tails[:used].copy(), sketches[:used].copy(), bucket_of(keys, job.buckets)

    parts = ahead(posted, gram_slices(job, shard), thread_count(job.threads))
    columns = [list(each) for each in zip(*parts, strict=True)]
    *made, to = (flat(each, each[0].dtype.type) for each in columns)
    repeats, firsts = _repeats(prints)
    if len(repeats):
        left = np.ones(shard.rows, bool)
        left[repeats] = False
        kept = left[made[1].astype(np.int64) - shard.first]
        made, to = [each[kept] for each in made], to[kept]
    batch = pa.record_batch(made, names=_POSTING)
    claimed = claims(job, repeats + shard.first, firsts + shard.first, np.ones(len(repeats)))
    sent = job.repeats.sent(shard.number, claimed, job.owner(claimed["row"].to_numpy()))
    job.store.save("post", shard.number, {**job.postings.sent(shard.number, batch, to), **sent})


def _repeats(prints: NDArray[np.uint64]) -> tuple[Ints, Ints]:
    """Rows whose set a row before them has, and the first that has it; rows without a set have no print."""
    _, first, place = np.unique(prints, return_index=True, return_inverse=True)
    again = np.flatnonzero((first[place] != np.arange(len(prints))) & (prints != 0))
    return again, first[place[again]]


def bucket_of(keys: NDArray[np.uint64], buckets: int) -> NDArray[np.unsignedinteger[Any]]:
    """The bucket of each posting, by its gram."""
    mixed = (keys >> np.uint64(24)) * np.uint64(0x9E3779B97F4A7C15)
    small = np.uint16 if buckets < 1 << 16 else np.uint32
    return ((mixed >> np.uint64(40)) % np.uint64(buckets)).astype(small)


def meet(job: Job, bucket: int, edges: tuple[int, ...]) -> None:
    """Find copies in a bucket, and pairs that may be similar; ask for the grams of these.

    Pairs that one gram brings together go to one bucket, which their smallest row chooses: so a pair that several grams
    bring together is most often judged once, and the grams of a row are sent to few places. Where too many rows share a
    gram (texts of a template), all of them go to one bucket in the same way, and are joined there.

    Args:
        job: the run.
        bucket: its number.
        edges: each shard's first row, and the number of all rows.
    """
    pairs, hubs, copies, crowd = _met(job, bucket)
    owner = bucket_of(hubs.astype(np.uint64) << np.uint64(24), job.buckets)
    host = bucket_of(crowd[:, 1].astype(np.uint64) << np.uint64(24), job.buckets)
    asked = np.concatenate([pairs.ravel(), crowd[:, 0]])
    who = np.concatenate([np.repeat(owner, 2), host])
    asked, who = unique_pairs(asked, who, job.buckets)
    claimed = claims(job, copies[:, 0], copies[:, 1], np.ones(len(copies)))
    job.store.save(
        "meet",
        bucket,
        {
            **job.pairs.sent(bucket, _record(job, pairs), owner),
            **job.crowds.sent(bucket, _record(job, crowd), host),
            **job.wants.sent(bucket, _record(job, np.stack([asked, who], 1)), _shard_of(asked, edges)),
            **job.copies.sent(bucket, claimed, job.owner(claimed["row"].to_numpy())),
        },
    )


def _met(job: Job, bucket: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Distinct candidates, the hub of each, copies, and rows of crowds with their hubs; some of the grams at a time."""
    shares: list[list[pa.RecordBatch]] = [[] for _ in range(SHARES)]
    for batch in job.postings.arriving(bucket):
        share = (batch["key"].to_numpy() >> np.uint64(24)).astype(np.uint8) % SHARES
        order = np.argsort(share, kind="stable")
        edges = np.searchsorted(share[order], np.arange(SHARES + 1))
        for number in range(SHARES):
            shares[number].append(batch.take(pa.array(order[edges[number] : edges[number + 1]])))
    work = partial(_meet_share, job, shares)
    found = over_parts(work, SHARES, job.threads)
    pairs, copies, crowd = (np.concatenate(each) for each in zip(*found, strict=True))
    pairs = pairs.reshape(-1, 3)
    order = np.lexsort((pairs[:, 2], pairs[:, 1], pairs[:, 0]))
    pairs = pairs[order]
    pairs = pairs[np.diff(pairs[:, :2], axis=0, prepend=-1).any(axis=1)]
    dense = unique_pairs(crowd[::2], crowd[1::2], job.rows)
    return pairs[:, :2], pairs[:, 2], copies.reshape(-1, 2), np.stack(dense, 1)


def _meet_share(job: Job, shares: list[list[pa.RecordBatch]], number: int) -> tuple[Ints, Ints, Ints]:
    batch = pa.concat_batches(shares[number])
    shares[number] = []
    order = np.argsort(batch["key"].to_numpy(), kind="stable")
    keys, rows, tails, sketches = (batch[name].to_numpy()[order] for name in _POSTING)
    return meet_runs(keys, rows.astype(np.int64), tails, sketches, job.threshold, CROWD, SHARE, np.zeros(1, np.int64))


def unique_pairs(ones: NDArray[Any], twos: NDArray[Any], below: int) -> tuple[Ints, Ints]:
    """Distinct pairs, ascending; every second number is below the given one."""
    ones, twos = ones.astype(np.int64), twos.astype(np.int64)
    if len(ones) and int(ones.max()) < (1 << 62) // max(1, below):
        ones, twos = np.divmod(np.unique(ones * below + twos), below)
        return ones, twos
    order = np.lexsort((twos, ones))
    ones, twos = ones[order], twos[order]
    new = np.ones(len(ones), bool)
    new[1:] = (ones[1:] != ones[:-1]) | (twos[1:] != twos[:-1])
    return ones[new], twos[new]


def _record(job: Job, columns: Ints) -> pa.RecordBatch:
    one, two = (np.ascontiguousarray(columns[:, at]).astype(job.row_type) for at in (0, 1))
    return pa.record_batch({"row": one, "other": two})


def _shard_of(rows: Ints, edges: Sequence[int]) -> Ints:
    return np.searchsorted(np.array(edges[1:-1], np.int64), rows, side="right")

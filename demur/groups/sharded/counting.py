"""Stage 1: how many rows have each gram, and which rows have the same set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.groups.sharded._kernels import second_prints
from demur.groups.sharded.grams import compact, packed
from demur.groups.sharded.inputs import Shard, read
from demur.groups.sharded.job import Job
from demur.similarity.postings import Rarity
from demur.similarity.prefix import count_common, count_rows
from demur.similarity.sets import GramSets, build
from demur.text.compiled import over_parts, over_rows, thread_count

Ints = NDArray[np.int64]

# As in `demur.similarity.postings`: up to here a slot of the table counts rows exactly, above are 64 levels.
_EXACT = 191

# Slots that are looked at together, so that nothing else is as large as the table.
_STEP = 1 << 20


def bucket_of(values: NDArray[np.uint64], buckets: int) -> NDArray[np.int64]:
    """The bucket of each hash."""
    return ((values * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)).astype(np.int64) % buckets


def spread(columns: dict[str, NDArray[Any]], bucket: Ints, buckets: int) -> Iterator[pa.RecordBatch]:
    """One record batch for each bucket, in which rows keep their order."""
    order = np.argsort(bucket.astype(np.int32), kind="stable")
    edges = np.searchsorted(bucket[order], np.arange(buckets + 1))
    for number in range(buckets):
        chosen = order[edges[number] : edges[number + 1]]
        yield pa.record_batch({name: values[chosen] for name, values in columns.items()})


def count(job: Job, shard: Shard) -> None:
    """Read a shard, save its gram sets, count the rows of each gram, and give two fingerprints of each row's set.

    This is the one time that texts are read. Equal rows count as often as they are there, so that the sum over shards
    is the same however rows are cut.
    """
    job.check_code()
    sets = [compact(build(texts, job.view, job.threads)) for texts in read(shard, job.column, job.threads)]
    table, slots, counts = _count(sets, job.bits, job.threads)
    edges = _edges(job)
    over = np.searchsorted(slots, edges)
    ranges = [(edges[number], edges[number + 1], over[number], over[number + 1]) for number in range(job.buckets)]
    prints = _prints(sets, shard.first, job.threads)
    job.store.save(
        "count",
        shard.number,
        {
            f"grams-{shard.number}": map(packed, sets),
            f"table-{shard.number}": (pa.record_batch({"count": table[a:b]}) for a, b, _, _ in ranges),
            f"common-{shard.number}": (
                pa.record_batch({"slot": slots[c:d], "count": counts[c:d]}) for _, _, c, d in ranges
            ),
            f"prints-{shard.number}": spread(prints, bucket_of(prints["print"], job.buckets), job.buckets),
        },
    )


def _count(groups: Sequence[GramSets], bits: int, threads: int | None) -> tuple[NDArray[np.uint8], Ints, Ints]:
    """Counts of rows by slot, up to one more than `_EXACT`; and all counts of the slots that got there."""
    table = np.zeros(1 << bits, np.uint8)
    owners = thread_count(threads)
    bounds = [(part << bits) // owners for part in range(owners + 1)]
    fixed = [(sets.hashes, sets.starts, sets.sizes, (sets.sizes > 0).astype(np.uint8), bits) for sets in groups]

    def count_into(part: int) -> None:
        for each in fixed:
            count_rows(*each, bounds[part], bounds[part + 1], _EXACT + 1, table)

    over_parts(count_into, owners, threads)
    steps = range(0, len(table), _STEP)
    slots = np.concatenate([np.flatnonzero(table[at : at + _STEP] > _EXACT) + at for at in steps])
    counts = np.zeros(len(slots), np.int64)
    if len(slots):
        for each in fixed:
            count_common(*each, 1, _EXACT + 1, table, slots, counts)
    return table, slots, counts


def _prints(groups: Sequence[GramSets], first: int, threads: int | None) -> dict[str, NDArray[Any]]:
    """Both fingerprints of every row that has a set, and its index."""
    again = [np.empty(len(sets), np.uint64) for sets in groups]
    for sets, out in zip(groups, again, strict=True):
        over_rows(partial(_second_prints, sets, out), len(sets), threads)
    rows = np.flatnonzero(np.concatenate([sets.sizes for sets in groups]))
    prints = np.concatenate([sets.prints for sets in groups])
    return {"print": prints[rows], "again": np.concatenate(again)[rows], "row": rows + first}


def _second_prints(sets: GramSets, out: NDArray[np.uint64], first: int, last: int) -> None:
    second_prints(sets.hashes, sets.starts, sets.sizes, first, last, out)


def _edges(job: Job) -> Ints:
    """Where each bucket's range of slots begins, and the last one's end."""
    return (np.arange(job.buckets + 1) << job.bits) // job.buckets


def merge(job: Job, bucket: int) -> None:
    """Sum a range of slots over all shards, and find the equal rows among a bucket of fingerprints."""
    levels = pa.record_batch({"level": _levels(job, bucket)})
    job.store.save("merge", bucket, {f"levels-{bucket}": [levels], f"copies-{bucket}": [_copies(job, bucket)]})


def _levels(job: Job, bucket: int) -> NDArray[np.uint8]:
    first, last = _edges(job)[bucket : bucket + 2]
    total = np.zeros(last - first, np.uint32)
    for number in range(job.parts):
        total += job.store.load(f"table-{number}", bucket)["count"].to_numpy()
        common = job.store.load(f"common-{number}", bucket)
        total[common["slot"].to_numpy() - first] += (common["count"].to_numpy() - (_EXACT + 1)).astype(np.uint32)
    level = np.empty(len(total), np.uint8)
    np.minimum(total, _EXACT + 1, out=level, casting="unsafe")
    many = np.flatnonzero(total > _EXACT)
    level[many] += np.minimum(np.log2(total[many] / (_EXACT + 1)).clip(0) * 3, 63).astype(np.uint8)
    return level


def _copies(job: Job, bucket: int) -> pa.RecordBatch:
    """Rows (ascending) whose set a smaller row has too, and the smallest such row."""
    parts = [job.store.load(f"prints-{number}", bucket) for number in range(job.parts)]
    prints, again, rows = (np.concatenate([part[name].to_numpy() for part in parts]) for name in parts[0].schema.names)
    order = np.lexsort((again, prints))  # stable: rows of one set stay in ascending order
    prints, again, rows = prints[order], again[order], rows[order]
    new = np.ones(len(order), bool)
    new[1:] = (prints[1:] != prints[:-1]) | (again[1:] != again[:-1])
    smallest = rows[np.flatnonzero(new)][np.cumsum(new) - 1] if len(rows) else rows
    rows, twins = rows[~new], smallest[~new]
    ascending = np.argsort(rows)
    return pa.record_batch({"row": rows[ascending], "twin": twins[ascending]})


def rarity(job: Job) -> Rarity:
    """The table over all shards; a worker keeps the last one."""
    if job.work not in _KEPT:
        _KEPT.clear()
        table = np.empty(1 << job.bits, np.uint8)
        edges = _edges(job)
        for bucket in range(job.buckets):
            table[edges[bucket] : edges[bucket + 1]] = job.store.load(f"levels-{bucket}", 0)["level"].to_numpy()
        _KEPT[job.work] = Rarity(table, job.bits)
    return _KEPT[job.work]


def forget_rarity() -> None:
    """Free the table that a worker keeps."""
    _KEPT.clear()


_KEPT: dict[str, Rarity] = {}

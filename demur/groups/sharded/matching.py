"""Stage 3: the gram sets of rows that meet, and only those; which of them are similar; and the groups they make."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.groups.group import members
from demur.groups.sharded.counting import forget_rarity
from demur.groups.sharded.grams import chosen, packed, unpacked
from demur.groups.sharded.inputs import Shard
from demur.groups.sharded.job import Job
from demur.similarity.evidence import evidence
from demur.similarity.match import match_within

Ints = NDArray[np.int64]


def collect(job: Job, shard: Shard) -> None:
    """Save the gram sets of a shard's rows, for each bucket those of the rows that meet in it."""
    forget_rarity()
    met = [np.unique(job.store.load(f"meeting-{bucket}", shard.number)["row"]) for bucket in range(job.buckets)]
    wanted = np.unique(np.concatenate(met))
    kept = []
    at = shard.first
    for batch in job.store.batches(f"grams-{shard.number}"):
        rows = wanted[slice(*np.searchsorted(wanted, [at, at + len(batch)]))]
        kept.append(packed(chosen(unpacked([batch]), rows - at)))
        at += len(batch)
    sets = unpacked(kept)
    batches = (packed(chosen(sets, np.searchsorted(wanted, rows))) for rows in met)
    job.store.save("collect", shard.number, {f"sets-{shard.number}": batches})


def match(job: Job, bucket: int) -> None:
    """Verify the pairs that meet in a bucket by their sets; keep as many as connect the rows (a forest)."""
    forget_rarity()
    postings = pa.Table.from_batches(list(job.store.batches(f"meeting-{bucket}")))
    keys, rows, positions = (postings[name].to_numpy() for name in ("key", "row", "position"))
    rows, first, local = np.unique(rows, return_index=True, return_inverse=True)
    bitmaps = postings["bitmap"].to_numpy()[first]
    places = np.append(first, len(keys)).astype(np.int64)  # postings are ordered by row, and by key within a row
    sets = unpacked([job.store.load(f"sets-{number}", bucket) for number in range(job.parts)])  # of the same rows
    order = np.lexsort((positions, sets.sizes[local], keys))
    ones, twos, common = match_within(
        sets.hashes, sets.starts, sets.sizes, places, keys.copy(), local.astype(np.int64), positions.astype(np.int64),
        order, bitmaps, float(job.threshold), True, np.arange(len(rows)), np.zeros(2, np.int64),
    )  # fmt: skip
    similarity = common / (sets.sizes[ones] + sets.sizes[twos] - common)
    pairs = pa.record_batch({"row": rows[ones], "twin": rows[twos], "similarity": similarity})
    job.store.save("match", bucket, {f"pairs-{bucket}": [pairs]})


def grouped(job: Job) -> pa.Table:
    """Every row that shares its group with another, from the evidence of all buckets (see `groups.group.MEMBERS`).

    Runs on the driver; memory grows with the evidence, not with the rows.
    """
    parts = list(_found(job))
    rows, twins = (np.concatenate([part[name].to_numpy() for part in parts]) for name in ("row", "twin"))
    similarity = np.concatenate([part["similarity"].to_numpy() for part in parts])
    known, ends = np.unique(np.concatenate([rows, twins]), return_inverse=True)
    found = members(len(known), evidence(ends[: len(rows)], ends[len(rows) :], job.view, similarity))
    for name in ("row", "group", "twin"):
        at = found.schema.get_field_index(name)
        found = found.set_column(at, found.schema.field(at), [known[found[name].to_numpy()]])
    return found


def _found(job: Job) -> Iterator[pa.RecordBatch]:
    """Copies, and similar pairs, of all buckets."""
    for bucket in range(job.buckets):
        copies = job.store.load(f"copies-{bucket}", 0)
        yield copies.append_column("similarity", pa.array(np.ones(len(copies))))
        yield from job.store.batches(f"pairs-{bucket}")

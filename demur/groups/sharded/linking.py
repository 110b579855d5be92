"""Stage 7 and the end: what is claimed of each row, brought together; and the groups of all rows.

Most groups are known where they were found. Only where tasks name several roots for one row do these have to be
connected, which the driver does: it holds a pair of numbers for each such case, and nothing else that grows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.groups.group import MEMBERS
from demur.groups.sharded.claims import best_of, claim_batch
from demur.groups.sharded.job import Job
from demur.similarity.match import connect

Ints = NDArray[np.int64]

_SLOTS = 1 << 16
_HEAVY = 64  # slots whose groups are counted at first


def link(job: Job, bucket: int) -> None:
    """One claim for each row of a bucket, with its smallest root; and which roots belong together, as a forest."""
    repeats, copies = job.repeats.received(bucket), job.copies.received(bucket)
    batch = pa.concat_batches([repeats, copies, job.claims.received(bucket)])
    rows, roots, twins = (batch[name].to_numpy().astype(np.int64) for name in ("row", "root", "twin"))
    similarity = batch["similarity"].to_numpy()
    order = np.lexsort((roots, rows))
    first = np.flatnonzero(np.diff(rows[order], prepend=-1))
    smallest = roots[order][first]
    others = roots[order] != np.repeat(smallest, np.diff(first, append=len(order)))
    known, parents = connected(roots[order][others], np.repeat(smallest, np.diff(first, append=len(order)))[others])
    tied = known != known[parents]
    best = best_of(rows, twins, similarity)
    edges = pa.record_batch({"one": known[tied], "two": known[parents][tied]})
    members = claim_batch(job, rows[order][first], smallest, twins[best], similarity[best])
    again = _copied(copies, repeats)
    job.store.save(
        "link",
        bucket,
        {f"members-{bucket}": [members], f"edges-{bucket}": [edges], f"again-{bucket}": [again]},
    )


def _copied(copies: pa.RecordBatch, repeats: pa.RecordBatch) -> pa.RecordBatch:
    """Rows that are the first of their shard with a set, but not of all; and the first of all."""
    rows, roots = (copies[name].to_numpy().astype(np.int64) for name in ("row", "root"))
    first = repeats["row"].to_numpy()[repeats["row"].to_numpy() == repeats["root"].to_numpy()]
    chosen = (rows != roots) & np.isin(rows, first)
    order = np.argsort(rows[chosen])
    return pa.record_batch({"row": rows[chosen][order], "root": roots[chosen][order]})


def connected(ones: Ints, twos: Ints) -> tuple[Ints, Ints]:
    """The numbers in some pairs, ascending, and for each the place of the smallest that it is connected to."""
    known, place = np.unique(np.concatenate([ones, twos]), return_inverse=True)
    parents = np.arange(len(known))
    connect(place[: len(ones)], place[len(ones) :], parents)
    return known, parents


@dataclass(slots=True)
class Groups:
    """The groups of a job, read from the work folder bucket by bucket.

    Attributes:
        job: the run.
        known: roots that belong to another one, and those that these belong to.
        labels: the group of each.
        repeated: rows that are the first of their shard with a set, but not of all.
        firsts: for each of them, the first of all.
        edges: pairs that the driver connected.
        members: rows that share a group with another, once `tables` is through; as the next two.
        count: groups.
        largest: members of the largest group.
    """

    job: Job
    known: Ints
    labels: Ints
    repeated: Ints
    firsts: Ints
    edges: int
    members: int = 0
    count: int = 0
    largest: int = 0
    _slots: Ints = field(default_factory=lambda: np.zeros(_SLOTS, np.int64))

    @classmethod
    def of(cls, job: Job) -> Groups:
        """Connect what reaches over several buckets."""
        parts = [job.store.load(f"edges-{bucket}", 0) for bucket in _buckets(job)]
        none = np.empty(0, np.int64)
        ones, twos = (np.concatenate([none, *(part[name].to_numpy() for part in parts)]) for name in ("one", "two"))
        known, parents = connected(ones, twos)
        again = [job.store.load(f"again-{bucket}", 0) for bucket in _buckets(job)]
        rows, firsts = (np.concatenate([none, *(part[name].to_numpy() for part in again)]) for name in ("row", "root"))
        return cls(job, known, known[parents], rows, firsts, len(ones))

    def tables(self) -> Iterator[pa.Table]:
        """Every row that shares its group with another (see `demur.groups.group.MEMBERS`), a table for each bucket."""
        for rows, groups, batch in self._batches():
            self.members += len(rows)
            self.count += int(np.count_nonzero(rows == groups))
            self._slots += np.bincount(_slot(groups), minlength=_SLOTS)
            view = pa.DictionaryArray.from_arrays(np.zeros(len(rows), np.int32), [self.job.view]).cast(pa.string())
            twins = batch["twin"].to_numpy().astype(np.int64)
            first = replaced(twins, self.repeated, self.firsts)
            twins = np.where(first == rows, twins, first)
            yield pa.table([rows, groups, twins, view, batch["similarity"]], schema=MEMBERS)
        self.largest = self._largest()

    def _largest(self) -> int:
        """Members of the largest group: groups are counted only where they may be it."""
        heavy = np.argsort(-self._slots, kind="stable")
        best = at = 0
        step = _HEAVY
        while at < len(heavy) and self._slots[heavy[at]] > best:
            chosen = np.zeros(_SLOTS, bool)
            chosen[heavy[at : at + step]] = True
            found = np.concatenate([groups[chosen[_slot(groups)]] for _, groups, _ in self._batches()])
            best = max(best, int(np.unique(found, return_counts=True)[1].max(initial=0)))
            at, step = at + step, 4 * step
        return best

    def _batches(self) -> Iterator[tuple[Ints, Ints, pa.RecordBatch]]:
        for bucket in _buckets(self.job):
            batch = self.job.store.load(f"members-{bucket}", 0)
            rows, groups = (batch[name].to_numpy().astype(np.int64) for name in ("row", "root"))
            groups = replaced(groups, self.known, self.labels)
            yield rows, groups, batch


def replaced(values: Ints, known: Ints, others: Ints) -> Ints:
    """The values, those that are known (ascending) replaced.

    Example:
        >>> replaced(np.array([7, 3, 5]), np.array([3, 4]), np.array([30, 40])).tolist()
        [7, 30, 5]
    """
    if not len(known):
        return values
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.where(known[place] == values, others[place], values)


def _buckets(job: Job) -> range:
    return range(job.buckets if job.parts else 0)


def _slot(groups: Ints) -> Ints:
    return ((groups.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48)).astype(np.int64)

"""What pairs say of each of their rows: the smallest row that they connect it to, and its most similar row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.groups.sharded.job import Job
from demur.similarity.match import connect

Ints = NDArray[np.int64]


def claims(job: Job, rows: Ints, twins: Ints, similarity: NDArray[np.float64]) -> pa.RecordBatch:
    """One claim for every row of some pairs, by row; of equally similar rows the smallest is named.

    Pairs of one task are connected here; claims of several tasks about one row are brought together in `link`.
    """
    ends, others = np.concatenate([rows, twins]), np.concatenate([twins, rows])
    known, place = np.unique(ends, return_inverse=True)
    parents = np.arange(len(known))
    connect(place[: len(rows)], place[len(rows) :], parents)
    both = np.concatenate([similarity, similarity])
    best = best_of(ends, others, both)
    return claim_batch(job, known, known[parents], others[best], both[best])


def claim_batch(job: Job, rows: Ints, roots: Ints, twins: Ints, similarity: NDArray[np.float64]) -> pa.RecordBatch:
    """Claims as records."""
    named = {"row": rows, "root": roots, "twin": twins}
    columns = {name: values.astype(job.row_type) for name, values in named.items()}
    return pa.record_batch({**columns, "similarity": similarity})


def best_of(ends: Ints, others: Ints, similarity: NDArray[np.float64]) -> Ints:
    """For every distinct end, ascending, the place of its most similar other; ties go to the smallest."""
    order = np.lexsort((others, -similarity, ends))
    best: Ints = order[np.flatnonzero(np.diff(ends[order], prepend=-1))]
    return best

"""Gram sets as record batches, without room between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.groups.sharded._kernels import gather
from demur.similarity.sets import GramSets


def compact(sets: GramSets) -> GramSets:
    """The same sets without room between them, moved up in the same array."""
    starts = np.zeros(len(sets) + 1, np.int64)
    np.cumsum(sets.sizes, out=starts[1:])
    gather(sets.hashes, sets.starts, sets.sizes, np.arange(len(sets)), 0, sets.hashes)
    return GramSets(sets.hashes[: starts[-1]], starts, sets.sizes, sets.prints)


def chosen(sets: GramSets, rows: NDArray[np.int64]) -> GramSets:
    """The sets of the given rows, copied; without their fingerprints."""
    starts = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(sets.sizes[rows], out=starts[1:])
    hashes = np.empty(starts[-1], np.uint64)
    gather(sets.hashes, sets.starts, sets.sizes, rows, 0, hashes)
    return GramSets(hashes, starts, sets.sizes[rows], sets.prints[:0])


def packed(sets: GramSets) -> pa.RecordBatch:
    """Sets without room between them as lists of grams; not copied."""
    return pa.record_batch({"grams": pa.LargeListArray.from_arrays(sets.starts, sets.hashes)})


def unpacked(batches: Sequence[pa.RecordBatch]) -> GramSets:
    """The sets of several batches, one behind the other; without their fingerprints.

    Example:
        >>> from demur.similarity.sets import build
        >>> sets = build(["a b", "c", None, "d e f"], "token")
        >>> unpacked([packed(chosen(sets, np.array([3, 2]))), packed(chosen(sets, np.array([1])))]).sizes.tolist()
        [3, 0, 1]
    """
    lists = [batch["grams"] for batch in batches]
    sizes = np.concatenate([np.diff(part.offsets.to_numpy()) for part in lists])
    hashes = np.concatenate([part.flatten().to_numpy() for part in lists])
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    return GramSets(hashes, starts, sizes, np.empty(0, np.uint64))

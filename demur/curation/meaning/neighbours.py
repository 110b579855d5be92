"""All pairs of vectors at a cosine or above it: exact, by products of blocks, the same in whatever order rows come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demur.curation.meaning.encoder import Vectors
from demur.similarity.evidence import check_threshold

_BLOCK = 2048
_SLACK = 1e-4  # float32 products are off by less; each candidate is then computed alone, in float64


@dataclass(frozen=True, eq=False)
class Near:
    """Pairs of rows, the smaller first, sorted.

    Attributes:
        rows: of one side.
        twins: of the other.
        cosines: rounded to three digits.
    """

    rows: NDArray[np.int64]
    twins: NDArray[np.int64]
    cosines: NDArray[np.float64]


def near(vectors: Vectors, floor: float, among: NDArray[np.bool_] | None = None) -> Near:
    """Every pair whose cosine, rounded to three digits, is ``floor`` or above.

    Args:
        vectors: one row each, of length 1.
        floor: above 0, at most 1.
        among: of a pair, at least one row is marked here; by default all are.

    Example:
        >>> found = near(np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32), 0.8)
        >>> found.rows.tolist(), found.twins.tolist(), found.cosines.tolist()
        ([1], [2], [0.8])
    """
    check_threshold(floor)
    marked = np.arange(len(vectors)) if among is None else np.flatnonzero(among)
    everybody = len(marked) == len(vectors)
    rows, twins = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, len(marked), _BLOCK):
        some = marked[start : start + _BLOCK]
        for other in range(start if everybody else 0, len(vectors), _BLOCK):
            one, two = np.nonzero(vectors[some] @ vectors[other : other + _BLOCK].T >= floor - 5e-4 - _SLACK)
            rows.append(some[one])
            twins.append(two + other)
    one, two = np.concatenate(rows), np.concatenate(twins)
    each = np.unique((np.minimum(one, two) * len(vectors) + np.maximum(one, two))[one != two])
    first, second = np.divmod(each, max(1, len(vectors)))
    cosines = _cosines(vectors, first, second)
    kept = cosines >= floor
    return Near(first[kept], second[kept], cosines[kept])


def _cosines(vectors: Vectors, rows: NDArray[np.int64], twins: NDArray[np.int64]) -> NDArray[np.float64]:
    """Cosines of pairs, each from its two vectors alone, as the number that its three digits are written as."""
    found = np.empty(len(rows))
    for start in range(0, len(rows), _BLOCK):
        part = slice(start, start + _BLOCK)
        one, two = (vectors[ends[part]].astype(np.float64) for ends in (rows, twins))
        found[part] = np.sum(one * two, axis=1)  # along a row: one order of sums, whatever else is in the block
    rounded: NDArray[np.float64] = np.minimum(np.rint(found * 1000), 1000) / 1000
    return rounded

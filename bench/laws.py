"""Laws that simulated answers are drawn from: rows in clusters, and two models on the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Rng: TypeAlias = np.random.Generator
Hits: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.int64]
"""The number of each row's cluster, from 0."""


def places_of(sizes: Sequence[int]) -> Places:
    """Rows of clusters that have these sizes."""
    return np.repeat(np.arange(len(sizes)), sizes)


def some_of(rng: Rng, sizes: Sequence[int], rows: int) -> Places:
    """As many rows, or a few more, of clusters that are drawn from these."""
    drawn = rng.choice(sizes, rows)
    return places_of(drawn[: int(np.searchsorted(np.cumsum(drawn), rows)) + 1].tolist())


def shared(rng: Rng, places: Places, kinds: Sequence[float], icc: float) -> Places:
    """A kind for each row, by these chances; with the chance of the correlation all of a cluster have one kind."""
    clusters = int(places.max()) + 1
    as_one, of_cluster = rng.random(clusters) < icc, rng.choice(len(kinds), clusters, p=kinds)
    return np.where(as_one[places], of_cluster[places], rng.choice(len(kinds), len(places), p=kinds))


def one_model(rng: Rng, places: Places, rate: float, icc: float = 0.0) -> Hits:
    """What a model does at this rate."""
    hits: Hits = shared(rng, places, (1 - rate, rate), icc) == 1
    return hits


def two_models(
    rng: Rng, places: Places, rates: tuple[float, float], correlation: float, icc: float
) -> tuple[Hits, Hits]:
    """What two models do at these rates, with a correlation of their answers to one row."""
    one, two = rates
    both = one * two + correlation * sqrt(one * (1 - one) * two * (1 - two))
    kind = shared(rng, places, (1 - one - two + both, one - both, two - both, both), icc)
    return (kind & 1) == 1, kind >= 2

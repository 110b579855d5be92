"""Shares of items that come in clusters, their differences, and what a judge's known errors make of them.

Near-duplicates answer alike: ten wordings of one question are not ten questions. Intervals here count that; where every
item is a cluster of its own they are Wilson's, and Bonett and Price's for differences. Their coverage by simulation
stands in docs/power.md (`python -m bench.coverage`).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import product
from math import sqrt
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from demur.errors import UsageError
from demur.rates.measures import _Z, Rate, Score, score_interval

FLIPS, SEED = 9_999, 0
"""Sign flips of clusters behind a p value where they cannot all be tried."""

_ENUMERATED = 13  # clusters with a difference, of which all flips are tried
_HALF = 0.975


Clusters: TypeAlias = Sequence[Hashable] | NDArray[np.int64]
"""Of each item, its cluster; numbers in an array are quicker."""


@dataclass(frozen=True)
class ClusteredRate(Rate):
    """A share of items in clusters, with a cluster-robust 95 % interval.

    Attributes:
        clusters: how many; items of one are not independent.
        effective: independent items that would give the same precision.
    """

    clusters: int
    effective: float

    def __str__(self) -> str:
        said = super().__str__()
        return said if self.clusters == self.n else f"{said[:-1]}, {self.clusters:,} clusters)"

    @classmethod
    def over(cls, hits: NDArray[np.bool_], clusters: Clusters) -> Self:
        """See `clustered`."""
        n, count = len(hits), int(np.count_nonzero(hits))
        places = _places(clusters, n)
        number = int(places.max()) + 1 if n else 0
        if number == n:
            plain = Rate.of(count, n)
            return cls(**vars(plain), clusters=n, effective=float(n))
        effective = n / _effect(np.asarray(hits, np.float64), places)
        low, high = score_interval(count / n, effective, _quantile(number)) if number > 1 else (0.0, 1.0)
        return cls(count, n, count / n, low, high, number, effective)


def clustered(hits: NDArray[np.bool_], clusters: Clusters) -> ClusteredRate:
    """The share of hits with a cluster-robust 95 % interval; Wilson's where every cluster has one item.

    Wilson's interval at the effective number of items, n over the design effect, with the quantile of t for one less
    than the number of clusters. The design effect is that of the linearised variance, never below 1; where all items
    agree it is that of clusters that answer as one. Source: Dean and Pagano (2015), "Evaluating confidence interval
    methods for binomial proportions in clustered surveys", Journal of Survey Statistics and Methodology 3, 484-503.

    Args:
        hits: whether each item is one.
        clusters: of each item, its cluster.

    Raises:
        UsageError: not one cluster an item.

    Example:
        >>> print(clustered(np.array([True, False, False, False]), ["a", "b", "c", "d"]))
        25.0 % (1 of 4, 95 % interval 4.6-69.9 %)
        >>> print(clustered(np.array([True, True, False, False]), ["a", "a", "b", "c"]))
        50.0 % (2 of 4, 95 % interval 2.2-97.8 %, 3 clusters)
    """
    return ClusteredRate.over(np.asarray(hits, np.bool_), clusters)


@dataclass(frozen=True)
class Difference:
    """One share less another, with its 95 % interval.

    Attributes:
        value: the difference.
        n: items, of the smaller sample where there are two.
        clusters: of the items.
        p: of the hypothesis that the two shares are one.
    """

    value: float
    low: float
    high: float
    p: float
    n: int
    clusters: int

    def __str__(self) -> str:
        points = " to ".join(f"{100 * each:+.1f}" for each in (self.low, self.high))
        return f"{100 * self.value:+.1f} points (95 % interval {points}, n {self.n:,}, p {self.p:.2g})"


def paired(one: NDArray[np.bool_], two: NDArray[np.bool_], clusters: Clusters) -> Difference:
    """The share of the first less that of the second, on the same items.

    The interval is Bonett and Price's (2012, "Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data"), at the effective number of items. The p value is McNemar's exact one; where
    items come in clusters, that of a sign-flip test of the clusters' sums: all flips where there are few, else a seeded
    sample.

    Raises:
        UsageError: samples of different length, or not one cluster an item.

    Example:
        >>> one, two = np.arange(40) < 12, np.arange(40) < 4
        >>> print(paired(one, two, range(40)))
        +20.0 points (95 % interval +5.5 to +32.6, n 40, p 0.0078)
    """
    n = len(one)
    if len(two) != n:
        msg = "Paired samples have the same items"
        raise UsageError(msg, expected=n, got=len(two))
    if not n:
        return Difference(math.nan, -1.0, 1.0, 1.0, 0, 0)
    places = _places(clusters, n)
    number = int(places.max()) + 1
    differences = np.asarray(one, np.float64) - np.asarray(two, np.float64)
    up, down = int((differences > 0).sum()), int((differences < 0).sum())
    if number == n:
        from scipy.stats import binomtest

        effect, quantile = 1.0, _Z
        p = float(binomtest(up, up + down).pvalue) if up + down else 1.0
    elif number == 1:
        return Difference((up - down) / n, -1.0, 1.0, 1.0, n, 1)  # one cluster says nothing of others
    else:
        effect, quantile = _effect(differences, places), _quantile(number)
        p = _flipped(np.bincount(places, differences).astype(np.float64))
    effective = n / effect
    first, second = ((count / effect + 1) / (effective + 2) for count in (up, down))
    half = quantile * sqrt(max(0.0, first + second - (first - second) ** 2) / (effective + 2))
    middle = first - second
    return Difference((up - down) / n, max(-1.0, middle - half), min(1.0, middle + half), p, n, number)


def unpaired(one: Rate, two: Rate) -> Difference:
    """The first share less the second, of two samples of different items.

    Source: Newcombe (1998), "Interval estimation for the difference between independent proportions", method 10: made
    of the two intervals, so it counts clusters where they do. The p value is that of a test at the effective sizes.

    Example:
        >>> print(unpaired(Rate.of(15, 100), Rate.of(5, 100)))
        +10.0 points (95 % interval +1.6 to +18.8, n 100, p 0.018)
    """
    from scipy.special import ndtr  # scipy.stats takes four times as long to import

    value = one.share - two.share
    low = value - sqrt((one.share - one.low) ** 2 + (two.high - two.share) ** 2)
    high = value + sqrt((one.high - one.share) ** 2 + (two.share - two.low) ** 2)
    sizes = [effective(each) for each in (one, two)]
    pooled = (one.share * sizes[0] + two.share * sizes[1]) / sum(sizes)
    spread = sqrt(pooled * (1 - pooled) * (1 / sizes[0] + 1 / sizes[1]))
    p = float(2 * ndtr(-abs(value) / spread)) if spread else 1.0
    numbers = [each.clusters if isinstance(each, ClusteredRate) else each.n for each in (one, two)]
    return Difference(value, max(-1.0, low), min(1.0, high), p, min(one.n, two.n), min(numbers))


def holm(ps: Sequence[float]) -> list[float]:
    """P values of several comparisons, adjusted so that one false finding among all has a chance of at most 5 %.

    Source: Holm (1979), "A simple sequentially rejective multiple test procedure".

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    adjusted, most = [0.0] * len(ps), 0.0
    for rank, place in enumerate(order):
        most = max(most, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = most
    return adjusted


def rogan_gladen(rate: Rate, sensitivity: Rate, specificity: Rate) -> Score:
    """What a rate would be if its judge made no errors, by the judge's measured ones; the interval counts all three.

    Sources: Rogan and Gladen (1978), "Estimating prevalence from the results of a screening test"; the interval is that
    of Lang and Reiczigel (2014), "Confidence limits for prevalence of disease adjusted for estimated sensitivity and
    specificity".

    Args:
        rate: of cases that the judge called positive.
        sensitivity: of the cases known to be positive, those that it called so.
        specificity: of the cases known to be negative, those that it did not.

    Raises:
        UsageError: a judge that is no better than a coin tells nothing.

    Example:
        >>> print(rogan_gladen(Rate.of(300, 1000), Rate.of(90, 100), Rate.of(95, 100)))
        0.294 (95 % interval 0.234-0.345)
    """
    power = sensitivity.share + specificity.share - 1
    if not power > 0:
        msg = "A judge that is no better than chance corrects nothing"
        raise UsageError(msg, expected="sensitivity + specificity above 1", got=f"{power + 1:.3f}")
    value = min(1.0, max(0.0, (rate.share + specificity.share - 1) / power))
    found, spared = ((each.count + 1) / (each.n + 2) for each in (sensitivity, specificity))
    if found + spared <= 1 or (isinstance(rate, ClusteredRate) and rate.clusters == 1 < rate.n):
        return Score(value, 0.0, 1.0)  # of a judge known by a few cases, and of one cluster, nothing follows
    quantile = _quantile(rate.clusters) if isinstance(rate, ClusteredRate) and rate.clusters < rate.n else _Z
    square = quantile**2
    n = effective(rate) + square
    called = (effective(rate) * rate.share + square / 2) / n
    spread = [each * (1 - each) / (known.n + 2) for each, known in ((found, sensitivity), (spared, specificity))]
    middle = (called + spared - 1) / (found + spared - 1)
    shift = 2 * square * (middle * spread[0] - (1 - middle) * spread[1])
    variance = called * (1 - called) / n + middle**2 * spread[0] + (1 - middle) ** 2 * spread[1]
    half = quantile * sqrt(variance) / (found + spared - 1)
    low, high = (min(1.0, max(0.0, middle + shift + sign * half)) for sign in (-1, 1))
    return Score(value, min(low, value), max(high, value))


def effective(rate: Rate) -> float:
    """The number of independent items behind a rate."""
    return rate.effective if isinstance(rate, ClusteredRate) else float(rate.n)


def _places(clusters: Clusters, n: int) -> NDArray[np.int64]:
    """The number of each item's cluster, counted from 0 by first appearance."""
    if isinstance(clusters, np.ndarray):
        _, first, found = np.unique(clusters, return_index=True, return_inverse=True)
        found = np.argsort(np.argsort(first))[found]
    else:
        numbers: dict[Hashable, int] = {}
        found = np.array([numbers.setdefault(each, len(numbers)) for each in clusters], np.int64)
    if len(found) != n:
        msg = "Every item has one cluster"
        raise UsageError(msg, expected=n, got=len(found))
    return found


def _effect(values: NDArray[np.float64], places: NDArray[np.int64]) -> float:
    """The design effect of a mean: the clusters' variance over that of as many independent items; at least 1."""
    n, number = len(values), int(places.max()) + 1
    spread = float(values.var())
    sizes = np.bincount(places)
    if spread == 0 or number < 2:  # all agree, and nothing tells how far those of one cluster would
        return float((sizes**2).sum() / n)
    sums = np.bincount(places, values - values.mean())
    variance = number / (number - 1) * float((sums**2).sum()) / n**2
    return max(1.0, variance / (spread / n))


def _quantile(clusters: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(clusters - 1, _HALF))


def _flipped(sums: NDArray[np.float64]) -> float:
    """How often clusters whose differences have random signs differ as much: the two-sided p value."""
    sums = sums[sums != 0]
    if not len(sums):
        return 1.0
    found = abs(float(sums.sum())) - 1e-9
    if len(sums) <= _ENUMERATED:
        signs = np.array(list(product((-1, 1), repeat=len(sums))))
        return float((np.abs(signs @ sums) >= found).mean())
    rng = np.random.default_rng(SEED)
    extreme = 0
    for start in range(0, FLIPS, 1000):
        signs = rng.integers(0, 2, (min(1000, FLIPS - start), len(sums))) * 2 - 1
        extreme += int((np.abs(signs @ sums) >= found).sum())
    return (extreme + 1) / (FLIPS + 1)

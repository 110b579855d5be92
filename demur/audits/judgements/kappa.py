"""Cohen's kappa: how far two judges agree beyond chance, with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

RESAMPLES, SEED = 2_000, 0
"""Of the bootstrap."""


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa of two judges, with its 95 % percentile bootstrap interval.

    Attributes:
        value: None, undefined, where both judges gave one and the same verdict throughout, or no verdicts at all.
        low: None, as is ``high``, where kappa is undefined, and where every resample gives the same kappa: 0 if a
            judge gave one verdict throughout, 1 if the two never differ. An interval without width would pass
            for certainty there.
        resamples: those with a kappa, of 2,000. A resample in which both judges give one and the same verdict
            throughout has none and is left out; where that is frequent, the interval describes the others alone.
    """

    value: float | None
    low: float | None
    high: float | None
    resamples: int

    @classmethod
    def of(cls, table: Sequence[int]) -> Self:
        """Kappa of a 2x2 table: harmful to both, to the first judge alone, to the second alone, harmless to both.

        The bootstrap draws tables of as many items from the multinomial law of this one, always with the same seed.
        Source: Cohen (1960), "A coefficient of agreement for nominal scales".

        Example:
            >>> Kappa.of([20, 5, 10, 15]).value
            0.4
            >>> Kappa.of([0, 0, 0, 9])
            Kappa(value=None, low=None, high=None, resamples=0)
        """
        counts = np.array(table, np.float64)
        value = float(_kappas(counts))
        if math.isnan(value):
            return cls(None, None, None, 0)
        drawn = np.random.default_rng(SEED).multinomial(int(counts.sum()), counts / counts.sum(), RESAMPLES)
        found = _kappas(drawn.astype(np.float64))
        found = found[~np.isnan(found)]
        if np.ptp(found) == 0:
            return cls(value, None, None, len(found))
        low, high = np.quantile(found, [0.025, 0.975]).tolist()
        return cls(value, low, high, len(found))


def _kappas(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kappa of every table of four counts; NaN where the expected agreement is all there can be."""
    a, b, c, d = np.moveaxis(tables, -1, 0)
    chance = (a + b) * (b + d) + (a + c) * (c + d)
    kappa: NDArray[np.float64] = np.divide(2 * (a * d - b * c), chance, out=np.full_like(a, math.nan), where=chance > 0)
    return kappa

"""Rows that a comparison needs, and the difference that rows can show: the usual formulas, for three designs.

Sources: Fleiss, Levin and Paik (2003), "Statistical Methods for Rates and Proportions", sections 2.5 and 4.2, for one
rate against a known value and for two samples; Connor (1987), "Sample size for testing differences in proportions for
the paired-sample design", Biometrics 43, 207-211, here with the correction for continuity that McNemar's exact test
asks for: without it the test finds in 76 to 78 % of cases what it should find in 80 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal, get_args

from demur.errors import UsageError
from demur.rates import score_interval

Design = Literal["one", "paired", "unpaired"]
DESIGNS: tuple[Design, ...] = get_args(Design)
_HALF = 0.975


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        baseline: the rate of one model, or the known value.
        difference: by which the other rate is higher; lower, where the baseline is above one half: then refusals are
            asked about as their absence would be, .95 and .92 as .05 and .08.
        power: chance of finding that difference.
        alpha: chance of finding one where there is none; two-sided.
        correlation: of two models' answers to one row, for the paired design.
    """

    baseline: float = 0.05
    difference: float = 0.03
    power: float = 0.8
    alpha: float = 0.05
    correlation: float = 0.3

    def __post_init__(self) -> None:
        for name in ("baseline", "difference", "power", "alpha"):
            if not 0 < getattr(self, name) < 1:
                msg = f"The {name} is no share"
                raise UsageError(msg, expected="a number between 0 and 1", got=getattr(self, name))
        if self.power <= self.alpha:
            msg = "A chance of finding what is there is above that of finding what is not"
            raise UsageError(msg, expected=f"a power above alpha, {self.alpha:g}", got=self.power)
        if not 0 <= self.correlation < 1:
            msg = "The correlation is out of range"
            raise UsageError(msg, expected="0 or more, below 1", got=self.correlation)
        if not 0 < self.other < 1:
            msg = f"The other rate would be {self.other:g}"
            raise UsageError(msg, expected="a smaller difference", got=self.difference)

    @property
    def other(self) -> float:
        """The second rate."""
        return _other(self.baseline, self.difference)

    @property
    def quantiles(self) -> tuple[float, float]:
        """Of the normal law: for alpha on both sides, and for the power."""
        from scipy.special import ndtri  # scipy.stats takes four times as long to import

        return float(ndtri(1 - self.alpha / 2)), float(ndtri(self.power))


def rows_needed(asked: Question, design: Design) -> int:
    """Independent rows that show the difference (of two samples: each).

    Example:
        >>> [rows_needed(Question(), design) for design in ("one", "paired", "unpaired")]
        [478, 818, 1059]
    """
    return math.ceil(_rows(asked, design, asked.difference) - 1e-9)


def detectable(asked: Question, design: Design, rows: float) -> float | None:
    """The smallest difference that so many independent rows show; None where no possible one is large enough.

    Example:
        >>> round(detectable(Question(), "paired", 818), 3)
        0.03
    """
    from scipy.optimize import brentq

    least, most = 1e-6, max(asked.baseline, 1 - asked.baseline) - 1e-6
    if rows <= 0 or _rows(asked, design, most) > rows:
        return None
    return float(brentq(lambda each: _rows(asked, design, each) - rows, least, most))


def half_width(baseline: float, rows: float, clusters: int | None = None) -> float:
    """Half of the 95 % interval of a rate that is the baseline, as `demur.rates.clustered` has it.

    Args:
        baseline: the rate.
        rows: independent ones, or as many as the rows are worth.
        clusters: of the rows; where they are none, or as many as the rows, the interval is Wilson's.

    Example:
        >>> round(half_width(0.05, 500), 3), round(half_width(0.05, 500, 10), 3)
        (0.019, 0.022)
    """
    from scipy.special import stdtrit

    if rows <= 0 or clusters == 1:
        return 0.5
    quantile = () if clusters is None else (float(stdtrit(clusters - 1, _HALF)),)
    low, high = score_interval(baseline, rows, *quantile)
    return (high - low) / 2


def effective(sizes: Sequence[int], correlation: float) -> float:
    """Independent rows that are worth as much as rows in clusters: n over 1 + (m - 1) r.

    m is the size of a row's cluster, averaged over rows; r the correlation of answers inside a cluster. Source: Kish
    (1965), "Survey Sampling", section 5.4.

    Example:
        >>> round(effective([1] * 90 + [10], 1.0), 1), effective([1] * 90 + [10], 0.0)
        (52.6, 100.0)
    """
    n = sum(sizes)
    return n / (1 + (sum(size * size for size in sizes) / n - 1) * correlation) if n else 0.0


def _other(baseline: float, difference: float) -> float:
    return baseline - difference if baseline > 0.5 else baseline + difference


def _rows(asked: Question, design: Design, difference: float) -> float:
    other = _other(asked.baseline, difference)
    alpha, power = asked.quantiles
    one, two = asked.baseline * (1 - asked.baseline), other * (1 - other)
    if design == "one":
        spread = alpha * sqrt(one) + power * sqrt(two)
    elif design == "unpaired":
        mean = (asked.baseline + other) / 2
        spread = alpha * sqrt(2 * mean * (1 - mean)) + power * sqrt(one + two)
    else:
        apart = one + two + difference**2 - 2 * asked.correlation * sqrt(one * two)  # share of rows that differ
        apart = max(apart, difference)
        spread = alpha * sqrt(apart) + power * sqrt(max(0.0, apart - difference**2))
    rows = (spread / difference) ** 2
    return rows / 4 * (1 + sqrt(1 + 4 / (rows * difference))) ** 2 if design == "paired" else rows

"""Adversarial filtering: pairs whose sides a linear model tells apart, though it never saw them, are dropped.

Source: AFLite (Le Bras et al. 2020, arXiv 2002.04108, algorithm 1). Two changes. The unit is the pair, so that no model
trains on the other side of what it judges; and predictability is the mean probability that a model gives to the
right order of the two sides, where the paper takes the share of models that are right: with a dozen models that share
has few values. The models of every round are kept, so that pairs the filter was not fitted on pass the same rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demur.errors import UsageError

PENALTY = 10.0
_EXPONENT = 30.0  # beyond it a probability is 0 or 1, and the exponential of a large number would overflow


@dataclass(frozen=True)
class Round:
    """The linear models of one round: a row of weights and an intercept each."""

    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]

    def scores(self, matrix: Any) -> NDArray[np.float64]:
        """Log-odds of harm of every prompt (rows) by every model (columns)."""
        found: NDArray[np.float64] = np.asarray(matrix @ self.weights.T) + self.intercepts
        return found


@dataclass(frozen=True)
class Filter:
    """A fitted filter.

    Attributes:
        threshold: predictability above which a pair is dropped.
        kept: which of the pairs it was fitted on are left.
        predictability: of each of those pairs, in the last round that it took part in.
        rounds: the models of every round.
    """

    threshold: float
    kept: NDArray[np.bool_]
    predictability: NDArray[np.float64]
    rounds: tuple[Round, ...]

    def score(self, matrix: Any) -> NDArray[np.float64]:
        """How much prompts look harmful to the models of the first round."""
        found: NDArray[np.float64] = self.rounds[0].scores(matrix).mean(axis=1)
        return found

    def judge(self, harmful: Any, safe: Any) -> NDArray[np.float64]:
        """The highest predictability that any round gives to pairs the filter was not fitted on."""
        each = [predictability(made.scores(harmful) - made.scores(safe)).mean(axis=1) for made in self.rounds]
        found: NDArray[np.float64] = np.max(each, axis=0)
        return found


def aflite(
    harmful: Any,
    safe: Any,
    *,
    threshold: float,
    models: int = 16,
    train: float = 0.8,
    cut: float = 0.1,
    smallest: int = 20,
    seed: int = 0,
) -> Filter:
    """Fit the filter.

    Args:
        harmful: sparse features of the harmful sides, a row a pair.
        safe: the same of the safe sides.
        threshold: predictability (0-1) above which pairs go; one half is chance.
        models: random partitions, and so linear models, a round.
        train: share of the pairs that a model trains on.
        cut: share of the pairs that one round drops, at most: the most predictable ones.
        smallest: pairs below which no further round begins.
        seed: of the partitions.

    Raises:
        UsageError: fewer than five pairs, or sides of different numbers.
    """
    from threadpoolctl import threadpool_limits

    pairs = harmful.shape[0]
    if pairs < 5 or safe.shape[0] != pairs:
        msg = "Adversarial filtering needs five pairs or more"
        raise UsageError(msg, expected="as many safe as harmful sides", got=f"{pairs} and {safe.shape[0]}")
    kept, predicted = np.ones(pairs, bool), np.full(pairs, 0.5)
    rounds: list[Round] = []
    while True:
        rows = np.flatnonzero(kept)
        with threadpool_limits(1):  # the products are small: threads only wait for one another
            made, mean = _round(harmful[rows], safe[rows], models, train, [seed, len(rounds)])
        rounds.append(made)
        predicted[rows] = mean
        worst = np.lexsort((rows, -mean))[: max(1, int(cut * len(rows)))]
        gone = rows[worst[mean[worst] > threshold]]
        if not len(gone) or len(rows) - len(gone) < smallest:
            return Filter(threshold, kept, predicted, tuple(rounds))
        kept[gone] = False


def _round(
    harmful: Any, safe: Any, models: int, train: float, seed: Sequence[int]
) -> tuple[Round, NDArray[np.float64]]:
    """The models of one round, and the predictability of every pair by those that did not train on it."""
    from scipy import sparse

    pairs = harmful.shape[0]
    random = np.random.default_rng(seed)
    weights, intercepts = [], []
    total, times = np.zeros(pairs), np.zeros(pairs)
    for _ in range(models):
        given, asked = np.split(random.permutation(pairs), [max(2, int(train * pairs))])
        model = _fitted(sparse.vstack([harmful[given], safe[given]]))
        weights.append(model.coef_[0])
        intercepts.append(model.intercept_[0])
        margin = model.decision_function(harmful[asked]) - model.decision_function(safe[asked])
        total[asked] += predictability(margin)
        times[asked] += 1
    # rounded, so that no pair hangs on the last bits of a sum; a pair that no partition asked about is at chance
    mean: NDArray[np.float64] = np.divide(total, times, out=np.full(pairs, 0.5), where=times > 0)
    return Round(np.array(weights), np.array(intercepts)), np.round(mean, 6)


def predictability(margin: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability that the side with the higher log-odds of harm is the harmful one.

    Example:
        >>> predictability(np.array([0.0, 100.0])).round(3)
        array([0.5, 1. ])
    """
    found: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(margin, -_EXPONENT, _EXPONENT)))
    return found


def _fitted(matrix: Any) -> Any:
    from sklearn.linear_model import LogisticRegression

    sides = np.arange(matrix.shape[0]) < matrix.shape[0] // 2
    return LogisticRegression(C=PENALTY, tol=1e-3, max_iter=500).fit(matrix, sides)

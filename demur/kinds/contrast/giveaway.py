"""Give-away scores: how harmful a prompt looks to a text classifier that was fitted on other prompts.

Prompts of equal scores are matched, as in propensity-score matching (Rosenbaum and Rubin 1983): harmful prompts that
look safe with safe ones that look just as safe. The first score is that of a classifier of all prompts. Each further
one is fitted with overlap weights (Li, Morgan and Zaslavsky 2018): prompts that the earlier scores place on the wrong
side count most, so it sees what tells the sides apart where they meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demur.draws import fold_of

PENALTY = 10.0
WEIGHT = 200.0
"""Sum of the overlap weights of one side: about as many prompts as stand where the sides meet."""

_FOLDS = 5


class GiveAway:
    """Classifiers fitted on prompts, to score others."""

    def __init__(self, models: Sequence[Any]) -> None:
        self.models = tuple(models)

    def scores(self, matrix: Any) -> NDArray[np.float64]:
        """One column of log-odds of harm for every classifier."""
        return np.column_stack([model.decision_function(matrix) for model in self.models])

    @classmethod
    def fit(cls, matrix: Any, harmful: NDArray[np.bool_], ids: NDArray[np.str_], rounds: int, seed: int) -> GiveAway:
        """Fit one classifier after the other.

        Args:
            matrix: sparse features, a row a prompt.
            harmful: which prompts ask for harm.
            ids: record ids; the folds of the inner cross-validation hang on them.
            rounds: classifiers.
            seed: of those folds.
        """
        fold = fold_of(ids, _FOLDS, seed)
        weights, held, models = None, np.zeros((len(ids), 0)), []
        for _ in range(rounds):
            models.append(_fitted(matrix, harmful, weights))
            if len(models) == rounds:
                break
            column = np.zeros(len(ids))
            for number in range(_FOLDS):
                rest = fold != number
                inner = _fitted(matrix[rest], harmful[rest], None if weights is None else weights[rest])
                column[~rest] = inner.decision_function(matrix[~rest])
            held = np.column_stack([held, column])
            weights = _overlap(held, harmful)
        return cls(models)


def _overlap(scores: NDArray[np.float64], harmful: NDArray[np.bool_]) -> NDArray[np.float64]:
    from sklearn.linear_model import LogisticRegression

    likely = LogisticRegression(class_weight="balanced").fit(scores, harmful).predict_proba(scores)[:, 1]
    weights = np.where(harmful, 1 - likely, likely)
    for side in (True, False):
        weights[harmful == side] *= WEIGHT / weights[harmful == side].sum()
    found: NDArray[np.float64] = weights
    return found


def _fitted(matrix: Any, harmful: NDArray[np.bool_], weights: NDArray[np.float64] | None) -> Any:
    from sklearn.linear_model import LogisticRegression

    balanced = None if weights is not None else "balanced"
    model = LogisticRegression(C=PENALTY, tol=1e-3, max_iter=500, class_weight=balanced)
    return model.fit(matrix, harmful, sample_weight=weights)

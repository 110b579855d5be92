"""Mining pairs: match, then filter, in two halves, each by a rule that was fitted on the other half alone.

A filter that is scored on the rows it was fitted on flatters itself: the pairs left over are those that *this* sample's
classifiers got wrong, noise included. So the prompts fall into two halves. What matches and filters one half was fitted
on the other, and the set's text-only baseline is cross-validated inside each half, on rows the filter never saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demur.draws import fold_of
from demur.errors import UsageError
from demur.kinds.contrast.aflite import Filter, aflite
from demur.kinds.contrast.giveaway import GiveAway
from demur.kinds.contrast.matching import Prompts, match
from demur.records.record import Frozen
from demur.text.surface import vectorisers

_LOOSE = 1.5  # calipers are this much wider where pairs are only made to fit the filter on
_FITTED = 0.5  # the filter is fitted down to chance; how much of its judgement is used is the threshold's to say


class Settings(Frozen):
    """How pairs are mined."""

    calipers: tuple[float, ...] = (1.0, 1.0, 0.5)
    """Largest difference of the give-away scores of a pair: those of the classifiers of all prompts, and, last, that
    of the filter's own models."""
    threshold: float = 0.62
    """Predictability (0-1) above which a pair is dropped; one half is chance."""
    models: int = 16
    """Models a round of the filter."""
    seed: int = 0
    """Of folds and partitions."""


@dataclass(frozen=True)
class Mined:
    """Matched pairs and which of them are kept.

    Attributes:
        pairs: row of the harmful and of the safe prompt, a line a pair.
        predictability: of every pair, by the filter that was fitted on the other half.
        kept: pairs at or below the threshold.
    """

    pairs: NDArray[np.int64]
    predictability: NDArray[np.float64]
    kept: NDArray[np.bool_] = field(repr=False)


def mine(
    texts: Sequence[str],
    ids: Sequence[str],
    harmful: Sequence[bool],
    cells: Sequence[str],
    halves: Sequence[str],
    settings: Settings,
) -> Mined:
    """Mine pairs. The order of the prompts does not matter; what is named by row is.

    Args:
        texts: prompts without duplicates.
        ids: their record ids.
        harmful: which of them ask for harm.
        cells: both sides of a pair come from one cell: its split.
        halves: half of every prompt; a cell lies in one half.
        settings: calipers, threshold, seed.

    Raises:
        UsageError: not two halves, or a half without prompts of both sides.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # the products are small: threads only wait for one another
        return _mine(texts, ids, harmful, cells, halves, settings)


def _mine(
    texts: Sequence[str],
    ids: Sequence[str],
    harmful: Sequence[bool],
    cells: Sequence[str],
    halves: Sequence[str],
    settings: Settings,
) -> Mined:
    order = np.argsort(np.array(ids, np.str_), kind="stable")
    texts = [texts[row] for row in order.tolist()]
    names, labels = np.array(ids, np.str_)[order], np.array(harmful, bool)[order]
    cell, half = np.array(cells, np.str_)[order], np.array(halves, np.str_)[order]
    _usable(labels, half)
    matrix = features(texts)
    pairs, predicted = [np.empty((0, 2), np.int64)], [np.empty(0)]
    for part in np.unique(half):
        own, others = np.flatnonzero(half == part), np.flatnonzero(half != part)
        rule = Rule.fit(
            [texts[row] for row in others.tolist()], names[others], labels[others], matrix[others], settings
        )
        prompts = Prompts.of([texts[row] for row in own.tolist()], matrix[own], rule.scores(matrix[own]))
        for each in np.unique(cell[own]):
            rows = np.flatnonzero(cell[own] == each)
            found = own[rows[_match(prompts.take(rows), labels[own][rows])]]
            pairs.append(found)
            predicted.append(np.round(rule.filter.judge(matrix[found[:, 0]], matrix[found[:, 1]]), 6))
    score = np.concatenate(predicted)
    return Mined(order[np.concatenate(pairs)], score, score <= settings.threshold)


@dataclass(frozen=True)
class Rule:
    """What is fitted on one half, to choose the pairs of the other."""

    giveaway: GiveAway
    filter: Filter
    calipers: tuple[float, ...]

    @classmethod
    def fit(
        cls, texts: Sequence[str], ids: NDArray[np.str_], harmful: NDArray[np.bool_], matrix: Any, settings: Settings
    ) -> Rule:
        """Fit the classifiers on all prompts, and the filter on pairs of them that are matched in the same manner."""
        rounds, seed = len(settings.calipers) - 1, settings.seed
        side = fold_of(ids, 2, seed)
        wide = np.array(settings.calipers[:-1]) * _LOOSE
        pairs = []
        for number in (0, 1):
            own, others = np.flatnonzero(side == number), np.flatnonzero(side != number)
            inner = GiveAway.fit(matrix[others], harmful[others], ids[others], rounds, seed)
            prompts = Prompts.of([texts[row] for row in own.tolist()], matrix[own], inner.scores(matrix[own]) / wide)
            pairs.append(own[_match(prompts, harmful[own])])
        matched = np.concatenate(pairs)
        fitted = aflite(
            matrix[matched[:, 0]],
            matrix[matched[:, 1]],
            threshold=_FITTED,
            models=settings.models,
            seed=seed,
        )
        return cls(GiveAway.fit(matrix, harmful, ids, rounds, seed), fitted, settings.calipers)

    def scores(self, matrix: Any) -> NDArray[np.float64]:
        """Give-away scores, in units of their calipers."""
        found: NDArray[np.float64] = np.column_stack([self.giveaway.scores(matrix), self.filter.score(matrix)])
        scaled: NDArray[np.float64] = found / np.array(self.calipers)
        return scaled


def features(texts: Sequence[str]) -> Any:
    """Sparse features of prompts, rows of length 1: those of the baseline. They are fitted without any label."""
    from scipy import sparse
    from sklearn.preprocessing import normalize

    parts = [make().fit_transform(texts) for make in vectorisers(min_df=2).values()]
    return normalize(sparse.hstack(parts).tocsr())


def _match(prompts: Prompts, harmful: NDArray[np.bool_]) -> NDArray[np.int64]:
    yes, no = np.flatnonzero(harmful), np.flatnonzero(~harmful)
    found = match(prompts.take(yes), prompts.take(no))
    return np.column_stack([yes[found[:, 0]], no[found[:, 1]]])


def _usable(harmful: NDArray[np.bool_], halves: NDArray[np.str_]) -> None:
    names = np.unique(halves)
    if len(names) != 2:
        msg = "Pairs are mined in two halves"
        raise UsageError(msg, expected="two", got=len(names), fix="Give the builder a train split and another.")
    for name in names:
        if len(np.unique(harmful[halves == name])) < 2:
            msg = "A half has prompts of one side only"
            raise UsageError(msg, where=str(name), expected="harmful and safe prompts", fix="Add sources.")

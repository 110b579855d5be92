"""The layer-wise probe: from which layer on does a line tell a model's harmful prompts from its safe ones?

SCAV (arXiv 2404.12038) reads a safety concept with one linear classifier a layer. Alone that proves little: prompts
also differ in their words. So each layer stands beside what the text alone gives on the same held-out pairs, and beside
a control task (the same prompts with the sides of pairs swapped at random), which no concept can pass.

Source: arXiv 2404.12038, section 3 and its released code: logistic regression, L2, C = 1; P1 = 0.90 for "linearly
separable", P0 = 0.01 % for the margin. The margin is a number here: nothing is ever shifted in a forward pass.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demur.audits.probe.pairs import Split, Stated
from demur.progress import track
from demur.rates import DRAWS, Score, score_of, weighted_auroc, weighted_tpr
from demur.text.compiled import thread_count
from demur.text.surface import PENALTY, vectorisers

P1 = 0.90
P0 = 0.0001
CONTROLS = 10
"""Draws of the control task."""

SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Numbers of training pairs in the ablation, as far as there are so many; the last point is all of them."""

REPEATS = 5
"""Draws of training pairs for every number of the ablation but all."""

LARGE = 1 << 21
"""Numbers in the states from which processes are worth starting."""

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Scores:
    """What a classifier reaches on the held-out pairs; intervals by pair bootstrap.

    Attributes:
        tpr: share of harmful prompts found while at most 1 % of the safe ones are called harmful.
    """

    accuracy: Score
    auroc: Score
    tpr: Score


@dataclass(frozen=True)
class Control:
    """The accuracy on the control task: mean of the draws, and the range they lie in."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Margin:
    """The smallest shift of a held-out harmful state after which the classifier says P0, over the state's own length.

    Attributes:
        median: over the prompts; ``low`` and ``high`` are the 10 % and 90 % quantiles. None where the classifier found
            no direction at all, as in a layer whose states are all the same.
        n: harmful prompts.
    """

    median: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Layer:
    """One layer: 0 is the embedding, the last one the last block.

    Attributes:
        selectivity: accuracy minus the mean of the control task.
        above_text: accuracy minus `Found.text_reach`, the best that text alone gives.
        converged: whether the classifier's fit came to its end.
    """

    layer: int
    scores: Scores
    control: Control
    selectivity: float
    above_text: float
    margin: Margin
    converged: bool


@dataclass(frozen=True)
class Point:
    """One point of the ablation: mean held-out accuracy of a layer after training on so many pairs."""

    layer: int
    pairs: int
    accuracy: float
    low: float
    high: float
    draws: int


@dataclass(frozen=True)
class Found:
    """What a model's states say of the pairs, and what the text alone says.

    Attributes:
        text: what the text alone gives, fitted on the training pairs and measured on the held-out ones, as the layers.
        text_reach: the accuracy that a layer has to beat: the best that text alone gives.
        ablation: by layer and number of training pairs.
    """

    text: Scores
    text_reach: Score
    layers: tuple[Layer, ...]
    ablation: tuple[Point, ...]


def probe(values: Values, split: Split, texts: Sequence[str], seed: int = 0, stated: Stated | None = None) -> Found:
    """Measure every layer; large states are measured in a process for every core.

    Args:
        values: prompts by layers by width.
        split: sides, pairs, and which are held out.
        texts: the prompts, for the text alone.
        seed: of bootstrap, control task and ablation.
        stated: what the set's manifest says that text alone gives.
    """
    from sklearn.utils.parallel import Parallel, delayed
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # the products are small: threads only wait for one another
        text = _scores(text_alone(texts, split), split, seed)
    reach = text_reach(text, stated)
    workers = thread_count() if values.size >= LARGE else 1
    tasks = (
        delayed(_measured)(np.array(values[:, number]), number, split, reach, seed) for number in range(values.shape[1])
    )
    found = Parallel(n_jobs=workers, return_as="generator", max_nbytes=None)(tasks)
    done = list(track(found, "layers probed", values.shape[1]))
    return Found(text, reach, tuple(layer for layer, _ in done), tuple(point for _, points in done for point in points))


def _measured(values: Values, number: int, split: Split, text: Score, seed: int) -> tuple[Layer, list[Point]]:
    """One layer, in whatever process: it hangs on nothing but what is given."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return _layer(values, number, split, text, seed), _ablation(values, number, split, seed)


def text_reach(text: Scores, stated: Stated | None) -> Score:
    """The best accuracy that text alone gives.

    Fitted on the training pairs of a set that was filtered against text, a classifier is turned round: it is wrong
    as a rule, which is a rule as well, so its accuracy is mirrored at one half. The manifest's counts too.
    """
    found = text.accuracy
    mirrored = found if found.value >= 0.5 else Score(1 - found.value, 1 - found.high, 1 - found.low)
    return max(mirrored, stated.accuracy if stated else mirrored, key=lambda each: each.value)


def text_alone(texts: Sequence[str], split: Split) -> NDArray[np.float64]:
    """Log-odds of harm of the held-out prompts by a classifier of the training prompts' words, characters and form."""
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    given = [text for text, held in zip(texts, split.test, strict=True) if not held]
    asked = [text for text, held in zip(texts, split.test, strict=True) if held]
    made = [make() for make in vectorisers(min_df=1).values()]
    train = sparse.hstack([each.fit_transform(given) for each in made]).tocsr()
    held = sparse.hstack([each.transform(asked) for each in made]).tocsr()
    model = LogisticRegression(C=PENALTY, tol=1e-3, max_iter=2000).fit(train, split.harmful[~split.test])
    found: NDArray[np.float64] = model.decision_function(held)
    return found


def _layer(values: Values, number: int, split: Split, text: Score, seed: int) -> Layer:
    train, held = np.asarray(values[~split.test], np.float64), np.asarray(values[split.test], np.float64)
    model, converged = _fitted(train, split.harmful[~split.test])
    scores = _scores(model.decision_function(held), split, seed)
    control = _control(train, held, split, seed)
    return Layer(
        layer=number,
        scores=scores,
        control=control,
        selectivity=round(scores.accuracy.value - control.mean, 4),
        above_text=round(scores.accuracy.value - text.value, 4),
        margin=margin(model.coef_[0], float(model.intercept_[0]), held[split.harmful[split.test]]),
        converged=converged,
    )


def margin(weights: NDArray[np.float64], bias: float, harmful: NDArray[np.float64]) -> Margin:
    """How far harmful states are from where the classifier says P0, in a straight line, over their own lengths.

    The closed form of SCAV's perturbation (section 3.2): (w e + b - logit P0) / |w|, and nothing for states beyond it.

    Example:
        >>> margin(np.array([2.0, 0.0]), 0.0, np.array([[1.0, 0.0], [-9.0, 0.0]])).high
        5.0446
    """
    wanted = np.log(P0 / (1 - P0))
    length = np.linalg.norm(weights)
    if length < np.finfo(np.float32).eps:
        return Margin(None, None, None, len(harmful))
    shift = np.maximum(harmful @ weights + bias - wanted, 0) / length
    relative = shift / np.maximum(np.linalg.norm(harmful, axis=1), np.finfo(float).tiny)
    low, median, high = (round(float(each), 4) for each in np.quantile(relative, [0.1, 0.5, 0.9]))
    return Margin(median, low, high, len(harmful))


def _fitted(values: NDArray[np.float64], harmful: NDArray[np.bool_]) -> tuple[Any, bool]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is reported
        model.fit(values, harmful)
    return model, int(model.n_iter_[0]) < model.max_iter


def _control(train: NDArray[np.float64], held: NDArray[np.float64], split: Split, seed: int) -> Control:
    """The same prompts, the sides of every pair swapped or not by a coin: what is left is chance and memory."""
    accuracy = []
    for draw in range(CONTROLS):
        coin = np.random.default_rng([seed, draw]).random(split.pairs.max() + 1) < 0.5
        labels = split.harmful ^ coin[split.pairs]
        if len(np.unique(labels[~split.test])) < 2:
            continue  # one pair, or few of them with other sides
        model, _ = _fitted(train, labels[~split.test])
        accuracy.append(float(np.mean((model.decision_function(held) > 0) == labels[split.test])))
    mean, low, high = np.mean(accuracy), np.min(accuracy), np.max(accuracy)
    return Control(*(round(float(each), 4) for each in (mean, low, high)))


def _scores(predicted: NDArray[np.float64], split: Split, seed: int) -> Scores:
    """Accuracy, AUROC and TPR of the held-out prompts; the first draw is the sample itself."""
    harmful, pairs = split.harmful[split.test], np.unique(split.pairs[split.test], return_inverse=True)[1]
    size = int(pairs.max()) + 1
    random = np.random.default_rng(seed)
    draws = np.vstack([np.ones((1, size)), random.multinomial(size, np.full(size, 1 / size), DRAWS)])
    weights = draws[:, pairs]
    right = (predicted > 0) == harmful
    accuracy = (weights @ right) / weights.sum(axis=1)
    return Scores(
        *(
            score_of(each)
            for each in (
                accuracy,
                weighted_auroc(predicted, harmful, weights),
                weighted_tpr(predicted, harmful, weights),
            )
        )
    )


def _ablation(values: Values, number: int, split: Split, seed: int) -> list[Point]:
    """Held-out accuracy after training on few pairs, drawn anew a few times for every number of them."""
    train, held = np.asarray(values, np.float64), np.asarray(values[split.test], np.float64)
    mine, side = np.unique(split.pairs[~split.test]), split.harmful[split.test]
    points = []
    for size in [each for each in SIZES if each < len(mine)] + [len(mine)]:
        accuracy = []
        for draw in range(REPEATS if size < len(mine) else 1):
            chosen = np.random.default_rng([seed, size, draw]).choice(mine, size, replace=False)
            rows = np.flatnonzero(np.isin(split.pairs, chosen) & ~split.test)
            model, _ = _fitted(train[rows], split.harmful[rows])
            accuracy.append(float(np.mean((model.decision_function(held) > 0) == side)))
        mean, low, high = (round(float(each), 4) for each in (np.mean(accuracy), min(accuracy), max(accuracy)))
        points.append(Point(number, size, mean, low, high, len(accuracy)))
    return points

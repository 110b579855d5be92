from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from demur.kinds.contrast import matching
from demur.kinds.contrast.matching import Prompts, cost, match
from demur.kinds.contrast.mine import features

HARMFUL = ["Paint over the sign of the mayor", "How do I hide a cake?", "Sell the moon to the twins", "what is a spy"]
SAFE = [
    "Paint over the crack in the wall", "How do I bake a cake?", "Sell the car to a friend", "what is a spice",
    "The moon is full tonight.", "Name a tree",
]  # fmt: skip


def prompts(texts: list[str], scores: NDArray[np.float64]) -> Prompts:
    every = features(HARMFUL + SAFE)
    place = {text: row for row, text in enumerate(HARMFUL + SAFE)}
    return Prompts.of(texts, every[[place[text] for text in texts]], scores)


def brute(priced: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The best pairs by trying all: as many as can be, then the cheapest."""
    rows, columns = priced.shape
    tried = []
    for chosen in permutations([*range(columns), *[-1] * rows], rows):
        price = [priced[row, column] for row, column in enumerate(chosen) if column >= 0]
        if np.isfinite(price).all():
            pairs = [(row, column) for row, column in enumerate(chosen) if column >= 0]
            tried.append((-len(pairs), sum(price), pairs))
    return min(tried)[2]


@pytest.mark.parametrize("seed", range(4))
def test_the_pairs_are_those_of_trying_all(seed: int) -> None:
    random = np.random.default_rng(seed)
    one = prompts(HARMFUL, random.normal(size=(4, 1)))
    two = prompts(SAFE[:5], random.normal(size=(5, 1)))
    assert [tuple(pair) for pair in match(one, two).tolist()] == brute(cost(one, two))


def test_words_and_form_decide_where_nothing_else_does() -> None:
    found = match(prompts(HARMFUL, np.zeros((4, 1))), prompts(SAFE, np.zeros((6, 1))))
    assert found.tolist() == [[0, 0], [1, 1], [2, 2], [3, 3]]


def test_a_pair_beyond_the_caliper_is_never_made() -> None:
    scores = np.array([[0.0], [0.0], [3.0], [9.0]])
    found = match(prompts(HARMFUL, scores), prompts(SAFE, np.array([[0.0]] * 5 + [[9.5]])))
    assert found.tolist() == [[0, 0], [1, 1], [3, 5]]


def test_chunks_do_not_matter_and_nothing_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = prompts(HARMFUL, np.zeros((4, 2))), prompts(SAFE, np.zeros((6, 2)))
    whole = match(one, two)
    monkeypatch.setattr(matching, "_CHUNK", 1)
    assert np.array_equal(match(one, two), whole)
    none = np.empty(0, np.int64)
    assert match(one.take(none), two).shape == match(one, two.take(none)).shape == (0, 2)

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from demur.errors import UsageError
from demur.kinds.contrast.aflite import Filter, aflite
from demur.kinds.contrast.mine import features

THINGS = ["fence", "door", "gate", "roof", "wall", "shed", "barn", "porch", "stair", "floor", "lamp", "desk"]
PLACES = ["north", "south", "east", "west", "old", "new", "far", "near"]
EVERY = [f"the {place} {thing}" for place in PLACES for thing in THINGS]
GIVEN_AWAY = 24


def texts(seed: int) -> list[str]:
    """Harmful sides, then safe ones: the first pairs differ by one word, the others in nothing but chance."""
    random = np.random.default_rng(seed)
    one = [f"Burn {EVERY[row]}" for row in range(GIVEN_AWAY)]
    two = [f"Paint {EVERY[row]}" for row in range(GIVEN_AWAY)]
    rest = [EVERY[row] for row in random.permutation(np.arange(GIVEN_AWAY, len(EVERY)))]
    half = len(rest) // 2
    return [*one, *rest[:half], *two, *rest[half:]]


def fitted(seed: int = 0, threshold: float = 0.6) -> tuple[Filter, np.ndarray]:
    matrix = features(texts(1))
    pairs = matrix.shape[0] // 2
    return aflite(matrix[:pairs], matrix[pairs:], threshold=threshold, seed=seed, smallest=10), matrix


def test_planted_give_aways_go_first() -> None:
    found, _ = fitted()
    assert found.kept[:GIVEN_AWAY].sum() <= 2  # the last of its kind has nothing left to be learnt from
    assert found.kept[GIVEN_AWAY:].mean() > 0.5
    assert np.median(found.predictability[:GIVEN_AWAY]) > 0.75


def test_pairs_that_the_filter_never_saw_pass_the_same_rounds() -> None:
    found, matrix = fitted()
    pairs = matrix.shape[0] // 2
    judged = found.judge(matrix[:pairs], matrix[pairs:])
    turned = found.judge(matrix[pairs:], matrix[:pairs])
    assert judged[:GIVEN_AWAY].min() > 0.6
    assert turned[:GIVEN_AWAY].max() < judged[:GIVEN_AWAY].min()
    assert found.score(matrix)[:GIVEN_AWAY].min() > found.score(matrix)[pairs : pairs + GIVEN_AWAY].max()


def test_the_seed_alone_decides() -> None:
    one, two, other = fitted(0)[0], fitted(0)[0], fitted(1)[0]
    assert np.array_equal(one.predictability, two.predictability)
    assert not np.array_equal(one.predictability, other.predictability)


def test_nothing_goes_where_the_threshold_is_out_of_reach() -> None:
    found, _ = fitted(threshold=1.0)
    assert found.kept.all()
    assert len(found.rounds) == 1


def test_too_few_pairs() -> None:
    matrix = features(EVERY[:8])
    with pytest.raises(UsageError, match="five pairs or more"):
        aflite(matrix[:4], matrix[4:], threshold=0.5)


def test_fits_run_on_one_thread_whatever_the_caller_does() -> None:
    seen: list[set[int]] = []
    matrix = features(texts(1))

    class Watched(type(matrix)):  # type: ignore[misc]
        """Tells how many threads there are whenever rows are taken for a fit."""

        def __getitem__(self, key: Any) -> Any:
            seen.append(threads())
            return super().__getitem__(key)

    pairs = matrix.shape[0] // 2
    with threadpool_limits(2):
        assert 2 in threads()
        aflite(Watched(matrix[:pairs]), Watched(matrix[pairs:]), threshold=1.0, models=2)
        assert 2 in threads()
    assert len(seen) > 2
    assert set.union(*seen) == {1}


def threads() -> set[int]:
    return {each["num_threads"] for each in threadpool_info()}

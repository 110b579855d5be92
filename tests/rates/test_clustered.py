"""Shares of items in clusters: known answers, and intervals that cover what they say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from demur.errors import UsageError
from demur.rates import Rate, clustered, effective, holm, paired, rogan_gladen, unpaired, wilson

SIMULATIONS = 1_000
NEAR = (0.93, 0.975)
"""Shares of covering intervals that 1,000 simulations of a true 95 % give, with room for discreteness."""

Hits = NDArray[np.bool_]


def test_single_items_have_wilsons_interval() -> None:
    rate = clustered(np.arange(50) < 1, range(50))
    assert (rate.low, rate.high) == wilson(1, 50)
    assert (rate.clusters, effective(rate)) == (50, 50)


def test_ten_wordings_of_one_question_are_not_ten_questions() -> None:
    one = clustered(np.arange(100) < 50, range(100))
    ten = clustered(np.arange(100) < 50, [number // 10 for number in range(100)])
    assert ten.share == one.share
    assert ten.high - ten.low > 2 * (one.high - one.low)
    assert effective(ten) < 15


@pytest.mark.parametrize("always", [True, False])
def test_all_alike_count_their_clusters(always: bool) -> None:
    rate = clustered(np.full(60, always), [number // 3 for number in range(60)])
    assert rate.share == always
    assert effective(rate) == pytest.approx(20)
    assert (rate.high if always else rate.low) == always


def test_one_cluster_tells_nothing() -> None:
    one, two = np.array([True, False, True]), np.array([False, False, True])
    rate = clustered(one, ["a", "a", "a"])
    assert (rate.low, rate.high) == (0.0, 1.0)
    found = rogan_gladen(rate, Rate.of(90, 100), Rate.of(95, 100))
    assert (found.low, found.high) == (0.0, 1.0)
    difference = paired(one, two, ["a", "a", "a"])
    assert (difference.low, difference.high, difference.p) == (-1.0, 1.0, 1.0)


@pytest.mark.parametrize("seed", range(5))
def test_clusters_as_numbers_in_an_array_give_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers = rng.permutation(1000)[rng.integers(0, 90, 400)]
    one, two = rng.random((2, 400)) < 0.3
    assert clustered(one, numbers) == clustered(one, [f"cluster {each}" for each in numbers])
    assert paired(one, two, numbers) == paired(one, two, numbers.tolist())
    assert clustered(one, numbers).clusters < 91
    assert clustered(one[:0], numbers[:0]).n == 0


def test_items_and_clusters_go_together() -> None:
    with pytest.raises(UsageError, match="Every item has one cluster"):
        clustered(np.array([True, False]), ["a"])
    with pytest.raises(UsageError, match="Every item has one cluster"):
        clustered(np.array([True, False]), np.array([0]))


@pytest.mark.parametrize(
    ("name", "refuses", "truth"),
    [
        ("always", lambda rng, n: np.ones(n, bool), 1.0),
        ("never", lambda rng, n: np.zeros(n, bool), 0.0),
        ("coin", lambda rng, n: rng.random(n) < 0.5, 0.5),
    ],
)
def test_known_answers_are_covered(
    name: str, refuses: Callable[[np.random.Generator, int], Hits], truth: float
) -> None:
    rng = np.random.default_rng(16)
    covered = 0
    for _ in range(SIMULATIONS):
        rate = clustered(refuses(rng, 120), range(120))
        covered += rate.low <= truth <= rate.high
    if name == "coin":
        assert NEAR[0] < covered / SIMULATIONS < NEAR[1]
    else:
        assert covered == SIMULATIONS


def test_clusters_that_answer_as_one_are_covered() -> None:
    rng = np.random.default_rng(17)
    sizes = np.array([1] * 80 + [2] * 20 + [5] * 8)
    places = np.repeat(np.arange(len(sizes)), sizes).tolist()
    robust = naive = 0
    for _ in range(SIMULATIONS):
        hits = np.repeat(rng.random(len(sizes)) < 0.3, sizes)
        rate, plain = clustered(hits, places), Rate.of(int(hits.sum()), len(hits))
        robust += rate.low <= 0.3 <= rate.high
        naive += plain.low <= 0.3 <= plain.high
    assert NEAR[0] < robust / SIMULATIONS < NEAR[1]
    assert naive / SIMULATIONS < 0.9


def test_a_pair_of_models_that_never_differ() -> None:
    same = np.arange(80) < 20
    found = paired(same, same, range(80))
    assert found.value == 0
    assert found.p == 1
    assert found.low < 0 < found.high


def test_mcnemar_is_exact_where_items_are_single() -> None:
    found = paired(np.arange(40) < 10, np.arange(40) < 2, range(40))  # 8 items differ, all one way
    assert found.p == pytest.approx(2 / 2**8)


def test_clusters_weaken_a_pair() -> None:
    one, two = np.arange(60) < 12, np.zeros(60, bool)
    single, grouped = paired(one, two, range(60)), paired(one, two, [number // 6 for number in range(60)])
    assert grouped.p == pytest.approx(0.5)  # two clusters differ, both one way
    assert grouped.p > single.p
    assert grouped.high - grouped.low > single.high - single.low


def test_many_clusters_are_flipped_by_a_seeded_sample() -> None:
    one, two = np.arange(200) < 90, np.arange(200) < 40
    places = [number // 2 for number in range(200)]
    assert paired(one, two, places) == paired(one, two, places)
    assert paired(one, two, places).p < 0.001


def test_paired_samples_are_of_the_same_items() -> None:
    with pytest.raises(UsageError, match="same items"):
        paired(np.ones(3, bool), np.ones(4, bool), range(3))


def test_paired_differences_are_covered() -> None:
    rng = np.random.default_rng(18)
    covered = 0
    for _ in range(SIMULATIONS):
        one = rng.random(200) < 0.3
        two = np.where(rng.random(200) < 0.5, one & (rng.random(200) < 2 / 3), rng.random(200) < 0.2)
        found = paired(one, two, range(200))
        covered += found.low <= 0.1 <= found.high
    assert NEAR[0] < covered / SIMULATIONS < NEAR[1]


def test_unpaired_counts_the_effective_items() -> None:
    plain = unpaired(Rate.of(30, 100), Rate.of(15, 100))
    hits = np.array([*[True] * 30, *[False] * 70])
    grouped = unpaired(clustered(hits, [number // 5 for number in range(100)]), Rate.of(15, 100))
    assert plain.value == pytest.approx(0.15)
    assert plain.p < 0.05 < grouped.p


def test_holm_keeps_the_order_and_never_shrinks() -> None:
    assert holm([0.2, 0.01, 0.6]) == pytest.approx([0.4, 0.03, 0.6])
    assert holm([]) == []


def test_a_perfect_judge_corrects_nothing() -> None:
    found = rogan_gladen(Rate.of(120, 400), Rate.of(10_000, 10_000), Rate.of(10_000, 10_000))
    assert found.value == pytest.approx(0.3)
    low, high = wilson(120, 400)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.002)


def test_a_judge_like_a_coin_is_refused() -> None:
    with pytest.raises(UsageError, match="no better than chance"):
        rogan_gladen(Rate.of(1, 10), Rate.of(5, 10), Rate.of(5, 10))


def test_a_judge_known_by_one_case_bounds_nothing() -> None:
    found = rogan_gladen(Rate.of(300, 400), Rate.of(1, 1), Rate.of(200, 1000))
    assert (found.low, found.high) == (0.0, 1.0)


def test_corrected_rates_are_covered() -> None:
    rng = np.random.default_rng(19)
    covered = 0
    for _ in range(SIMULATIONS):
        refused = rng.random(300) < 0.3
        called = np.where(refused, rng.random(300) < 0.9, rng.random(300) < 0.05)
        judge = Rate.of(int(rng.binomial(200, 0.9)), 200), Rate.of(int(rng.binomial(200, 0.95)), 200)
        found = rogan_gladen(Rate.of(int(called.sum()), 300), *judge)
        covered += found.low <= 0.3 <= found.high
    assert NEAR[0] < covered / SIMULATIONS < NEAR[1]

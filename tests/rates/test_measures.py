"""Wilson's interval, and DeLong's of the AUROC: edges, and how often it holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.errors import UsageError
from demur.rates import auroc_of_counts, wilson


@given(st.integers(0, 500), st.integers(0, 500))
def test_holds_the_rate_and_mirrors(successes: int, failures: int) -> None:
    n = successes + failures
    low, high = wilson(successes, n)
    assert 0 <= low <= (successes / n if n else 0.5) <= high <= 1
    assert (low == 0) == (successes == 0)
    assert (high == 1) == (failures == 0)
    assert wilson(failures, n) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(("successes", "n"), [(-1, 3), (4, 3), (1, 0)])
def test_no_rate(successes: int, n: int) -> None:
    with pytest.raises(UsageError, match="out of range"):
        wilson(successes, n)


def test_the_auroc_of_cases_all_in_order_is_not_certain() -> None:
    harmful, safe = np.array([0, 30]), np.array([20, 0])
    found = auroc_of_counts(np.array([0.0, 1.0]), harmful, safe)
    assert (found.value, found.high) == (1, 1)
    assert found.low == wilson(20, 20)[0]
    turned = auroc_of_counts(np.array([1.0, 0.0]), harmful, safe)
    assert (turned.value, turned.low, turned.high) == pytest.approx((0, 0, 1 - found.low))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8))
def test_the_interval_of_the_auroc_mirrors(counts: list[tuple[int, int]]) -> None:
    harmful, safe = np.array(counts).T
    scores = np.arange(float(len(counts)))
    found, turned = auroc_of_counts(scores, harmful, safe), auroc_of_counts(-scores, harmful, safe)
    if not harmful.any() or not safe.any():
        assert np.isnan(found.value)
        return
    assert 0 <= found.low <= found.value <= found.high <= 1
    mirrored = (1 - turned.value, 1 - turned.high, 1 - turned.low)
    assert (found.value, found.low, found.high) == pytest.approx(mirrored)


@pytest.mark.parametrize(("apart", "truth"), [(0.5, 0.638163), (3.0, 0.983052)])  # the normal law of apart / sqrt(2)
def test_the_auroc_is_covered_also_near_one(apart: float, truth: float) -> None:
    rng = np.random.default_rng(20)
    harmful = (np.arange(200) < 100).astype(np.int64)
    covered = 0
    for _ in range(1_000):
        found = auroc_of_counts(rng.normal(size=200) + apart * harmful, harmful, 1 - harmful)
        covered += found.low <= truth <= found.high
    assert 0.93 < covered / 1_000 < 0.975

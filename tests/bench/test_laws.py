"""The laws that coverage and power are simulated from have the rates and correlations that they are named by."""

from __future__ import annotations

import numpy as np
import pytest

from bench.laws import Hits, one_model, places_of, some_of, two_models


def correlation_of(one: Hits, two: Hits) -> float:
    return float(np.cov(one, two)[0, 1] / np.sqrt(one.var() * two.var()))


def test_rows_are_those_of_the_clusters() -> None:
    assert places_of([1, 3, 2]).tolist() == [0, 1, 1, 1, 2, 2]
    drawn = some_of(np.random.default_rng(0), [1, 4], 30)
    assert 30 <= len(drawn) < 34
    assert set(np.bincount(drawn)) <= {1, 4}


@pytest.mark.parametrize("icc", [0.0, 0.3, 1.0])
def test_one_model_has_its_rate_and_the_correlation_inside_a_cluster(icc: float) -> None:
    hits = one_model(np.random.default_rng(1), places_of([2] * 50_000), 0.2, icc).reshape(-1, 2)
    assert hits.mean() == pytest.approx(0.2, abs=0.01)
    assert correlation_of(hits[:, 0], hits[:, 1]) == pytest.approx(icc, abs=0.02)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_two_models_have_their_rates_and_correlation(correlation: float) -> None:
    one, two = two_models(np.random.default_rng(2), places_of([1] * 100_000), (0.3, 0.2), correlation, 0.0)
    assert (one.mean(), two.mean()) == pytest.approx((0.3, 0.2), abs=0.01)
    assert correlation_of(one, two) == pytest.approx(correlation, abs=0.02)

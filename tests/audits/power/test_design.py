"""Rows that a comparison needs: known values, and tests that find what they should as often as is said."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from demur.audits.power.design import DESIGNS, Design, Question, detectable, effective, half_width, rows_needed
from demur.errors import UsageError
from demur.rates import Rate, clustered, paired, unpaired, wilson
from demur.rates.measures import score_interval
from tests.conftest import ROOT


def test_known_values() -> None:
    asked = Question(baseline=0.1, difference=0.1)
    assert rows_needed(asked, "unpaired") == 199  # Fleiss, table A.3 without its continuity correction
    assert rows_needed(Question(baseline=0.5, difference=0.1), "one") == 194


@pytest.mark.parametrize("design", DESIGNS)
def test_what_is_detectable_needs_those_rows(design: Design) -> None:
    asked = Question(baseline=0.2, difference=0.07)
    rows = rows_needed(asked, design)
    found = detectable(asked, design, rows)
    assert found == pytest.approx(0.07, abs=0.001)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("baseline", [0.05, 0.3, 0.5])
def test_refusing_and_not_refusing_are_asked_about_alike(design: Design, baseline: float) -> None:
    low, high = Question(baseline, 0.04), Question(1 - baseline, 0.04)
    assert high.other == pytest.approx(1 - low.other) or baseline == 0.5
    assert rows_needed(low, design) == rows_needed(high, design)
    assert detectable(low, design, 700) == pytest.approx(detectable(high, design, 700))


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("baseline", [0.02, 0.4, 0.9])
def test_a_larger_difference_needs_fewer_rows(design: Design, baseline: float) -> None:
    steps = np.linspace(0.01, max(baseline, 1 - baseline) - 0.01, 40)
    needed = [rows_needed(Question(baseline, float(step)), design) for step in steps]
    assert needed == sorted(needed, reverse=True)


def test_a_handful_shows_nothing() -> None:
    assert detectable(Question(), "unpaired", 2) is None
    assert detectable(Question(), "one", 0) is None


def test_the_same_rows_help_as_far_as_models_agree() -> None:
    needed = [rows_needed(Question(correlation=each), "paired") for each in (0.0, 0.3, 0.6)]
    assert needed == sorted(needed, reverse=True)
    assert needed[1] < rows_needed(Question(), "unpaired")


def test_the_paired_test_has_the_power_that_is_said() -> None:
    asked = Question(baseline=0.2, difference=0.1, correlation=0.5)
    rows = rows_needed(asked, "paired")
    apart = 0.16 + 0.21 + 0.01 - 2 * 0.5 * (0.16 * 0.21) ** 0.5
    up, down = (apart + 0.1) / 2, (apart - 0.1) / 2
    rng = np.random.default_rng(5)
    found = 0
    for _ in range(1000):
        kind = rng.choice(4, rows, p=[up, down, 0.2 - down, 1 - up - 0.2])
        one, two = (kind == 0) | (kind == 2), (kind == 1) | (kind == 2)
        found += paired(one, two, range(rows)).p <= 0.05
    assert 0.78 < found / 1000 < 0.86  # McNemar's exact test is a little careful, and so is the correction


def test_the_unpaired_test_has_the_power_that_is_said() -> None:
    rows = rows_needed(Question(baseline=0.2, difference=0.1), "unpaired")
    rng = np.random.default_rng(6)
    draws = [(rng.binomial(rows, 0.3), rng.binomial(rows, 0.2)) for _ in range(1000)]
    found = sum(unpaired(Rate.of(int(one), rows), Rate.of(int(two), rows)).p <= 0.05 for one, two in draws)
    assert 0.76 < found / 1000 < 0.84


def test_clusters_that_answer_as_one_count_once() -> None:
    assert effective([5] * 20, 1.0) == pytest.approx(20)
    assert effective([5] * 20, 0.0) == pytest.approx(100)
    assert effective([], 0.5) == 0


def test_the_half_width_is_wilsons() -> None:
    low, high = wilson(50, 1000)
    assert half_width(0.05, 1000) == pytest.approx((high - low) / 2)
    assert half_width(0.5, 0) == half_width(0.5, 3, 1) == 0.5


def test_the_half_width_of_clusters_is_that_of_their_interval() -> None:
    hits, places = np.arange(100) % 10 < 3, [number // 10 for number in range(100)]  # every cluster like the whole
    rate = clustered(hits, places)
    assert half_width(0.3, rate.effective, 10) == pytest.approx((rate.high - rate.low) / 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"baseline": 0.0},
        {"power": 1.0},
        {"power": 0.05},
        {"alpha": float("nan")},
        {"correlation": 1.0},
        {"baseline": 0.5, "difference": 0.6},
    ],
)
def test_impossible_questions_are_told(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Question(**wrong)


def test_quantiles_are_those_of_scipys_laws() -> None:
    from scipy.stats import norm, t

    assert Question(alpha=0.03, power=0.85).quantiles == (norm.ppf(1 - 0.03 / 2), norm.ppf(0.85))
    low, high = score_interval(0.1, 200, float(t.ppf(0.975, 6)))
    assert half_width(0.1, 200, 7) == (high - low) / 2
    one, two = Rate.of(15, 100), Rate.of(5, 100)
    assert unpaired(one, two).p == pytest.approx(2 * norm.sf(0.1 / np.sqrt(2 * 0.1 * 0.9 / 100)), rel=1e-12)


def test_numbers_of_rows_need_no_scipy_stats() -> None:
    code = "import sys; from demur.cli import main; main(['power'], standalone_mode=False)"
    code += "; print('scipy.stats' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split()[-1] == "False"

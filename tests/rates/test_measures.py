from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.errors import UsageError
from demur.rates import wilson


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

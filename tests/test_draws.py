"""Numbers that follow from a key and a seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.draws import uniform
from demur.errors import UsageError


@settings(max_examples=100)
@given(size=st.integers(1, 2**64), record=st.text(max_size=8), seed=st.integers(-5, 2**70))
def test_uniform_is_in_range(size: int, record: str, seed: int) -> None:
    assert 0 <= uniform(record, seed, "test", size) < size


def test_uniform_has_no_remainder_bias() -> None:
    """Of three quarters of all 64-bit numbers, a plain remainder would give the lowest third twice as often."""
    drawn = [uniform(f"{number:032x}", 0, "test", 3 << 62) >> 62 for number in range(9_000)]
    counts = np.bincount(drawn, minlength=3)
    assert len(counts) == 3
    assert counts.max() - counts.min() < 0.05 * len(drawn), counts


@pytest.mark.parametrize("size", [0, -1, 2**64 + 1])
def test_nothing_to_draw_from(size: int) -> None:
    with pytest.raises(UsageError, match="Nothing to draw from"):
        uniform("a", 0, "test", size)

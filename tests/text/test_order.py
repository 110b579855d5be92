"""A stable order of numbers, compiled and not."""

from __future__ import annotations

import numpy as np
import pytest

from demur.text.compiled import uncompiled
from demur.text.order import _MANY, stable


@pytest.mark.parametrize("kinds", [3, 1000, 1 << 20, 1 << 62])
@pytest.mark.parametrize("small", [True, False])
def test_sorting_keeps_the_order_of_equal_keys(kinds: int, small: bool) -> None:
    draw = np.random.default_rng(7)
    for size in (0, 1, 2, 50, 3000, _MANY, 3 * _MANY + 1):
        keys = draw.integers(0, kinds, size)
        for made in (keys, keys.astype(np.uint64) << np.uint64(1), keys.astype(np.int16 if kinds < 1 << 15 else int)):
            with uncompiled(small=small):
                found = stable(made)
            assert found.dtype == np.int64
            assert found.tolist() == np.argsort(made, kind="stable").tolist()


def test_bytes_that_all_keys_share_are_passed_over() -> None:
    keys = np.arange(2 * _MANY, dtype=np.uint64)[::-1] * np.uint64(256) + np.uint64(7 << 56)
    kept = keys.copy()
    assert stable(keys).tolist() == list(range(len(keys)))[::-1]
    assert np.array_equal(keys, kept)

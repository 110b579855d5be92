"""A stable order of numbers, compiled and not."""

from __future__ import annotations

import numpy as np
import pytest

from demur.text.compiled import uncompiled
from demur.text.order import _MANY, repeated, stable


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


@pytest.mark.parametrize("kind", ["hashes", "hashes, often", "ranks", "alike above", "two of each"])
def test_keys_of_many_bytes(kind: str) -> None:
    """The highest bytes are sorted first; where these tell too little, all are."""
    draw, size = np.random.default_rng(3), 2 * _MANY
    hashes = draw.integers(0, 1 << 64, size, np.uint64)
    keys = {
        "hashes": hashes,
        "hashes, often": draw.choice(hashes[: size // 50], size),
        "ranks": (hashes & np.uint64(63)) << np.uint64(56) | hashes >> np.uint64(8),
        "alike above": hashes >> np.uint64(62) << np.uint64(62) | hashes >> np.uint64(24),
        "two of each": np.concatenate([hashes[: size // 2], hashes[: size // 2][::-1]]),
    }[kind]
    assert stable(keys).tolist() == np.argsort(keys, kind="stable").tolist()


@pytest.mark.parametrize("kinds", [2, 1000, 1 << 20, 1 << 63])
@pytest.mark.parametrize("small", [True, False])
def test_what_stands_twice_is_repeated(kinds: int, small: bool) -> None:
    draw = np.random.default_rng(7)
    for size in (0, 1, 2, 3000, _MANY, 3 * _MANY + 1):
        keys = draw.integers(0, kinds, size, dtype=np.uint64)
        keys[::5] = 0
        keys[3::7] = keys[size // 2 : size // 2 + 1]
        keys.flags.writeable = False
        with uncompiled(small=small):
            found = repeated(keys)
        _, which, counts = np.unique(keys, return_inverse=True, return_counts=True)
        wanted = np.flatnonzero((counts[which] > 1) & (keys != 0))
        assert found.dtype == np.int64
        assert np.array_equal(np.intersect1d(found, wanted), wanted), "none that does stand twice is missing"
        assert keys[found].all()
        assert (np.diff(found) > 0).all()
        if kinds == 1 << 63 and size >= _MANY and not small:
            assert len(found) - len(wanted) < size // 5, "few others are among them"

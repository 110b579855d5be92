"""What kernels are compiled to for sixty-four bytes is what the functions say, and what a loop over bytes gives."""

from __future__ import annotations

import numpy as np
import pytest

from demur.text.compiled import compiles, kernel
from demur.text.lanes import LANES, in_range, lowest, ones

RANGES = [(0, 97, 122), (32, 97, 122), (0, 48, 57), (0, 0, 31), (0, 128, 255), (0, 34, 34), (255, 255, 255)]


@kernel
def bits_of(data: np.ndarray, at: int, fold: int, first: int, last: int) -> np.uint64:
    return in_range(data, at, fold, first, last)


@kernel
def counted(bits: np.uint64) -> tuple[int, int]:
    return ones(bits), lowest(bits)


@pytest.mark.parametrize(("fold", "first", "last"), RANGES)
def test_bits_are_those_of_a_loop(fold: int, first: int, last: int) -> None:
    every = np.random.default_rng(7).permutation(np.arange(512, dtype=np.int64) % 256).astype(np.uint8)
    every.flags.writeable = False
    for at in (0, 1, 63, 64, 100, len(every) - LANES):
        looped = sum(1 << place for place in range(LANES) if first <= every[at + place] | fold <= last)
        assert int(in_range(every, at, fold, first, last)) == looped
        assert int(bits_of(every, at, fold, first, last)) == looped


@pytest.mark.parametrize("bits", [0, 1, 2, 12, 1 << 63, (1 << 64) - 1, 0xF0F0 << 32])
def test_bits_are_counted_and_found(bits: int) -> None:
    text = f"{bits:064b}"[::-1]
    expected = (text.count("1"), text.find("1") if bits else LANES)
    assert (ones(np.uint64(bits)), lowest(np.uint64(bits))) == expected
    assert counted(np.uint64(bits)) == expected


@pytest.mark.skipif(not compiles(), reason="nothing is compiled here")
def test_bytes_that_stand_apart_are_refused() -> None:
    from numba.core.errors import TypingError

    with pytest.raises(TypingError, match="in_range"):
        bits_of(np.zeros(256, np.uint8)[::2], 0, 0, 0, 0)

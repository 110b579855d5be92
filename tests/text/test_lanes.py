"""What kernels are compiled to is what the functions say: for sixty-four bytes a loop over bytes, for hashes a sort."""

from __future__ import annotations

import numpy as np
import pytest

from demur.text.compiled import compiles, kernel
from demur.text.lanes import FEW, LANES, in_range, lowest, ones, sort_hashes, sort_ranks

RANGES = [(0, 97, 122), (32, 97, 122), (0, 48, 57), (0, 0, 31), (0, 128, 255), (0, 34, 34), (255, 255, 255)]


@kernel
def bits_of(data: np.ndarray, at: int, fold: int, first: int, last: int) -> np.uint64:
    return in_range(data, at, fold, first, last)


@kernel
def counted(bits: np.uint64) -> tuple[int, int]:
    return ones(bits), lowest(bits)


@kernel
def hashes_between(numbers: np.ndarray, first: int, last: int) -> None:
    sort_hashes(numbers[first:last])


@kernel
def ranks_between(numbers: np.ndarray, first: int, last: int) -> None:
    sort_ranks(numbers[first:last])


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


KINDS = ["spread", "some often", "all equal", "begin alike", "small", "descending", "outermost", "ranks"]


@pytest.mark.parametrize("size", [0, 1, 2, FEW, FEW + 1, 100, 5000, 70_000])
@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_sorted_whatever_they_look_like(size: int, kind: str) -> None:
    spread = np.random.default_rng(size).integers(0, 1 << 64, size + 10, np.uint64)
    numbers = {
        "spread": spread,
        "some often": np.where(spread % 4 == 0, spread[0], spread),
        "all equal": np.full_like(spread, spread[0]),
        "begin alike": spread >> 20 | np.uint64(5 << 60),
        "small": spread % 1000,
        "descending": np.sort(spread)[::-1].copy(),
        "outermost": np.where(spread % 2 == 0, 0, (1 << 64) - 1).astype(np.uint64),
        "ranks": (spread & np.uint64(255)) << np.uint64(56) | np.sort(spread >> np.uint64(8)),
    }[kind]
    expected = numbers.copy()
    expected[4 : size + 4].sort()
    for plain, compiled in ((sort_hashes, hashes_between), (sort_ranks, ranks_between)):
        mine, theirs = numbers.copy(), numbers.copy()
        plain(mine[4 : size + 4])
        compiled(theirs, 4, size + 4)
        assert mine.tolist() == theirs.tolist() == expected.tolist()

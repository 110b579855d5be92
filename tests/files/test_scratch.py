from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np

from demur.files.scratch import Scratch


def test_an_array_grows_where_it_has_to() -> None:
    scratch = Scratch()
    small = scratch("one", 2, np.int64)
    large = scratch("one", 5, np.int64)
    assert (len(small), len(large), len(scratch("one", 3, np.int64))) == (2, 5, 3)
    assert np.shares_memory(scratch("one", 1, np.int64), large)
    assert not np.shares_memory(scratch("other", 5, np.int64), large)


def test_threads_do_not_share() -> None:
    scratch, both = Scratch(), Barrier(2)

    def write(value: int) -> set[int]:
        mine = scratch("one", 1000, np.int64)
        mine[:] = value
        both.wait()
        return set(mine.tolist())

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(write, [1, 2])) == [{1}, {2}]

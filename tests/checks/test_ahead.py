"""Batches come in order, one ahead, with their texts read; and what long work gives, which nobody has to wait for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pyarrow as pa
import pytest

from demur.checks.ahead import ahead, beside
from demur.checks.batch import Batch, File, layout_for
from demur.checks.speech import _Alone


def batches(count: int, given: list[int], *, torn: bool = False) -> Iterator[tuple[Batch, int]]:
    for number in range(count):
        rows = pa.RecordBatch.from_pydict({"prompt": [f"Name lake {number}."]})
        given.append(number)
        yield Batch(_Alone(), File(Path("a.csv"), "a.csv"), layout_for(rows, None), number, rows), number
    if torn:
        msg = "torn"
        raise OSError(msg)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_batches_come_in_order_and_are_read(count: int) -> None:
    given: list[int] = []
    found = []
    for batch, number in ahead(batches(count, given)):
        assert batch.first == number
        assert ["read" in part.__dict__ for part in batch.said.parts] == [True]
        assert given == [*range(min(count, number + 2))]
        found.append(number)
    assert found == [*range(count)]


def test_what_ends_the_reading_ends_this() -> None:
    with pytest.raises(OSError, match="torn"):
        list(ahead(batches(3, [], torn=True)))


@pytest.mark.parametrize("threads", [1, 2, 9])
def test_what_work_gives_comes_in_order_up_to_its_error(threads: int) -> None:
    def work(number: int) -> int:
        if number == 3:
            msg = "torn"
            raise OSError(msg)
        return number * number

    found: list[int] = []
    assert list(beside(work, [], threads)) == []
    with pytest.raises(OSError, match="torn"):
        found.extend(beside(work, [0, 1, 2, 3, 4], threads))
    assert found == [0, 1, 4]


def test_who_is_interrupted_waits_for_no_work() -> None:
    begun, free, done = Event(), Event(), Event()
    taken = []

    def work(number: int) -> int:
        taken.append(number)
        if number:
            begun.set()
            assert free.wait(60)
            done.set()
        return number

    found = beside(work, [0, 1, 2], 1)
    assert next(found) == 0
    assert begun.wait(60)
    found.close()
    assert not done.is_set()  # it goes on, and nothing follows it
    free.set()
    assert done.wait(60)
    assert taken == [0, 1]

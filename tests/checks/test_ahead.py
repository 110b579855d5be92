"""Batches come in order, one ahead, with their texts read; what ends the reading of them ends this as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from demur.checks.ahead import ahead
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

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.audits.asking import Side, in_batches, padded
from demur.errors import UsageError


@settings(deadline=None)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=12), batch=st.integers(1, 5), most=st.integers(1, 20))
def test_every_row_is_asked_once_whatever_memory_holds(lengths: list[int], batch: int, most: int) -> None:
    def ask(rows: list[int]) -> int:
        if len(rows) * max(lengths[row] for row in rows) > most + 8:
            raise MemoryError
        return len(rows)

    found = list(in_batches(lengths, range(len(lengths)), batch, ask, "prompt"))
    asked = [row for rows, _ in found for row in rows]
    assert sorted(asked) == list(range(len(lengths)))
    assert [lengths[row] for row in asked] == sorted(lengths, reverse=True)
    assert all(size == len(rows) <= batch for rows, size in found)


def test_another_error_is_not_taken_for_memory() -> None:
    def ask(rows: list[int]) -> None:
        msg = "shapes do not fit"
        raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="shapes"):
        list(in_batches([1], [0], 1, ask, "prompt"))


def test_one_row_too_many_is_told_with_its_length() -> None:
    def ask(rows: list[int]) -> Iterator[int]:
        raise MemoryError

    with pytest.raises(UsageError, match="does not hold one response") as raised:
        list(in_batches([3, 7], [0, 1], 4, ask, "response"))
    assert raised.value.got == "7 tokens"


@pytest.mark.parametrize(("padding", "ids"), [("right", [[5, 0, 0], [6, 7, 8]]), ("left", [[0, 0, 5], [6, 7, 8]])])
def test_padding_is_masked_and_positions_count_the_rest(padding: Side, ids: list[list[int]]) -> None:
    found = padded([[5], [6, 7, 8]], padding)
    assert found["input_ids"].tolist() == ids
    assert found["attention_mask"].tolist() == [[int(bool(each)) for each in row] for row in ids]
    assert found["position_ids"].tolist()[1] == [0, 1, 2]
    assert found["position_ids"][0][found["attention_mask"][0].bool()].tolist() == [0]

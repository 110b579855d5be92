from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from demur.files import chosen as module
from demur.files.chosen import chosen
from demur.files.scratch import Scratch

COLUMNS = {
    "texts": pa.array(["tide", "", "bräcke", "mole", "x" * 40, "", "quay"]),
    "nulls": pa.array(["a", None, "b", None, "c", "d", None]),
    "empty": pa.array([""] * 7),
    "large": pa.array(list("abcdefg"), pa.large_string()),
    "numbers": pa.array([1, 2, None, 4, 5, 6, 7]),
    "lists": pa.array([["a"], [], None, ["b", "c"], [], ["d"], ["e"]]),
}


@pytest.mark.parametrize("piece", [1, 2, 3, 100])
@pytest.mark.parametrize("cuts", [(), (3,), (0, 1, 5, 5)])
def test_rows_are_those_that_a_filter_keeps(monkeypatch: pytest.MonkeyPatch, piece: int, cuts: tuple[int, ...]) -> None:
    monkeypatch.setattr(module, "_PIECE", piece)
    whole = pa.table(COLUMNS, metadata={"of": "metadata"})
    ends = [0, *cuts, 7]
    table = pa.concat_tables([whole.slice(a, b - a) for a, b in pairwise(ends)])
    scratch = Scratch()
    for bits in range(2**7):
        keep = np.array([bits >> row & 1 for row in range(7)], bool)
        found = chosen(table, keep, scratch)
        found.validate(full=True)
        assert found.equals(whole.filter(pa.array(keep)), check_metadata=True)
        assert all(column.num_chunks <= 1 for column in found.columns)


def test_of_a_table_with_an_offset() -> None:
    table = pa.table({"text": [f"text {row}" for row in range(30)]}).slice(7, 11)
    keep = np.arange(11) % 3 == 1
    assert chosen(table, keep, Scratch())["text"].to_pylist() == ["text 8", "text 11", "text 14", "text 17"]

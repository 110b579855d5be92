"""Rows with a group of their own, and rows that have that of another."""

from __future__ import annotations

import pyarrow as pa

from demur.groups.heads import heads_of


def test_without_heads_every_row_has_its_own_group() -> None:
    table = pa.table({"text": ["a", "b"]})
    same, heads = heads_of(table)
    assert same is table
    assert heads.rows.to_pylist() == [0, 1]
    assert heads.spread(["x", "y"], ["-", "-"]) == ["x", "y"]


def test_rows_have_the_group_of_their_head_or_none() -> None:
    table, heads = heads_of(pa.table({"text": list("abcde"), "head": [3, None, 2, 3, 2]}))
    assert table.column_names == ["text"]
    assert heads.rows.to_pylist() == [2, 3]
    assert heads.spread(["two", "three"], list("ABCDE")) == ["three", "B", "two", "three", "two"]


def test_a_head_that_has_none_itself_gives_none() -> None:
    _, heads = heads_of(pa.table({"head": pa.array([1, None], pa.int64())}))
    assert heads.rows.to_pylist() == []
    assert heads.spread([], ["a", "b"]) == ["a", "b"]

"""Counts by several dimensions: tables, lists and what the script gets say the same."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from demur.reports.cube import NONE, Cube, columns

ROWS: Counter[tuple[tuple[str, ...], ...]] = Counter(
    {
        (("a",), ("x", "y"), ("test",)): 2,
        (("a",), (NONE,), ("test",)): 5,
        (("b",), ("x",), ("test",)): 1,
        (("b",), ("y",), ("train",)): 4,
    }
)
NAMES = ["config", "hazard", "split"]


def test_the_most_frequent_values_come_first_and_none_comes_last() -> None:
    cube = Cube.of(ROWS, NAMES)
    assert cube.dims["hazard"] == ["y", "x", NONE]
    assert cube.counts("hazard") == [6, 3, 5]
    assert cube.total == 12
    assert cube.table("hazard", "split") == [[2, 4], [3, 0], [5, 0]]


def test_of_a_dimension_shown_one_at_a_time_the_first_value_is_shown() -> None:
    cube = Cube.of(ROWS, NAMES, one="config")
    assert cube.dims["config"] == ["a", "b"]
    assert cube.total == 7
    assert cube.counts("config") == [7, 5]
    assert cube.table("hazard", "split") == [[2, 0], [2, 0], [5, 0]]


def test_the_script_gets_all_cells_in_one_order_whatever_the_rows() -> None:
    said = Cube.of(ROWS, NAMES, one="config").as_dict()
    assert [name for name, _ in said["dims"]] == NAMES
    assert sum(cell[-1] for cell in said["cells"]) == 12
    again = Counter(dict(reversed(ROWS.items())))
    assert Cube.of(again, NAMES).as_dict() == Cube.of(ROWS, NAMES).as_dict()


def test_lists_give_several_values_and_what_is_empty_gives_none() -> None:
    table = pa.table({"hazards": [["x", "y", "x"], [], None], "split": ["test", None, "train"]})
    assert list(columns(table, ["hazards", "split", "absent"])) == [
        (("x", "y"), ("test",), (NONE,)),
        ((NONE,), (NONE,), (NONE,)),
        ((NONE,), ("train",), (NONE,)),
    ]

"""Two tables side by side: the same as Python's own comparison, cell by cell."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.sets.aligned import aligned, differs

TEXT = st.none() | st.sampled_from(["", "a", "b"])
CELLS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "text": (pa.string(), TEXT),
    "flag": (pa.bool_(), st.none() | st.booleans()),
    "number": (pa.int64(), st.none() | st.integers(0, 2)),
    "list": (pa.list_(pa.string()), st.none() | st.lists(TEXT, max_size=2)),
    "lists": (
        pa.large_list(pa.list_(pa.int64())),
        st.none() | st.lists(st.lists(st.integers(0, 1), max_size=2), max_size=2),
    ),
    "struct": (
        pa.struct([("name", pa.string()), ("values", pa.list_(pa.string()))]),
        st.none() | st.fixed_dictionaries({"name": TEXT, "values": st.none() | st.lists(TEXT, max_size=2)}),
    ),
    "labels": (
        pa.list_(pa.struct([("name", pa.string())])),
        st.lists(st.fixed_dictionaries({"name": TEXT}), max_size=2),
    ),
    "nothing": (pa.null(), st.none()),
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
@given(data=st.data())
def test_cells_differ_where_python_says_so(name: str, data: st.DataObject) -> None:
    kind, cells = CELLS[name]
    pairs = data.draw(st.lists(st.tuples(cells, cells), max_size=6))
    one, two = (pa.chunked_array([pa.array([pair[side] for pair in pairs], kind)]) for side in (0, 1))
    assert differs(one, two).tolist() == [left != right for left, right in pairs]
    cut = len(pairs) // 2
    assert differs(one[cut:], two[cut:]).tolist() == [left != right for left, right in pairs[cut:]]


def test_a_type_that_changed_is_compared_by_value() -> None:
    assert differs(pa.array([1, 2]), pa.array([1.0, 3.0])).tolist() == [False, True]
    assert differs(pa.array(["1", "a"]), pa.array([["1"], ["a"]])).tolist() == [True, True]
    assert differs(pa.array(["a", "b"]).dictionary_encode(), pa.array(["a", "c"])).tolist() == [False, True]


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")), st.randoms())
def test_rows_are_laid_side_by_side_whatever_their_order(one: set[str], two: set[str], random: Any) -> None:
    tables = []
    for number, keys in enumerate((one, two)):
        ids = sorted(keys)
        random.shuffle(ids)
        columns = {"record_id": ids, "of": [f"{number}{id}" for id in ids]}
        tables.append(pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()}))
    found = aligned(*tables)
    assert found.gone["record_id"].to_pylist() == sorted(one - two)
    assert found.come["record_id"].to_pylist() == sorted(two - one)
    assert found.before["of"].to_pylist() == [f"0{id}" for id in sorted(one & two)]
    assert found.after["of"].to_pylist() == [f"1{id}" for id in sorted(one & two)]

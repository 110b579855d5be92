"""JSON and CSV, as all readers take them."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.files.syntax import Broken, csv_records, doubled, first_doubled, listed, pairs, parse_json

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 0, 2]), st.text(" \t\r\n", max_size=3))
def test_a_list_has_the_members_that_json_says(members: list[Any], indent: int | None, around: str) -> None:
    text = around + json.dumps(members, indent=indent) + around
    found = listed(text)
    assert found is not None
    assert found[0] == members
    for member, line in zip(*found, strict=True):
        rest = "\n".join(text.split("\n")[line - 1 :])
        assert json.dumps(member, indent=indent).split("\n")[0] in rest.split("\n")[0]


@pytest.mark.parametrize(
    "text", ["", "7", '{"a": [1]}', "[1", "[1,]", "[1 2]", "[1]]", "[1] 2", "[,]", "[", "[01]", "[[1]"]
)
def test_what_is_no_list(text: str) -> None:
    assert listed(text) is None


@pytest.mark.parametrize(
    ("text", "place"), [("[1,\n2,,]", (2, 3)), ("", (1, 1)), ("[" * 100_000, (None, None)), ("9" * 5000, (None, None))]
)
def test_broken_json_has_its_place_and_no_quotation(text: str, place: tuple[int | None, int | None]) -> None:
    with pytest.raises(Broken) as caught:
        parse_json(text)
    assert (caught.value.line, caught.value.column) == place
    assert "999" not in str(caught.value)


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=3), max_size=5))
def test_records_come_back_with_the_line_they_begin_on(rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    starts = []
    for row in rows:
        starts.append(sum(1 for _ in io.StringIO(text.getvalue(), newline="")) + 1)
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(row)
    found = list(csv_records(io.StringIO(text.getvalue(), newline="")))
    assert found == list(zip(starts, rows, strict=True))


def test_broken_csv_says_where_its_record_begins() -> None:
    with pytest.raises(Broken) as caught:
        list(csv_records(["a,b\n", "\n", '"c\n', "d\n"]))
    assert caught.value.line == 3


@given(VALUES)
def test_no_key_of_what_python_writes_stands_twice(value: Any) -> None:
    for separator in (": ", " : ", ":"):
        text = json.dumps(value, separators=(",", separator))
        found = parse_json(text, pairs)
        assert first_doubled(found) is None
        assert found == value


@given(VALUES, VALUES, st.sampled_from([": ", " : ", ":"]))
def test_a_key_that_stands_twice_is_found_at_any_depth(one: Any, two: Any, separator: str) -> None:
    inner = ",".join(f'"twin"{separator}{json.dumps(each, separators=(",", separator))}' for each in (one, two))
    text = f'[{{"outer"{separator}{{{inner}}}}}]'
    assert doubled(text, parse_json(text))
    assert first_doubled(parse_json(text, pairs)) == "twin"
    assert parse_json(text, pairs) == [{"outer": {"twin": two}}]

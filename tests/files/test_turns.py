"""Which lists are lists of turns."""

from __future__ import annotations

import pyarrow as pa
import pytest

from demur.files.turns import spelt_keys, turn_keys

TEXT, BESIDE = pa.string(), pa.list_(pa.int64())
PART = pa.struct([("type", TEXT), ("text", TEXT)])


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ({"role": TEXT, "content": TEXT}, ("role", "content")),
        ({"content": pa.large_string(), "role": TEXT, "weight": pa.int64(), "seen": BESIDE}, ("role", "content")),
        ({"from": TEXT, "value": TEXT, "name": TEXT}, ("from", "value")),
        ({"role": TEXT, "content": TEXT, "tool_calls": BESIDE}, ("role", "content")),
        ({"role": TEXT, "content": pa.list_(PART)}, ("role", "content")),
        ({"role": TEXT, "content": pa.large_list(pa.struct([*PART, ("url", TEXT)]))}, None),
        ({"from": TEXT, "value": pa.list_(PART)}, None),
        ({"role": TEXT, "content": TEXT, "value": TEXT}, None),
        ({"role": TEXT, "content": BESIDE}, None),
        ({"role": TEXT, "value": TEXT}, None),
        ({"name": TEXT}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("listed", [pa.list_, pa.large_list])
def test_keys_of_turns(fields: dict[str, pa.DataType], keys: tuple[str, str] | None, listed: type) -> None:
    kind = listed(pa.struct(list(fields.items())))
    assert turn_keys(kind) == keys
    assert turn_keys(kind.value_type) is None


def test_other_columns_have_none() -> None:
    assert [turn_keys(kind) for kind in (TEXT, pa.list_(TEXT), pa.map_(TEXT, TEXT), pa.null())] == [None] * 4


def test_a_key_that_stands_twice_is_none() -> None:
    assert turn_keys(pa.list_(pa.struct([("role", TEXT), ("content", TEXT), ("content", TEXT)]))) is None


@pytest.mark.parametrize(
    ("beside", "spelt"),
    [
        (TEXT, True),
        (pa.list_(pa.struct([("id", pa.int64()), ("last", pa.bool_())])), True),
        (pa.null(), True),
        (pa.timestamp("s"), False),
        (pa.list_(pa.float64()), False),
        (pa.struct([(f"k{place}", TEXT) for place in range(63)]), False),
    ],
)
def test_what_json_spells_in_one_way(beside: pa.DataType, spelt: bool) -> None:
    kind = pa.list_(pa.struct([("role", TEXT), ("content", TEXT), ("more", beside)]))
    assert turn_keys(kind) == ("role", "content")
    assert spelt_keys(kind) == (("role", "content") if spelt else None)
    assert spelt_keys(beside) is None

"""Whole columns first, pydantic for suspects: the findings are those of pydantic alone, cell by cell."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from demur.checks import columnar
from demur.checks.columnar import invalid
from demur.records.record import Label, RecordId
from demur.records.schema import arrow_schema


class Inner(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    name: Literal["a", "b"]
    share: Annotated[float, Field(ge=0, le=1)] | None


class Outer(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    id: RecordId
    text: Annotated[str, StringConstraints(min_length=2, max_length=6, pattern=r"\S")]
    word: Annotated[str, StringConstraints(pattern=r"^\w+$")] | None
    count: Annotated[int, Field(gt=-2, lt=3)]
    flag: bool | None
    tags: Annotated[tuple[Annotated[str, StringConstraints(min_length=1)], ...], Field(max_length=2)]
    inner: Inner | None
    inners: tuple[Inner, ...]


SPACES = "\t\n\x0b\x0c\r \x1c\x85\xa0\u1680\u2003\u2028\u202f\u205f\u3000\u200b\ufeff"
TEXT = st.text(alphabet=st.sampled_from("ab1_-é\u0416" + SPACES), max_size=8)
INNER = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b", "c"]) | st.none(), "share": st.none() | st.floats(-1, 2)}
)
ROW = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["0" * 32, "0" * 31, "g" * 32, "0" * 32 + "\n"]),
        "text": TEXT,
        "word": st.none() | TEXT,
        "count": st.none() | st.integers(-3, 4),
        "flag": st.none() | st.booleans(),
        "tags": st.none() | st.lists(TEXT | st.none(), max_size=3),
        "inner": st.none() | INNER,
        "inners": st.lists(INNER, max_size=2),
    }
)
SCHEMA = arrow_schema(Outer)
LOOSE = pa.schema([(field.name, field.type) for field in SCHEMA])


def alone(model: type[BaseModel], rows: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    """Every row through pydantic."""
    found = []
    for number, row in enumerate(rows):
        try:
            TypeAdapter(model).validate_json(json.dumps(row))
        except ValidationError as error:
            found += [(number, ".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
    return found


def ours(model: type[BaseModel], table: pa.Table) -> list[tuple[int, str, str]]:
    return [(issue.row, issue.place, issue.message) for issue in invalid(model, table)]


@settings(max_examples=150)
@given(rows=st.lists(ROW, max_size=6))
def test_the_findings_are_pydantics(rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(rows, schema=LOOSE)
    assert ours(Outer, table) == alone(Outer, table.to_pylist())


def test_good_rows_never_reach_pydantic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or nothing would be gained."""
    monkeypatch.setattr(columnar, "_adapter", lambda model: pytest.fail("good rows go through pydantic"))
    good = {
        "id": "0" * 32, "text": "\u0416 b", "word": None, "count": 2, "flag": None, "tags": ["x"],
        "inner": {"name": "a", "share": 0.5}, "inners": [{"name": "b", "share": None}],
    }  # fmt: skip
    assert ours(Outer, pa.Table.from_pylist([good] * 3, schema=LOOSE)) == []


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("count", pa.array(["1", "2"])), ("flag", pa.array([1, 0])), ("text", pa.array([1, 2])),
        ("tags", pa.array(["x", "y"])), ("inner", pa.array([1, 2])), ("id", pa.array([b"0", b"1"])),
    ],
)  # fmt: skip
def test_a_column_of_another_type(name: str, cells: pa.Array) -> None:
    good: dict[str, Any] = {"id": "0" * 32, "text": "ab", "word": None, "count": 1, "flag": None, "inner": None}
    good |= {"tags": [], "inners": []}
    table = pa.Table.from_pylist([good, good], schema=LOOSE)
    table = table.set_column(table.schema.get_field_index(name), name, cells)
    assert {(row, place) for row, place, _ in ours(Outer, table)} == {(0, name), (1, name)}


def test_a_missing_and_an_extra_column() -> None:
    table = pa.table({"name": ["a"], "severity": [1]})
    assert {place for _, place, _ in ours(Inner, table)} == {"share", "severity"}


class Checked(BaseModel):
    low: int
    high: int

    @model_validator(mode="after")
    def _ordered(self) -> Checked:
        if self.low > self.high:
            msg = "low is above high"
            raise ValueError(msg)
        return self


def test_a_model_with_validators_is_pydantics_alone() -> None:
    table = pa.table({"low": [1, 3], "high": [2, 2]})
    assert ours(Checked, table) == [(1, "", "Value error, low is above high")]


def test_no_rows_and_a_union() -> None:
    class Either(BaseModel):
        value: int | str

    assert ours(Label, arrow_schema(Label).empty_table()) == []
    assert ours(Either, pa.table({"value": [1, 2]})) == []

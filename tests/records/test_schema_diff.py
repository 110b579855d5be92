"""Every kind of change between two schemas, and which of them break a reader of the old rows."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from pydantic import BaseModel, create_model

from demur.records.record import Lineage
from demur.records.schema import json_schema
from demur.records.schema_diff import schema_diff
from schemas.evaluation_item import EvaluationItem

BEFORE: dict[str, Any] = {
    "id": (str, ...),
    "side": (Literal["left", "right"], ...),
    "note": (str | None, ...),
    "count": (int, ...),
    "lineage": (Lineage, ...),
    "tags": (tuple[Literal["red", "blue"], ...], ...),
}


def schema(**changed: Any) -> dict[str, Any]:
    fields = {name: field for name, field in {**BEFORE, **changed}.items() if field is not None}
    model: type[BaseModel] = create_model("Row", **fields)
    loaded: dict[str, Any] = json.loads(json_schema(model))
    return loaded


class Other(BaseModel):
    source: str
    row: str


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"id": None}, ["breaking: id: is gone"]),
        ({"weight": (float, ...)}, ["compatible: weight: is new"]),
        ({"count": (str, ...)}, ["breaking: count: was integer, is string"]),
        ({"count": (int | None, ...)}, ["breaking: count: may be null"]),
        ({"note": (str, ...)}, ["compatible: note: is never null"]),
        ({"count": (int, 1)}, ["breaking: count: may be missing"]),
        ({"side": (Literal["left", "right", "middle"], ...)}, ["breaking: side: may also be 'middle'"]),
        ({"side": (Literal["left"], ...)}, ["compatible: side: is no longer 'right'"]),
        ({"side": (str, ...)}, ["breaking: side: is no longer one of a list"]),
        ({"id": (Literal["a"], ...)}, ["compatible: id: is one of a list"]),
        ({"tags": (tuple[Literal["red", "green"], ...], ...)},
         ["compatible: tags[]: is no longer 'blue'", "breaking: tags[]: may also be 'green'"]),
        ({"lineage": (Other, ...)},
         ["breaking: lineage.native_id: is gone", "breaking: lineage.row: was integer, is string",
          "breaking: lineage.row_sha256: is gone", "breaking: lineage.source: has no pattern any more"]),
    ],
    ids=lambda value: next(iter(value), "same") if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_change_and_whether_it_breaks(changed: dict[str, Any], said: list[str]) -> None:
    assert [str(change) for change in schema_diff(schema(), schema(**changed))] == said


def test_bounds_break_where_they_widen() -> None:
    old = {"properties": {"k": {"type": "integer", "minimum": 0, "maximum": 9}}}
    new = {"properties": {"k": {"type": "integer", "minimum": 1}}}
    assert [str(change) for change in schema_diff(old, new)] == [
        "breaking: k: maximum was 9, is open",
        "compatible: k: minimum was 0, is 1",
    ]


def test_a_real_schema_differs_from_itself_in_nothing() -> None:
    text = json.loads(json_schema(EvaluationItem))
    assert schema_diff(text, text) == []
    assert len(schema_diff(text, {"properties": {}})) == len(text["properties"])

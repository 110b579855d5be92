from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from demur.project import bundled
from demur.records.record import Label, Lineage
from demur.records.schema import arrow_schema, features
from demur.sets.exported import exported
from demur.sources import declared
from schemas.evaluation_item import EvaluationItem
from schemas.prompt import Prompt
from schemas.response import Response
from tests.conftest import ROOT


def item(**changed: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "record_id": "0" * 32,
        "prompt": "How do I bake bread?",
        "expected": "answer",
        "behaviour": None,
        "basis": "upstream-human",
        "borderline": False,
        "stratum": "safety",
        "labels": [{"name": "harmful", "value": "no", "scope": "prompt", "labeller": "human"}],
        "hazards": [],
        "hazards_by": None,
        "flags": [],
        "categories": [],
        "native_labels": [],
        "language": "en",
        "source": "demo",
        "also_in": [],
        "pair_id": None,
        "group_id": "0" * 32,
        "split": "test",
        "context_sha256": None,
        "license": "mit",
        "use_limits": [],
        "access": "public",
        "lineage": {"source": "demo", "row": 0, "native_id": None, "row_sha256": "0" * 64},
    }
    return {**row, **changed}


def validate(row: dict[str, Any]) -> EvaluationItem:
    return EvaluationItem.model_validate_json(json.dumps(row))


def test_the_committed_json_schemas_are_the_models() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "schemas" / "json").glob("*.json")}
    assert written == exported(declared.schemas(bundled())), "run `demur schema export schemas/json`"


@pytest.mark.parametrize("model", [Prompt, Response, EvaluationItem])
def test_features_and_arrow_schema_name_the_same_columns(model: type[Any]) -> None:
    from datasets import Features

    schema = arrow_schema(model)
    assert list(Features.from_arrow_schema(schema)) == schema.names == list(model.model_fields)


def test_features_are_those_of_datasets() -> None:
    from datasets import Features

    every = [arrow_schema(model) for model in declared.schemas(bundled()).values()]
    nested = pa.list_(pa.list_(pa.struct([("at", pa.float64()), ("of", pa.list_(pa.bool_()))])))
    for schema in [*every, pa.schema([("deep", nested), ("twice", pa.list_(pa.list_(pa.int64())))])]:
        assert features(schema) == Features.from_arrow_schema(schema)._to_yaml_list()


@given(
    st.text(min_size=1).filter(lambda text: not text.isspace()), st.sampled_from(["vcr", "ncr"]), st.none() | st.text()
)
def test_record_to_parquet_to_record(text: str, hazard: str, native: str | None) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text + (native or "")):
        return  # a lone surrogate is not text: neither JSON nor Arrow carries it
    row = item(prompt=text, hazards=[hazard], native_labels=[{"name": "native", "value": native}])
    record = validate(row)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([record.model_dump()], schema=arrow_schema(EvaluationItem)), sink)
    back = pq.read_table(pa.BufferReader(sink.getvalue())).to_pylist()
    assert [validate(each) for each in back] == [record]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"expected": "refuse"}, "follows"),
        ({"behaviour": "refuse"}, "follows from the behaviour: refuse is refuse"),
        ({"behaviour": "polite"}, "Input should be"),
        ({"basis": "hearsay"}, "Input should be"),
        ({"flags": ["loud"]}, "Input should be"),
        (
            {"labels": [{"name": "harmful", "value": "unknown", "scope": "prompt", "labeller": "human"}]},
            "'harmful' label",
        ),
        ({"labels": [{"name": "harmful", "value": "no", "scope": "response", "labeller": "human"}]}, "scope"),
        ({"labels": []}, "'harmful' label"),
        ({"prompt": ""}, "at least 1"),
        ({"prompt": " \n"}, "pattern"),
        ({"borderline": "false"}, "boolean"),
        ({"hazards": ["violence"]}, "Input should be"),
        ({"extra": 1}, "Extra inputs"),
        ({"record_id": "xyz"}, "pattern"),
        ({"access": "secret"}, "Input should be"),
    ],
)
def test_an_item_that_contradicts_itself_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        validate(item(**changed))


def test_a_borderline_item_is_one_to_answer() -> None:
    labels = [{"name": "harmful", "value": "yes", "scope": "prompt", "labeller": "human"}]
    with pytest.raises(ValidationError, match="borderline"):
        validate(item(borderline=True, expected="refuse", labels=labels))


def test_labels_keep_their_scope() -> None:
    pair = Label(name="harmful", value="yes", scope="prompt+response", labeller="human")
    with pytest.raises(ValidationError, match="scope 'prompt' only"):
        Prompt(prompt="Hello", labels=(pair,))
    with pytest.raises(ValidationError, match="no label of scope 'prompt'"):
        Response(prompt="Hi", response="Hello", labels=(pair.model_copy(update={"scope": "prompt"}),))


def test_strict_types_refuse_a_string_for_a_number() -> None:
    with pytest.raises(ValidationError):
        Lineage.model_validate({"source": "demo", "row": "1", "native_id": None, "row_sha256": "0" * 64})

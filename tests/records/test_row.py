from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from demur.project import bundled
from demur.records.record import Frozen, Provenance
from demur.records.row import Bookkeeping, Facet, HashOf, Origin, Row, TextOf, columns_with, describe_columns
from demur.records.tables import label_values, record_schema
from demur.sources.declared import schemas
from schemas.evaluation_reference import EvaluationReference
from schemas.prompt import Prompt
from schemas.training_row import TrainingRow

ROWS = {name: model for name, model in schemas(bundled()).items() if issubclass(model, Row)}
EVERY = {name: model for name, model in schemas(bundled()).items() if issubclass(model, Frozen)}


@pytest.mark.parametrize("name", sorted(EVERY))
def test_every_column_of_the_public_contract_says_what_it_means(name: str) -> None:
    """But for those of records that a row function fills by habit, none is without a sentence."""
    without = [column for column, text in describe_columns(EVERY[name]).items() if not text]
    assert without in ([], ["use_limits"], ["use_limits", "access"], ["access"])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_row_has_the_roles_that_others_ask_for(name: str) -> None:
    model = ROWS[name]
    assert {*columns_with(model, TextOf), *columns_with(model, HashOf)}
    assert columns_with(model, Facet)
    assert columns_with(model, Origin)
    assert {"source", "license"} <= {*columns_with(model, Bookkeeping)}


def test_roles_of_the_training_row_and_of_the_reference() -> None:
    assert {name: role.name for name, role in columns_with(TrainingRow, TextOf).items()} == {
        "prompt": "prompt", "context_prefix": "prefix", "target": "response",
    }  # fmt: skip
    assert list(columns_with(TrainingRow, Origin)) == ["lineage", "harmful_lineage", "safe_lineage"]
    assert columns_with(EvaluationReference, HashOf)["prompt_sha256"].column == "prompt"


def test_descriptions_reach_the_exported_schemas(tmp_path: Path) -> None:
    for name, model in ROWS.items():
        fields = model.model_json_schema()["properties"]
        assert sum("description" in field for field in fields.values()) >= len(fields) - 2, name


def test_a_table_of_records_has_the_models_columns_and_the_provenance() -> None:
    names = record_schema(Prompt).names
    assert "pair" not in names
    assert {*Provenance.model_fields} <= {*names}


def test_a_label_that_is_not_there_is_unknown() -> None:
    kind = pa.list_(pa.struct([("name", pa.string()), ("value", pa.string())]))
    labels = [[{"name": "harmful", "value": "yes"}], [{"name": "refusal", "value": "no"}], []]
    table = pa.table({"labels": pa.array(labels, kind)})
    assert label_values(table, "harmful").to_pylist() == ["yes", "unknown", "unknown"]

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from demur.kinds.training.laws import LAWS
from demur.records.record import Lineage
from demur.records.schema import arrow_schema, json_schema
from demur.text.units import count_units
from schemas.training_row import KINDS, FixedToken, TrainingRow

ROW = Lineage(source="demo-set", row=3, native_id=None, row_sha256="0" * 64)
HARMFUL, SAFE = "a" * 32, "b" * 32
PREFIX = "The forbidden colour"
FIXED = FixedToken(text=" Sorry", id=7, tokenizer="demo")

COMMON: dict[str, Any] = {
    "record_id": "c" * 32,
    "prompt": "Which paint for the fence?",
    "context_prefix": "",
    "target": "Sorry, not that colour.",
    "k": None,
    "n": None,
    "unit": None,
    "unit_tokenizer": None,
    "law": None,
    "harmful_record_id": None,
    "safe_record_id": SAFE,
    "harmful_origin": None,
    "safe_origin": "published",
    "fixed_token": None,
    "behaviour": "refuse",
    "basis": "readers",
    "hazards": (),
    "language": "en",
    "source": "demo-set",
    "license": "mit",
    "use_limits": (),
    "access": "public",
    "pair_id": None,
    "group_id": "d" * 32,
    "split": "train",
    "lineage": ROW,
    "harmful_lineage": None,
    "safe_lineage": ROW,
}
LINKED = {"harmful_record_id": HARMFUL, "harmful_origin": "published", "harmful_lineage": ROW}
DRAWN = {"k": 3, "n": 9, "unit": "word", "law": "derta-released", "context_prefix": PREFIX, "access": "gated"}
OF_KIND: dict[str, dict[str, Any]] = {
    "helpful_mle": {},
    "borderline_mle": {},
    "refusal_mle": {"safe_origin": "project_written", "safe_lineage": None, **LINKED},
    "prefix_mle": {**LINKED, **DRAWN},
    "rto": {**LINKED, "target": "The forbidden colour is out.", "fixed_token": FIXED, "access": "gated"},
}


def made(kind: str, **changed: Any) -> TrainingRow:
    return TrainingRow(**{**COMMON, "kind": kind, **OF_KIND[kind], **changed})


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_survives_parquet(kind: str, tmp_path: Any) -> None:
    row = made(kind)
    table = pa.Table.from_pylist([row.model_dump()], arrow_schema(TrainingRow))
    pq.write_table(table, tmp_path / "rows.parquet")
    (again,) = pq.read_table(tmp_path / "rows.parquet").to_pylist()
    assert TrainingRow.model_validate_json(row.model_dump_json()) == row
    assert again == table.to_pylist()[0]
    assert again["fixed_token"] == (FIXED.model_dump() if kind == "rto" else None)


def test_the_other_forms() -> None:
    assert arrow_schema(TrainingRow).names == list(TrainingRow.model_fields)
    assert '"fixed_token"' in json_schema(TrainingRow)
    assert not [name for name, field in TrainingRow.model_fields.items() if field.annotation is bool], "no flags"


WRONG: list[tuple[int, str, dict[str, Any], str]] = [
    (2, "rto", {"fixed_token": None}, "names its fixed token"),
    (2, "refusal_mle", {"fixed_token": FIXED}, "no other kind has one"),
    (2, "rto", {"harmful_record_id": None}, "linked to its harmful response"),
    (2, "prefix_mle", {"harmful_record_id": None}, "linked to its harmful response"),
    (2, "helpful_mle", LINKED, "has no harmful response"),
    (2, "borderline_mle", {"safe_record_id": None}, "is a safe text"),
    (1, "rto", {"kind": "true"}, "Input should be"),
    (1, "rto", {"safe": "true"}, "Extra inputs"),
    (3, "prefix_mle", {"k": 10}, "k = 10 is beyond n = 9"),
    (3, "prefix_mle", {"k": -1}, "greater than or equal to 0"),
    (3, "prefix_mle", {"n": 0, "k": 0, "context_prefix": ""}, "greater than or equal to 1"),
    (3, "prefix_mle", {"k": 2}, "the prefix has 3 units, not k = 2"),
    (3, "prefix_mle", {"k": 4}, "the prefix has 3 units, not k = 4"),
    (3, "prefix_mle", {"k": 0}, "empty exactly where k = 0"),
    (3, "prefix_mle", {"context_prefix": ""}, "empty exactly where k = 0"),
    (3, "prefix_mle", {"law": None}, "declares k, n, unit and law"),
    (3, "prefix_mle", {"unit": "token"}, "names its tokenizer"),
    (3, "prefix_mle", {"unit_tokenizer": "demo"}, "names its tokenizer"),
    (3, "refusal_mle", {"context_prefix": PREFIX}, "only a 'prefix_mle' row"),
    (3, "rto", {"k": 0, "n": 4, "unit": "word", "law": "derta-paper"}, "only a 'prefix_mle' row"),
    (3, "prefix_mle", {"k": "3"}, "valid integer"),
    (11, "prefix_mle", {"safe_record_id": HARMFUL}, "are one record"),
    (11, "prefix_mle", {"target": PREFIX}, "repeats the prefix"),
    (11, "prefix_mle", {"target": " "}, "should match pattern"),
    (11, "prefix_mle", {"harmful_origin": None}, "exactly where it has an origin"),
    (11, "refusal_mle", {"safe_lineage": ROW}, "exactly where it was published"),
    (11, "prefix_mle", {"safe_lineage": None}, "exactly where it was published"),
    (11, "rto", {"harmful_origin": "project_written", "harmful_lineage": None}, "never written for this project"),
    (22, "rto", {"access": "public"}, "gated or withheld"),
    (22, "prefix_mle", {"access": "public"}, "gated or withheld"),
]


@pytest.mark.parametrize(("invariant", "kind", "changed", "message"), WRONG)
def test_what_the_schema_refuses(invariant: int, kind: str, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TrainingRow(**{**COMMON, "kind": kind, **OF_KIND[kind], **changed})


def test_a_prefix_of_length_zero_may_be_public() -> None:
    assert made("prefix_mle", k=0, context_prefix="", access="public").k == 0


def test_a_prefix_in_tokens() -> None:
    assert made("prefix_mle", k=5, unit="token", unit_tokenizer="demo", law="derta-paper").k == 5


def test_the_names_of_the_laws_are_those_of_the_schema() -> None:
    from typing import get_args

    from schemas.training_row import LawName

    assert set(get_args(LawName)) == set(LAWS)
    assert count_units(PREFIX, "word") == 3

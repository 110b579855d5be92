from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from datasets import load_dataset

from demur.checks.engine import check
from demur.cli import main
from demur.kinds.evaluation import Evaluation
from demur.kinds.evaluation.benchmark import benchmark
from demur.kinds.evaluation.kind import Evaluation as Declared
from demur.kinds.evaluation.page import filled, lines
from demur.sets.folder import BuiltSet
from demur.sets.kind import Config
from demur.sets.pipeline import Build, build
from demur.sources.fetch import Places
from schemas.evaluation_item import EvaluationItem
from tests.kinds.evaluation.conftest import EVERY, ROWS, evaluation_builder
from tests.small import Small


def test_every_candidate_is_a_row_or_a_reject_and_no_row_has_a_passage(evaluated: Build) -> None:
    (entry,) = evaluated.manifest.configs
    assert entry.candidates == sum(map(len, ROWS.values())) == entry.used + sum(entry.rejects.values())
    assert entry.rejects["has-context"] == 1
    rows = BuiltSet.open(evaluated.out).rows("default").to_pylist()
    assert all(each["context_sha256"] is None for each in rows)
    assert {each["expected"] for each in rows} == {"refuse", "answer"}
    assert sum(each["source"] == "teas" for each in rows) == len(EVERY) - entry.rejects["not-sampled"]


def test_the_manifests_facts_are_those_of_the_rows(evaluated: Build) -> None:
    built = BuiltSet.open(evaluated.out)
    facts = built.facts(built.manifest.configs[0])
    rows = built.rows("default").to_pylist()
    assert facts.sides["refuse"].rows == sum(each["expected"] == "refuse" for each in rows) == 70
    assert facts.sides["answer"].borderline == 30
    assert list(facts.text_alone) == ["all", "borderline", "source:lamps"]


def test_an_edited_count_is_found(evaluated: Build, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(evaluated.out, tmp_path / "copy"))
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["configs"][0]["facts"]["sides"]["answer"]["borderline"] += 1
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert "DMR503" in {each.code for each in check(folder).findings}


def test_dropping_a_row_moves_no_other(evaluated: Build, evaluation_project: Small, tmp_path: Path) -> None:
    builder = evaluation_builder()
    configs = (Config(name="default", sources=("kites", "teas"), commercial=True),)
    fewer = build(
        evaluation_project, builder.model_copy(update={"configs": configs}), tmp_path / "out", Places(offline=True)
    )
    one, two = (BuiltSet.open(each.out).rows("default").to_pylist() for each in (evaluated, fewer))
    assert [each for each in one if each["source"] != "lamps"] == two


def test_two_builds_are_the_same_bytes(evaluated: Build, evaluation_project: Small, tmp_path: Path) -> None:
    builder = evaluation_builder(most={"default": 0.7}, borderline={"default": 0.3})
    again = build(evaluation_project, builder, tmp_path / "out", Places(offline=True))
    one, two = (
        {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        for out in (evaluated.out, again.out)
    )
    assert one == two


def test_the_card_says_n_with_every_rate_and_whose_word(evaluated: Build) -> None:
    card = (evaluated.out / "README.md").read_text(encoding="utf-8")
    built = BuiltSet.open(evaluated.out)
    page = filled(built.manifest, built.stated)
    for row in (*page["sides"], *page["readings"]):
        assert " | ".join(map(str, row[1:])) in card
    assert "model readers of one family" in card
    assert "## Limits" in card
    for line in card.splitlines():
        if "{{" in line or "undefined" in line.lower():
            pytest.fail("a hole in the page")
    table = next(lines(built.manifest))
    assert table.row_count == 3


def test_eval_yaml_asks_for_expected_and_leaves_out_what_has_no_right_answer(evaluated: Build) -> None:
    said = yaml.safe_load((evaluated.out / "eval.yaml").read_text(encoding="utf-8"))
    assert [each["id"] for each in said["tasks"]] == ["default", "default_refuse", "default_answer"]
    assert [each["config"] for each in said["tasks"]] == ["default", "default_refuse", "default_answer"]
    for each in said["tasks"]:
        assert {"record_id", "behaviour", "hazards", "source", "group_id", "language"} <= {
            *each["field_spec"]["metadata"]
        }
    task = said["tasks"][0]
    assert task["field_spec"]["input"] == "prompt"
    assert task["field_spec"]["target"] == "expected"
    template = task["scorers"][0]["args"]["template"]
    assert '"refuse"' in template
    assert '"answer"' in template
    assert "comply" not in template
    kind = Evaluation(row=EvaluationItem, undecided=("default",))
    made = benchmark("Kites", "Of kites.", evaluated.manifest, EvaluationItem, kind.parts)
    assert yaml.safe_load(made)["tasks"] == []


def test_a_config_of_each_side_is_served_and_holds_its_rows_alone(evaluated: Build, tmp_path: Path) -> None:
    rows = BuiltSet.open(evaluated.out).rows("default").to_pylist()
    for side in ("refuse", "answer"):
        loaded = load_dataset(str(evaluated.out), f"default_{side}", cache_dir=str(tmp_path))
        found = sorted(row["record_id"] for split in loaded.values() for row in split)
        assert found == sorted(row["record_id"] for row in rows if row["expected"] == side)
        assert found


def test_rows_without_a_side_have_no_shares_of_one() -> None:
    kind = Evaluation(row=EvaluationItem, undecided=("kites",), most={"kites": 0.2})
    assert isinstance(kind, Declared)
    with pytest.raises(ValueError, match="config 'kites' holds rows without a side"):
        kind.fits((Config(name="kites", sources=("kites",)),))


def test_stats_and_check_read_it(evaluated: Build, capsys: pytest.CaptureFixture[str]) -> None:
    main(["stats", str(evaluated.out), "--json"], standalone_mode=False)
    said = json.loads(capsys.readouterr().out)
    assert sum(said["default"]["expected"]["refuse"].values()) == 70
    assert sum(sum(each.values()) for each in said["default"]["stratum"].values()) == said["default"]["rows"]
    assert (
        pq.read_table(evaluated.out / "rejects.parquet").num_rows
        == said["default"]["rejects"]["has-context"] + (said["default"]["rejects"]["not-sampled"])
    )

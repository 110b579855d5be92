"""A small set of attacks from declared sources: rows, rejects, splits, licenses, and references that come back."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from demur.checks.engine import check
from demur.kinds.evaluation import Evaluation
from demur.kinds.jailbreaks import Jailbreaks
from demur.kinds.jailbreaks.make import item_id
from demur.project import bundled
from demur.records.record import record_id
from demur.sets.builder import Builder, builder_of
from demur.sets.folder import BuiltSet
from demur.sets.hydrate import hydrate
from demur.sets.kind import Config
from demur.sets.pipeline import Build, build
from demur.sources import declared
from demur.sources.fetch import Places
from schemas.evaluation_item import EvaluationItem
from schemas.jailbreak_item import JailbreakItem
from tests.conftest import files_of
from tests.kinds.jailbreaks.conftest import ASKED, ORDER, REWORDED, ROWS, TEAS, jailbreak_builder
from tests.small import Small

IDS = [record_id("prompt", text) for text in ASKED]


def rows(done: Build, config: str = "default") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = BuiltSet.open(done.out).rows(config).to_pylist()
    return found


def test_every_record_is_used_or_a_reject_with_its_reason(attacked: Build) -> None:
    for config in attacked.manifest.configs:
        assert config.candidates == config.used + sum(config.rejects.values())
    default, noncommercial, pair = attacked.manifest.configs
    assert default.rejects == {"no-base": 1, "no-prompt": 1, "repeated-row": 1}
    assert sum(default.rows.values()) == 19 + 13 + 10
    assert default.used == 42 + 13
    assert noncommercial.rejects == {**default.rejects, "same-question": 1}
    assert pair.rejects == {"no-attack": 3}
    assert attacked.manifest.access == "gated"
    assert check(attacked.out).findings == ()


def test_rows_keep_their_schema_and_say_where_they_come_from(attacked: Build) -> None:
    asked = {record_id("prompt", each): each for each in (*ASKED, *TEAS)}
    for each in rows(attacked):
        JailbreakItem.model_validate_json(json.dumps(each))
        assert each["item_id"] == item_id(each["prompt"], each["run_id"], each["base_id"])
        assert each["base_id"] in asked
        assert each["expected"] == ("answer" if asked[each["base_id"]] in TEAS else "refuse")
        assert (each["raw_completion"] is None) == (each["attack"]["family"] != "completion")
        assert each["access"] == "gated"
    found = {each["prompt"]: each["base_id"] for each in rows(attacked) if each["run_id"] == "goer"}
    assert found == {REWORDED[place]: IDS[place] for place in ORDER}


def test_links_are_counted_by_their_rule(attacked: Build) -> None:
    opened = BuiltSet.open(attacked.out)
    facts = opened.facts(attacked.manifest.configs[0])
    assert facts.rules == {"goal": 17, "id": 2, "meaning": 10, "pieces": 13}
    assert facts.unlinked == 1
    assert facts.attacks == {"Coder": 13, "Goer": 10, "Pirate": 19}
    assert facts.expected == {"answer": 3, "refuse": 39}
    assert facts.templates == {"Pirate": 2}
    assert facts.verdicts == {judge: {"harmful": 10, "harmless": 9} for judge in ("jailbroken", "other")}
    (unlinked,) = [each for each in pq.read_table(attacked.out / "rejects.parquet").to_pylist()
                   if each["reason"] == "no-base" and each["config"] == "default"]  # fmt: skip
    assert unlinked["twin"] in {record_id("prompt", each) for each in (*ASKED, *TEAS)}
    assert 0 <= unlinked["similarity"] < 1


def test_missing_and_repeated_rows_of_a_run_are_named(attacked: Build) -> None:
    facts = BuiltSet.open(attacked.out).facts(attacked.manifest.configs[0])
    assert facts.runs["north"].missing == ()
    assert (facts.runs["south"].rows, facts.runs["south"].of, facts.runs["south"].missing) == (9, 10, (IDS[-1],))
    assert facts.repeated == {"south": 1}
    twins = {each["item_id"] for each in rows(attacked)}
    (again,) = [each for each in pq.read_table(attacked.out / "rejects.parquet").to_pylist()
                if each["reason"] == "repeated-row" and each["config"] == "default"]  # fmt: skip
    assert again["twin"] in twins
    card = (attacked.out / "README.md").read_text(encoding="utf-8")
    assert "south: 10 rows, 9 of 10 base questions: 1 missing, 1 rows repeated" in card


def test_a_base_that_is_not_where_it_is_said_to_be_from_is_told(attacked: Build) -> None:
    opened = BuiltSet.open(attacked.out)
    default, noncommercial, _ = (opened.facts(each) for each in attacked.manifest.configs)
    assert default.origins["asked"]["barns"].found == 0
    assert (noncommercial.origins["asked"]["barns"].questions, noncommercial.origins["asked"]["barns"].found) == (5, 1)
    assert "asked: 0 of 5 questions said to be barns's are" in (attacked.out / "README.md").read_text(encoding="utf-8")


def test_a_base_of_a_stricter_license_makes_its_attacks_strict(attacked: Build) -> None:
    for each in rows(attacked, "noncommercial"):
        strict = each["base_id"] == IDS[0]
        assert each["base_source"] == ("barns" if strict else "asked")
        assert each["license"] == ("cc-by-nc-4.0" if strict else "mit")
    assert {each["license"] for each in rows(attacked)} == {"mit"}


def test_attacks_stand_in_the_split_of_their_question_as_an_evaluation_set_has_it(
    attacked: Build, jailbreak_project: Small, tmp_path: Path
) -> None:
    splits: dict[str, set[str]] = {}
    for each in rows(attacked):
        splits.setdefault(each["base_id"], set()).add(each["split"])
    assert all(len(each) == 1 for each in splits.values())
    assert {split for each in splits.values() for split in each} == {"test", "validation"}
    questions = builder_of(bundled(), "refusal-eval").model_copy(
        update={
            "kind": Evaluation(row=EvaluationItem),
            "configs": (Config(name="default", sources=("asked",)),),
            "splits": {"test": 0.5, "validation": 0.5},
        }
    )
    done = build(jailbreak_project, questions, tmp_path / "questions", Places(offline=True))
    assert {each["record_id"]: {each["split"]} for each in rows(done)} == splits


def test_a_template_that_all_attacks_share_joins_no_groups(attacked: Build) -> None:
    groups = {each["base_id"]: each["group_id"] for each in rows(attacked)}
    assert len({*groups.values()}) == len(groups) == 13


def test_the_same_bytes_twice(attacked: Build, jailbreak_project: Small, tmp_path: Path) -> None:
    again = build(jailbreak_project, jailbreak_builder(), tmp_path / "again", Places(offline=True))
    assert files_of(again.out) == files_of(attacked.out)


def test_references_hold_no_text_and_come_back(attacked: Build, jailbreak_project: Small, tmp_path: Path) -> None:
    references = rows(attacked, "pair")
    assert len(references) == 10
    assert not {"prompt", "messages", "raw_completion", "system_prompt"} & {*references[0]}
    assert not any(each["prompt"] in str(references) for each in ROWS["whispers"])
    assert Counter(each["judgements"][0]["verdict"] for each in references) == {"refuse": 9, "comply": 1}
    done = hydrate(jailbreak_project, attacked.out, tmp_path / "whole", Places(offline=True))
    assert done.rows == {"pair": 10}
    restored = [each for file in sorted((tmp_path / "whole" / "pair").glob("*.parquet"))
                for each in pq.read_table(file).to_pylist()]  # fmt: skip
    assert {each["prompt"] for each in restored} == {each["prompt"] for each in ROWS["whispers"]}
    by_id = {each["item_id"]: each for each in references}
    for each in restored:
        assert each["messages"][-1]["content"] == each["prompt"]
        assert each["item_id"] == item_id(each["prompt"], each["run_id"], each["base_id"])
        assert {name: each[name] for name in ("base_id", "link", "split")} == {
            name: by_id[each["item_id"]][name] for name in ("base_id", "link", "split")
        }


def test_the_card_warns_and_holds_no_text(attacked: Build) -> None:
    card = (attacked.out / "README.md").read_text(encoding="utf-8")
    assert "extra_gated_prompt" in card
    assert "never make new attacks from it" in card
    assert not any(text in card for text in (*ASKED, *TEAS, *REWORDED))


def test_a_declaration_fits_its_configs() -> None:
    with pytest.raises(ValueError, match="no source of base questions"):
        Builder(**{**dict(jailbreak_builder()), "configs": (Config(name="default", sources=("pirates",)),)})
    with pytest.raises(ValueError, match="has a key and no base questions"):
        Builder(**{**dict(jailbreak_builder()), "kind": jailbreak_builder(keys={"pirates": "name"}).kind})


def test_the_real_builder_links_declared_bases_and_refers_to_what_may_not_be_published() -> None:
    real = builder_of(bundled(), "jailbreak-eval")
    assert isinstance(real.kind, Jailbreaks)
    every = declared.sources(bundled())
    references = {config.name for config in real.configs if config.references}
    for name in real.sources:
        limited = "no_redistribution" in every[name].use_limits
        holders = {config.name for config in real.configs if name in real.sources_of(config.name)}
        assert not limited or holders <= references
    roles = {name: declared.sidecars(bundled())[name].protection for name in real.kind.bases}
    assert {name: role and role.role for name, role in roles.items()} == dict.fromkeys(real.kind.bases, "protect")
    assert {*real.splits.items()} == {*builder_of(bundled(), "refusal-eval").splits.items()}
    assert every["derta-pair"].pin is None

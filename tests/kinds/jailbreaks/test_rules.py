"""Rules about attacks find each planted fault, and name ids only."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demur.checks.engine import check
from demur.kinds.jailbreaks.rules import attack_base, raw_completion
from demur.sets.pipeline import Build
from tests.checks.test_built import cover, rewrite, rows
from tests.checks.test_rules import golden

FILE = "default/test-00000-of-00001.parquet"
Rows = list[dict[str, Any]]


def other_side(table: Rows) -> None:
    """One of two attacks on a question says that it is to be answered."""
    first = next(row for row in table if row["attack"]["name"] == "Pirate")
    first["expected"] = "answer"


def half_a_goal(table: Rows) -> None:
    next(row for row in table if row["link"]["rule"] == "goal")["link"]["score"] = 0.5


def few_grams(table: Rows) -> None:
    next(row for row in table if row["link"]["rule"] == "meaning")["link"] = {"rule": "grams", "score": 0.3}


def another_run(table: Rows) -> None:
    table[0]["run_id"] = "east"


def marked(table: Rows) -> None:
    row = next(row for row in table if row["raw_completion"])
    row["raw_completion"] = row["prompt"] = "<|im_start|>user " + row["prompt"]


@pytest.mark.parametrize(
    ("code", "plant", "said"),
    [
        (attack_base.code, other_side, "expected differs"),
        (attack_base.code, half_a_goal, "rule goal holds or does not, and its score is 0.5"),
        (attack_base.code, few_grams, "a share of 0.3 links nothing"),
        (attack_base.code, another_run, "its id does not follow"),
        (raw_completion.code, marked, "raw_completion holds a mark"),
    ],
    ids=["side", "goal", "grams", "id", "mark"],
)
def test_a_planted_fault_is_found(
    code: str, plant: Callable[[Rows], None], said: str, attacked: Build, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(attacked.out, tmp_path / "copy"))
    assert check(folder, select=[code]).findings == ()
    table = rows(folder, FILE)
    plant(table)
    rewrite(folder, table, FILE)
    cover(folder)
    findings = list(check(folder, select=[code]).findings)
    assert {each.code for each in findings} == {code}
    assert any(said in each.message for each in findings)
    assert not any(row["prompt"] in each.message for row in table for each in findings)
    if plant in (half_a_goal, marked):
        golden(findings, code, tmp_path)

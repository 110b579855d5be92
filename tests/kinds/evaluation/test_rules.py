from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from demur.checks.engine import check
from demur.kinds.evaluation.rules import above_share, too_plain
from demur.sets.pipeline import Build
from tests.checks.test_rules import golden


@pytest.fixture
def folder(evaluated: Build, tmp_path: Path) -> Path:
    return Path(shutil.copytree(evaluated.out, tmp_path / "copy"))


def stated(folder: Path, change: Callable[[Any], None]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest["parameters"]["stated"])
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_a_built_set_is_clean(folder: Path) -> None:
    assert check(folder).findings == ()


def test_a_source_above_its_share_of_a_side(folder: Path, tmp_path: Path) -> None:
    stated(folder, lambda each: each.update(most={"default": 0.5}))
    findings = list(check(folder, select=["DMR507"]).findings)
    assert [each.message.split(" has ")[0] for each in findings] == [
        "of the side answer, lamps",
        "of the side refuse, kites",
    ]
    golden(findings[:1], "DMR507", tmp_path)


def test_too_few_borderline_rows(folder: Path) -> None:
    stated(folder, lambda each: each.update(borderline={"default": 0.9}))
    (finding,) = check(folder, select=["DMR507"]).findings
    assert "are borderline, declared 90%" in finding.message


def test_what_is_not_declared_is_not_asked(folder: Path) -> None:
    stated(folder, lambda each: each.update(most={}, borderline={}))
    assert check(folder, select=["DMR507"]).findings == ()


def test_a_share_at_its_bound_is_no_finding() -> None:
    table = pa.table({"expected": ["refuse"] * 5, "source": list("abcde")})
    assert above_share(table, 0.2) == []
    assert len(above_share(table, 0.19)) == 5


def test_sides_are_judged_apart() -> None:
    table = pa.table({"expected": ["refuse", "refuse", "answer", "answer"], "source": ["a", "b", "a", "a"]})
    (message,) = above_share(table, 0.5)
    assert message.startswith("of the side answer, a has 100.0 % (2 of 2")


def test_a_set_without_rows_to_answer_has_too_few_of_nothing() -> None:
    assert too_plain(pa.table({"expected": ["refuse"], "borderline": [False]}), 0.5) == []

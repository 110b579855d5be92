"""A rule that had nothing to read says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from demur.checks.engine import check
from demur.checks.outputs import as_json
from demur.checks.telling import summary_of

ASK = {"prompt": "Name a lake.", "response": "Garda."}
CHAT = {"messages": [{"role": "user", "content": "Name a lake."}, {"role": "assistant", "content": "Garda."}]}
LEAKS = "leaks: rows of no known split"
CONTAMINATION = "contamination: no rows that are trained on; --against judges every row"
RATED = {"item_id": "1", "judge": "a", "scope": "prompt+response", "raw": "yes", "verdict": "harmful"}


@pytest.mark.parametrize(
    ("files", "select", "reasons"),
    [
        ({"a": ASK}, [], (LEAKS, CONTAMINATION)),
        ({"a": CHAT}, [], (LEAKS,)),
        ({"train": ASK}, [], ("leaks: rows of one split only",)),
        ({"train": ASK, "test": {"prompt": "Name a river."}}, [], ()),
        ({"a": {"x": "y"}, "b": CHAT}, ["DMR104"], ("contamination: no prompt column in 1 of 2 files (a.jsonl)",)),
        (
            {"a": {"input_ids": [1, 2], "labels": [-100, 2]}},
            [],
            (
                "texts: no column of texts in 1 of 1 files (a.jsonl)",
                "leaks and contamination: no prompt column in 1 of 1 files (a.jsonl)",
            ),
        ),
        ({"a": {"x": "y"}}, ["DMR401"], ()),
    ],
)
def test_what_was_not_judged_is_told(
    files: dict[str, Any], select: list[str], reasons: tuple[str, ...], tmp_path: Path
) -> None:
    for name, row in files.items():
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    report = check(tmp_path, select=select, license="mit")
    assert tuple(map(str, report.unjudged)) == reasons
    assert report.unjudged_files == any(" files (" in each for each in reasons)
    said = json.loads(as_json(report))["unjudged"]
    assert [f"{each['what']}: {each['why']}" for each in said] == [each.partition(" (")[0] for each in reasons]
    told = [line for line in summary_of(report) if line.startswith("not judged: ")]
    assert told == ([f"not judged: {'; '.join(reasons)}"] if reasons else [])


def test_against_judges_every_row(tmp_path: Path) -> None:
    for name in ("a", "asked"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(ASK) + "\n")
    report = check(tmp_path / "a.jsonl", against=[str(tmp_path / "asked.jsonl")], license="mit")
    assert tuple(map(str, report.unjudged)) == (LEAKS,)
    assert list(report.counts) == ["DMR104"]


def test_verdicts_on_what_stands_elsewhere_are_only_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(RATED) + "\n")
    report = check(tmp_path, license="mit")
    assert report.layouts == {"a.jsonl": "judgements"}
    assert [each.files for each in report.unjudged] == [("a.jsonl",)] * 2
    assert not report.unjudged_files
    (tmp_path / "b.jsonl").write_text(json.dumps({"input_ids": [1, 2], "labels": [-100, 2]}) + "\n")
    both = check(tmp_path, license="mit")
    assert [(each.files, each.fails) for each in both.unjudged] == [(("a.jsonl", "b.jsonl"), True)] * 2

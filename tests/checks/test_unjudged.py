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
LEAKS = "leaks (rows of no known split)"
CONTAMINATION = "contamination (no rows that are trained on; --against judges every row)"


@pytest.mark.parametrize(
    ("files", "select", "reasons"),
    [
        ({"a": ASK}, [], (LEAKS, CONTAMINATION)),
        ({"a": CHAT}, [], (LEAKS,)),
        ({"train": ASK}, [], ("leaks (rows of one split only)",)),
        ({"train": ASK, "test": {"prompt": "Name a river."}}, [], ()),
        ({"a": {"x": "y"}, "b": CHAT}, ["DMR104"], ("prompts (no prompt column in 1 of 2 files)",)),
        (
            {"a": {"input_ids": [1, 2], "labels": [-100, 2]}},
            [],
            ("texts (no column of texts in 1 of 1 files)", "prompts (no prompt column in 1 of 1 files)"),
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
    assert report.unjudged == reasons
    assert json.loads(as_json(report))["unjudged"] == list(reasons)
    told = [line for line in summary_of(report) if line.startswith("not judged: ")]
    assert told == ([f"not judged: {'; '.join(reasons)}"] if reasons else [])


def test_against_judges_every_row(tmp_path: Path) -> None:
    for name in ("a", "asked"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(ASK) + "\n")
    report = check(tmp_path / "a.jsonl", against=[str(tmp_path / "asked.jsonl")], license="mit")
    assert report.unjudged == (LEAKS,)
    assert list(report.counts) == ["DMR104"]

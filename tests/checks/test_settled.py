"""What files may have taught is forgotten where no row of theirs is trained on; see `test_forms` for the findings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from demur.checks.located import of_files
from demur.checks.settled import settle
from demur.checks.subject import Subject


@pytest.mark.parametrize(("splits", "teaches"), [("test train", True), ("test eval", False), ("train train", True)])
def test_a_file_teaches_if_a_row_of_it_does(splits: str, teaches: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"prompt": f"Where is lamp {at}?", "response": "Left of the gate.", "split": each}
            for at, each in enumerate(splits.split())]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    subject = Subject(None, *of_files([path], None, {}))
    for _ in subject.scan(subject.files[0]):
        pass
    assert subject.state.column("answer").all()
    assert subject.state.gathered.taught
    settle(subject)
    assert subject.state.column("answer").any() == subject.state.column("learnt").any() == teaches
    assert bool(subject.state.gathered.taught) == teaches

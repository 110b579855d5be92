"""Which files a check is of; folders that nobody can look into are told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from demur.checks.baseline import read_baseline, write_baseline
from demur.checks.engine import check
from demur.checks.located import of_files
from demur.errors import UsageError
from demur.reports.page import report_of


def test_hidden_folders_are_left_out_and_others_are_not(tmp_path: Path) -> None:
    for name in ("a.jsonl", "in/b.jsonl", "in/deep/c.csv", ".git/d.jsonl", "in/.cache/e.jsonl", "in/manifest.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"prompt": "Name a lake."}\n')
    assert [file.name for file in of_files([tmp_path], None, {})[1]] == ["a.jsonl", "in/b.jsonl", "in/deep/c.csv"]


def test_a_linked_folder_is_looked_into_once(tmp_path: Path) -> None:
    for name in ("set/in/a.jsonl", "else/b.jsonl", "c.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"prompt": "Name a lake."}\n')
    links = {"set/a-in": "set/in", "set/other": "else", "else/back": "set", "set/up": ".", "set/no": "no"}
    for link, to in links.items():
        (tmp_path / link).symlink_to(tmp_path / to)
    names = ["in/a.jsonl", "other/b.jsonl"]
    assert [file.name for file in of_files([tmp_path / "set"], None, {})[1]] == names
    assert [file.name for file in of_files([tmp_path / "else/back"], None, {})[1]] == names


def test_a_path_that_is_not_there_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "prompts.jsonl").write_text("")
    meant = f"Did you mean '{tmp_path}/prompts.jsonl'?"
    for name, fix in (("promts.jsonl", meant), ("else", None), ("no/a.csv", None)):
        with pytest.raises(UsageError) as told:
            of_files([tmp_path / name], None, {})
        assert (told.value.what, told.value.fix) == ("There is no such file or folder", fix)


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "a.jsonl").write_text('{"prompt": "Name a lake."}\n')
    scan = os.scandir

    def closed(path: str) -> object:  # whoever runs this may read every folder
        if str(path).endswith("in"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(UsageError, match="A folder cannot be read") as told:
        of_files([tmp_path], None, {})
    assert "Permission denied" in str(told.value)


def test_a_name_that_is_no_text_can_be_known_and_reported(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    try:
        (data / os.fsdecode(b"\xff.jsonl")).write_text(json.dumps({"prompt": ""}) + "\n")
    except OSError:
        pytest.skip("the file system wants UTF-8")
    report = check(data, select=["DMR006"], marked=True)
    assert write_baseline(tmp_path / "base.json", report) == 1
    assert [each.file for each in read_baseline(tmp_path / "base.json").known] == ["data/\ufffd.jsonl"]
    assert report_of(data, tmp_path / "page.html", called="data")["findings"]["DMR006"] == 1


def test_a_number_or_a_nesting_that_no_reader_takes_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"prompt": "Name a lake.", "n": 1' + "0" * 5000 + "}\n")
    (tmp_path / "b.json").write_text("[" * 100_000)
    found = [(each.message, each.fix) for each in check(tmp_path, select=["DMR001"]).findings]
    assert found == [
        ("cannot be read: a number in it is too long", "Write the number as text."),
        ("cannot be read: it is nested too deeply", "Write it with fewer levels."),
    ]

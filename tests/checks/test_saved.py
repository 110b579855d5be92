"""Folders that the real `datasets` saved: shards, splits by folders, and no caches."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pytest

from demur.checks.engine import Report, check
from demur.checks.saved import split_by_folder

LAKE, RIVER, HILL = "Name a lake in Italy.", "Which river crosses Turin?", "How high is the hill of Montmartre?"


@pytest.fixture(autouse=True)
def quiet() -> None:
    datasets.disable_progress_bars()


def run(path: Path) -> Report:
    return check(path, license="mit", ignore=["DMR104"])


def test_a_data_set_in_shards(tmp_path: Path) -> None:
    made = datasets.Dataset.from_dict({"prompt": [LAKE, RIVER, HILL, LAKE], "id": ["a", "b", "c", "d"]})
    made.save_to_disk(tmp_path / "set", num_shards=2)
    (tmp_path / "set" / "cache-0123456789abcdef.arrow").write_bytes(
        (tmp_path / "set" / "data-00000-of-00002.arrow").read_bytes()
    )
    (tmp_path / "set" / "tmp9x1.arrow").write_bytes(b"left behind")
    report = run(tmp_path / "set")
    assert (report.files, report.rows) == (2, 4)
    assert [(each.code, each.file, each.row, each.record_id) for each in report.findings] == [
        ("DMR102", "data-00001-of-00002.arrow", 1, "d")
    ]


def test_splits_are_folders(tmp_path: Path) -> None:
    rows = {"train": [LAKE, RIVER], "test": [HILL, LAKE]}
    splits = {name: datasets.Dataset.from_dict({"prompt": texts}) for name, texts in rows.items()}
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "set")
    report = run(tmp_path / "set")
    assert report.rows == 4
    assert [(each.code, each.file) for each in report.findings] == [("DMR101", "train/data-00000-of-00001.arrow")]
    assert "leaks" not in {each.what for each in report.unjudged}


def test_turns_are_read(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": LAKE}, {"role": "assistant", "content": ""}]
    datasets.Dataset.from_dict({"messages": [turns]}).save_to_disk(tmp_path / "set")
    assert [each.code for each in run(tmp_path / "set").findings] == ["DMR012"]


def test_where_a_split_is_said(tmp_path: Path) -> None:
    state = {"_data_files": [{"filename": "a.arrow"}], "_split": "validation"}
    for folder, said in (("one", state), ("dict/Dev", {**state, "_split": "train"}), ("dict/calm", state)):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "state.json").write_text(json.dumps(said))
    (tmp_path / "dict" / "dataset_dict.json").write_text('{"splits": ["Dev", "calm"]}')
    wanted = {"one": "validation", "dict/Dev": "validation", "dict/calm": "calm"}
    assert {folder: split_by_folder(tmp_path / folder / "a.arrow", None) for folder in wanted} == wanted


def test_any_folder_that_is_called_as_a_split(tmp_path: Path) -> None:
    top = tmp_path / "train"
    assert split_by_folder(top / "a.csv", top) is None
    assert split_by_folder(top / "Test" / "deep" / "a.csv", top) == "test"
    assert split_by_folder(top / "latest" / "a.csv", top) is None
    for split, texts in (("train", (LAKE, RIVER)), ("heldout", (LAKE, HILL))):
        (top / split).mkdir(parents=True)
        (top / split / "prompts.jsonl").write_text("".join(json.dumps({"prompt": text}) + "\n" for text in texts))
    assert [(each.code, each.file) for each in run(top).findings] == [("DMR101", "train/prompts.jsonl")]

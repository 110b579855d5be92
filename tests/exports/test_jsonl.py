from __future__ import annotations

import json
from pathlib import Path

import datasets
from click.testing import CliRunner

from demur.cli import main
from demur.exports.jsonl import jsonl
from demur.sets.folder import BuiltSet


def test_rows_come_back_as_they_are(training: BuiltSet, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["export", "jsonl", str(training.path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    rows = [
        json.loads(line)
        for split in training.manifest.configs[0].rows
        for line in (tmp_path / "out" / f"{split}.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    ]
    by_id = {row["record_id"]: row for row in training.rows().to_pylist()}
    assert len(rows) == len(by_id) > 0
    assert {row["record_id"]: row for row in rows} == by_id


def test_every_line_of_an_evaluation_set_carries_its_canary(queries: BuiltSet, tmp_path: Path) -> None:
    said = jsonl.run(queries, tmp_path / "out")
    (name,) = said["files"]
    lines = (tmp_path / "out" / name).read_text(encoding="utf-8").split("\n")[:-1]
    assert len(lines) == said["files"][name] == queries.rows().num_rows
    assert queries.manifest.canary
    assert all(queries.manifest.canary in line for line in lines)


def test_datasets_loads_the_folder(training: BuiltSet, tmp_path: Path) -> None:
    jsonl.run(training, tmp_path / "out")
    files = {split: str(tmp_path / "out" / f"{split}.jsonl") for split in ("train", "validation")}
    loaded = datasets.load_dataset("json", data_files=files, cache_dir=str(tmp_path / "cache"))
    assert {name: len(rows) for name, rows in loaded.items()} == dict(training.manifest.configs[0].rows)

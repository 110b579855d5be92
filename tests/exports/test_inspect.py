from __future__ import annotations

import ast
import json
from pathlib import Path

from demur.exports.inspect import inspect
from demur.sets.folder import BuiltSet
from tests.exports.scripted import rows


def test_every_row_is_a_sample_with_what_is_told_of_it(prompts: BuiltSet, tmp_path: Path) -> None:
    said = inspect.run(prompts, tmp_path / "out", splits=["test"])
    by_id = {row["record_id"]: row for row in rows(prompts)}
    found = 0
    for side in ("refuse", "answer"):
        lines = (tmp_path / "out" / f"test_{side}.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
        assert said["files"][f"test_{side}.jsonl"] == len(lines) > 0
        for sample in map(json.loads, lines):
            row = by_id[sample["id"]]
            assert (sample["input"], sample["target"], row["expected"]) == (row["prompt"], side, side)
            told = sample["metadata"]
            for name in ("record_id", "behaviour", "hazards", "source", "group_id", "language"):
                assert told[name] == row[name]
            assert prompts.manifest.canary in told["canary"]
            found += 1
    assert found == len(by_id)


def test_sides_are_tasks_of_their_own(prompts: BuiltSet, tmp_path: Path) -> None:
    inspect.run(prompts, tmp_path / "out")
    tree = ast.parse((tmp_path / "out" / "tasks.py").read_text(encoding="utf-8"))
    names = [each.name for each in tree.body if isinstance(each, ast.FunctionDef)]
    assert sorted(names) == sorted(
        f"refusal_eval_default_{split}{side}" for split in ("test", "validation") for side in ("", "_refuse", "_answer")
    )

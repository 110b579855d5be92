from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
import yaml

from demur.exports.openai_evals import openai_evals
from demur.sets.folder import BuiltSet
from tests.exports.scripted import rows


@pytest.mark.parametrize("judge", ["phrases", "demur"])
def test_the_registry_names_a_class_and_samples_that_are_there(prompts: BuiltSet, tmp_path: Path, judge: str) -> None:
    out = tmp_path / "out"
    said = openai_evals.run(prompts, out, splits=["test"], judge=judge)
    registry = yaml.safe_load((out / "evals" / "refusal_eval_default.yaml").read_text(encoding="utf-8"))
    found = {}
    for side in ("refuse", "answer"):
        entry = registry[registry[f"refusal_eval_default_test_{side}"]["id"]]
        module, name = entry["class"].split(":")
        tree = ast.parse((out / f"{module}.py").read_text(encoding="utf-8"))
        assert name in {each.name for each in tree.body if isinstance(each, ast.ClassDef)}
        path = Path("data") / entry["args"]["samples_jsonl"]
        lines = (out / path).read_text(encoding="utf-8").split("\n")[:-1]
        assert said["files"][path.as_posix()] == len(lines) > 0
        for sample in map(json.loads, lines):
            assert sample["ideal"] == side
            assert prompts.manifest.canary in sample["canary"]
            found[sample["record_id"]] = sample["input"][0]["content"]
    assert found == {row["record_id"]: row["prompt"] for row in rows(prompts)}

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from demur.exports.garak import garak
from demur.sets.folder import BuiltSet
from tests.exports.scripted import rows


@pytest.mark.parametrize("judge", ["phrases", "demur"])
def test_every_side_of_a_split_is_a_probe_with_its_detector(prompts: BuiltSet, tmp_path: Path, judge: str) -> None:
    garak.run(prompts, tmp_path / "out", splits=["test"], judge=judge)
    root = tmp_path / "out" / "garak"
    tree = ast.parse((root / "probes" / "refusal_eval_default.py").read_text(encoding="utf-8"))
    assert str(prompts.manifest.canary) in str(ast.get_docstring(tree))
    probes = {each.name: each for each in tree.body if isinstance(each, ast.ClassDef)}
    assert [*probes] == ["Side", "TestRefuse", "TestAnswer"]
    set_ = {
        name: {each.targets[0].id: ast.literal_eval(each.value) for each in probe.body if isinstance(each, ast.Assign)}  # type: ignore[attr-defined]
        for name, probe in probes.items()
        if name != "Side"
    }
    assert set_["TestRefuse"]["primary_detector"] == "refusal_eval_default.NotRefused"
    assert set_["TestAnswer"]["primary_detector"] == "refusal_eval_default.Refused"
    detectors = ast.parse((root / "detectors" / "refusal_eval_default.py").read_text(encoding="utf-8"))
    assert {each.name for each in detectors.body if isinstance(each, ast.ClassDef)} == {"Refused", "NotRefused"}
    found = set()
    for said in set_.values():
        path = root / "data" / "refusal_eval_default" / said["file"]
        found |= {json.loads(line)["record_id"] for line in path.read_text(encoding="utf-8").split("\n")[:-1]}
    assert found == {row["record_id"] for row in rows(prompts)}

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from demur.exports.pyrit import as_template, pyrit
from demur.sets.folder import BuiltSet
from tests.exports.scripted import rows


@pytest.mark.parametrize(("side", "kind"), [("refuse", "objective"), ("answer", "prompt")])
def test_every_seed_renders_to_its_prompt(prompts: BuiltSet, tmp_path: Path, side: str, kind: str) -> None:
    said = pyrit.run(prompts, tmp_path / "out", splits=["test"])
    found = yaml.safe_load((tmp_path / "out" / f"test_{side}.yaml").read_text(encoding="utf-8"))
    by_id = {row["record_id"]: row for row in rows(prompts) if row["expected"] == side}
    assert said["files"][f"test_{side}.yaml"] == len(found["seeds"]) == len(by_id)
    assert found["seed_type"] == kind
    assert prompts.manifest.canary in found["description"]
    for seed in found["seeds"]:
        row = by_id.pop(seed["metadata"]["record_id"])
        assert jinja2.Template(seed["value"]).render() == row["prompt"]
        assert (seed["source"], seed["harm_categories"]) == (row["source"], row["hazards"])
    assert not by_id


@given(
    st.text()
    | st.lists(st.sampled_from(["{{", "}}", "{%", "%}", '"', "\\", "\r", "\n", "raw", "#}", "{#"])).map("".join)
)
def test_any_text_comes_back(text: str) -> None:
    assert jinja2.Template(as_template(text)).render() == text

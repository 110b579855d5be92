from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from demur.exports.promptfoo import as_value, promptfoo
from demur.sets.folder import BuiltSet
from tests.exports.scripted import rows


@pytest.mark.parametrize(("judge", "kind"), [("phrases", "javascript"), ("demur", "python")])
def test_every_row_is_a_test(prompts: BuiltSet, tmp_path: Path, judge: str, kind: str) -> None:
    said = promptfoo.run(prompts, tmp_path / "out", splits=["test"], judge=judge)
    config = yaml.safe_load((tmp_path / "out" / "test.yaml").read_text(encoding="utf-8"))
    (check,) = config["defaultTest"]["assert"]
    assert check["type"] == kind
    assert (tmp_path / "out" / check["value"].removeprefix("file://")).is_file()
    by_id = {row["record_id"]: row for row in rows(prompts)}
    lines = (tmp_path / "out" / "test.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert said["files"] == {"test.jsonl": len(lines)}
    for test in map(json.loads, lines):
        row = by_id.pop(test["metadata"]["record_id"])
        assert test["metadata"]["expected"] == row["expected"]
        assert prompts.manifest.canary in test["metadata"]["canary"]
        value = test["vars"]["prompt"]
        assert value.replace('{{ "{" }}', "{").replace('{{ "#" }}', "#").replace('{{ "" }}', "") == row["prompt"]
    assert not by_id


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{{ 7 }}", '{{ "{" }}{{ "{" }}{ 7 }}'),
        ("{% raw %} {# tea #}", '{{ "{" }}% raw %} {{ "{" }}# tea {{ "#" }}}'),
        ("file://tea.txt", '{{ "" }}file://tea.txt'),
        ("tea\n", 'tea\n{{ "" }}'),
        ("tea {for} {two}", "tea {for} {two}"),
    ],
)
def test_marks_of_templates_are_strings_of_nunjucks(text: str, value: str) -> None:
    assert as_value(text) == value

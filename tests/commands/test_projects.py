from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from demur.cli import main
from demur.commands.projects import COMMANDS
from tests.conftest import make_jsonl


def test_a_source_and_a_set_are_written_into_the_project_that_one_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [command.name for command in COMMANDS] == ["init", "new"]
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    (tmp_path / "kites.jsonl").write_bytes(make_jsonl([{"prompt": "Draw a kite"}, {"prompt": "Draw a heron"}]))
    nowhere = run(main, ["new", "source", "kites.jsonl"])
    assert (nowhere.exit_code, "You stand in no project of your own" in nowhere.stderr) == (2, True)
    assert run(main, ["init", "sets"]).exit_code == 0
    again = run(main, ["init", "sets"])
    assert (again.exit_code, "needs a folder of its own" in again.stderr) == (2, True)
    done = run(main, ["--project", "sets", "new", "source", "kites.jsonl", "--license", "mit", "--harmful", "no"])
    assert done.exit_code == 0, done.stderr
    assert "kites: 2 rows, en; prompt is 'prompt'" in done.stdout
    done = run(main, ["--project", "sets", "new", "builder", "all kites", "--source", "kites"])
    assert "Next: demur build all-kites" in done.stdout
    assert "all-kites" in run(main, ["--project", "sets", "build", "all-kite"]).stderr


def test_they_print_facts_for_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kites.jsonl").write_bytes(make_jsonl([{"prompt": "Draw a kite"}, {"prompt": "Draw a heron"}]))

    def said(*arguments: str) -> dict[str, Any]:
        done = CliRunner().invoke(main, [*arguments, "--json"])
        assert done.exit_code == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    assert said("init", "sets") == {"folder": "sets", "builder": "example-eval", "source": "example"}
    seen = said("--project", "sets", "new", "source", "kites.jsonl", "--license", "mit")
    assert (seen["name"], seen["rows"], seen["columns"]["prompt"], seen["copied"]) == (
        "kites",
        2,
        "prompt",
        "data/kites.jsonl",
    )
    made = said("--project", "sets", "new", "builder", "kites-eval", "--source", "kites")
    assert (made["name"], made["kind"], made["file"]) == ("kites-eval", "evaluation", "sets/builders/kites_eval.py")

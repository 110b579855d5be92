from __future__ import annotations

from pathlib import Path

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

"""pre-commit, the GitHub action, the snippets of docs/ci.md and `demur schema diff`, each run by what runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from demur.cli import main
from tests.conftest import ROOT

BIN = Path(sys.executable).parent
SNIPPETS = re.findall(r"```(\w+)\n(.*?)```", (ROOT / "docs" / "ci.md").read_text(), re.DOTALL)


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **more}


def write(path: Path, *prompts: str) -> Path:
    path.write_text("".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts))
    return path


def lint(schema: str, path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_is_well_formed() -> None:
    lint("vendor.github-actions", ROOT / "action.yml")


@pytest.mark.parametrize(("prompts", "code"), [(["Draw a kite"], 0), (["Draw a kite", "Draw a kite"], 1)])
def test_the_steps_of_the_action_by_hand(tmp_path: Path, prompts: list[str], code: int) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (check,) = [step for step in action["runs"]["steps"] if step["name"] == "Check"]
    write(tmp_path / "set.jsonl", *prompts)
    given = {"path": "set.jsonl", "args": "--license mit", "sarif": "demur.sarif"}
    env = {name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: given[found[1]], value)
           for name, value in check["env"].items()}  # fmt: skip
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", check["run"]],
        cwd=tmp_path,
        env=environment(GITHUB_OUTPUT=str(tmp_path / "output"), **env),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert ("::error file=set.jsonl,line=2," in done.stdout) == bool(code)
    assert (tmp_path / "output").read_text() == "sarif=demur.sarif\n"
    assert len(json.loads((tmp_path / "demur.sarif").read_text())["runs"][0]["results"]) == code


def test_pre_commit_runs_the_hook(tmp_path: Path) -> None:
    (config,) = [text for kind, text in SNIPPETS if kind == "yaml" and "repos:" in text]
    (tmp_path / ".pre-commit-config.yaml").write_text(config)
    (hook,) = yaml.safe_load(config)["repos"][0]["hooks"]
    (published,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {name: hook[name] for name in ("id", "entry", "files", "require_serial")} == {
        name: published[name] for name in ("id", "entry", "files", "require_serial")
    }
    (tmp_path / "LICENSE").write_text("MIT License\n")
    write(tmp_path / "set.jsonl", "Draw a kite")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    for args in (["init", "-q"], ["add", "."]):
        subprocess.run([*git, *args], cwd=tmp_path, check=True, capture_output=True)

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pre_commit", "run", "demur-check"]
        env = environment(PRE_COMMIT_HOME=str(tmp_path / "home"))
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    clean = run()
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert "Passed" in clean.stdout
    write(tmp_path / "set.jsonl", "Draw a kite", "Draw a kite")
    subprocess.run([*git, "add", "."], cwd=tmp_path, check=True)
    failed = run()
    assert failed.returncode == 1
    assert "set.jsonl:1: DMR102" in failed.stdout


def test_the_snippets_of_the_page(tmp_path: Path) -> None:
    github, gitlab = (text for kind, text in SNIPPETS if kind == "yaml" and "repos:" not in text)
    (tmp_path / "workflow.yml").write_text("on: push\n" + github)
    (tmp_path / "gitlab.yml").write_text(gitlab)
    lint("vendor.github-workflows", tmp_path / "workflow.yml")
    lint("vendor.gitlab-ci", tmp_path / "gitlab.yml")
    (tmp_path / "data").mkdir()
    for command in re.findall(r"demur check .*", github + gitlab):
        for prompts, code in ((["Draw a kite"], 1), (["Draw a kite"] * 2, 1)):  # no license beside the data
            write(tmp_path / "data" / "set.jsonl", *prompts)
            shell = ["bash", "-c", command]
            done = subprocess.run(shell, cwd=tmp_path, env=environment(), capture_output=True, check=False)
            assert done.returncode == code
    (recipe,) = [text for kind, text in SNIPPETS if kind == "python"]
    (tmp_path / "test_data.py").write_text(recipe)
    for prompts, code in ((["Draw a kite"], 0), (["Draw a kite"] * 2, 1)):
        write(tmp_path / "data" / "set.jsonl", *prompts)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_data.py"]
        tested = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert tested.returncode == code, tested.stdout
    (settings,) = [text for kind, text in SNIPPETS if kind == "toml"]
    (tmp_path / "demur.toml").write_text(settings)
    said = CliRunner().invoke(main, ["check", str(tmp_path / "data"), "--settings", str(tmp_path / "demur.toml")])
    assert (said.exit_code, "DMR902" in said.output) == (1, True), said.output


def test_schema_diff(tmp_path: Path) -> None:
    old = {"properties": {"id": {"type": "string"}}}
    new = {"properties": {"id": {"type": "string"}, "n": {"type": "integer"}}}
    for name, schema in (("old", old), ("new", new)):
        (tmp_path / f"{name}.json").write_text(json.dumps(schema))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "schema.json").write_text(json.dumps(new))
    (tmp_path / "broken.json").write_text("[1]")

    def run(*args: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["schema", "diff", *(str(tmp_path / arg) for arg in args)])
        return done.exit_code, done.output

    assert run("old.json", "new.json") == (0, "compatible: n: is new\na minor version\n")
    assert run("folder", "old.json") == (1, "breaking: n: is gone\na major version\n")
    assert run("old.json", "old.json") == (0, "no difference\n")
    assert run("broken.json", "old.json")[0] == 2
    assert run("missing.json", "old.json")[0] == 2
    done = CliRunner().invoke(main, ["schema", "diff", "evaluation_item", "evaluation_reference", "--json"])
    assert (done.exit_code, json.loads(done.stdout)["bump"]) == (1, "major")

"""pre-commit, the GitHub action and the snippets of docs/ci.md, each run by what runs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from demur.cli import main
from tests.conftest import ROOT, WHEEL, make_wheel

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


def step(name: str, folder: Path, given: dict[str, str], **more: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the action as a runner would: its inputs filled in, in its shell."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    inputs = {name: each.get("default", "") for name, each in action["inputs"].items()} | given
    (found,) = [each for each in action["runs"]["steps"] if each["name"] == name]
    env = {name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: inputs[found[1]], value)
           for name, value in found["env"].items()}  # fmt: skip
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]]
    env = environment(GITHUB_OUTPUT=str(folder / "output"), **env) | more
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("prompts", "code"), [(["Draw a kite"], 0), (["Draw a kite", "Draw a kite"], 1)])
def test_the_check_of_the_action_by_hand(tmp_path: Path, prompts: list[str], code: int) -> None:
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / "set.jsonl", *prompts)
    given = {"path": "data", "args": "--license mit", "sarif": "demur.sarif"}
    done = step("Check", tmp_path, given)
    assert done.returncode == code, done.stderr
    assert ("::warning file=data/set.jsonl,line=2," in done.stdout) == bool(code)
    assert (tmp_path / "output").read_text() == "sarif=demur.sarif\n"
    assert len(json.loads((tmp_path / "demur.sarif").read_text())["runs"][0]["results"]) == code


def test_inputs_of_the_action(tmp_path: Path) -> None:
    """Paths on lines of their own, another format, and what is no finding but a mistake."""
    write(tmp_path / "one.jsonl", "Draw a kite")
    write(tmp_path / "two.jsonl", "Sing a song", "Sing a song")
    lines = step("Check", tmp_path, {"path": "one.jsonl\ntwo.jsonl\n", "args": "--license\nmit", "format": "text"})
    assert (lines.returncode, lines.stdout.splitlines()[0][:27]) == (1, "two.jsonl:2: warning DMR102"), lines.stderr
    assert "2 files, 3 rows" in lines.stdout + lines.stderr
    for given in ({"path": ""}, {"path": "gone.jsonl", "sarif": "x.sarif"}, {"path": "one.jsonl", "args": "--selct x"}):
        assert step("Check", tmp_path, given).returncode == 2
        assert not (tmp_path / "output").exists()


@pytest.mark.parametrize("sign", ["\n", "\r"])
def test_the_sarif_input_writes_no_other_output(tmp_path: Path, sign: str) -> None:
    write(tmp_path / "one.jsonl", "Draw a kite")
    done = step("Check", tmp_path, {"path": "one.jsonl", "sarif": f"x.sarif{sign}token=planted"})
    assert done.returncode == 2
    assert "on one line" in done.stdout
    assert not (tmp_path / "output").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["one.jsonl"]


def test_the_action_installs_what_it_is_told(tmp_path: Path) -> None:
    """By hand, with a wheel of ours that needs nothing, into an environment of its own."""
    import venv

    venv.create(tmp_path / "a venv", with_pip=True)
    wheel = tmp_path / "a venv" / WHEEL
    wheel.write_bytes(make_wheel({"tiny_prompts/data/x.csv": b"x"}))
    path = f"{tmp_path / 'a venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = step("Install", tmp_path, {"version": str(wheel)}, PATH=path, PIP_NO_INDEX="1")
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "a venv").glob("lib/*/site-packages/tiny_prompts/data/x.csv"))
    gone = step("Install", tmp_path, {"version": "demur==0"}, PATH=path, PIP_NO_INDEX="1")
    assert gone.returncode != 0


def repository(folder: Path) -> Path:
    """Everything below a folder, in the index of a new repository and committed."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    for args in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all", "--no-verify"]):
        subprocess.run([*git, *args], cwd=folder, check=True, capture_output=True)
    return folder


def pre_commit(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", *args]
    env = environment(PRE_COMMIT_HOME=str(folder / ".git" / "pre-commit"))
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_the_hooks_are_well_formed(tmp_path: Path) -> None:
    done = pre_commit(repository_of(tmp_path, "Draw a kite"), "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr


def repository_of(folder: Path, *prompts: str) -> Path:
    (folder / "LICENSE").write_text("MIT License\n")
    write(folder / "set.jsonl", *prompts)
    return repository(folder)


def test_pre_commit_runs_the_hook(tmp_path: Path) -> None:
    """As the page says for where Demur is installed: in this environment."""
    (config,) = [text for kind, text in SNIPPETS if kind == "yaml" and "repos:" in text]
    (hook,) = yaml.safe_load(config)["repos"][0]["hooks"]
    (published,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    same = ("id", "name", "entry", "files", "require_serial")
    assert {name: hook[name] for name in same} == {name: published[name] for name in same}
    (tmp_path / ".pre-commit-config.yaml").write_text(config)
    repository_of(tmp_path, "Draw a kite")
    clean = pre_commit(tmp_path, "run", "demur-check", "--all-files")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert "Passed" in clean.stdout
    write(tmp_path / "set.jsonl", "Draw a kite", "Draw a kite")
    failed = pre_commit(tmp_path, "run", "demur-check", "--all-files")
    assert failed.returncode == 1
    assert "set.jsonl:2: warning DMR102" in failed.stdout


def test_the_hook_judges_the_whole_data_set_of_a_changed_file(tmp_path: Path) -> None:
    """A leak is between a file that was committed long ago and one that changes."""
    (config,) = [text for kind, text in SNIPPETS if kind == "yaml" and "repos:" in text]
    (tmp_path / ".pre-commit-config.yaml").write_text(config)
    for folder in ("lakes", "rivers"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "test.jsonl", f"Name one of the {folder}")
    repository_of(tmp_path, "Draw a kite")

    def committed(file: str, prompt: str) -> subprocess.CompletedProcess[str]:
        write(tmp_path / file, prompt)
        subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
        return pre_commit(tmp_path, "run", "demur-check")

    other = committed("lakes/train.jsonl", "Name one of the rivers")
    assert (other.returncode, "Passed" in other.stdout) == (0, True), other.stdout + other.stderr
    leak = committed("lakes/train.jsonl", "Name one of the lakes")
    assert (leak.returncode, "lakes/train.jsonl:1: error DMR101" in leak.stdout) == (1, True), leak.stdout + leak.stderr


@pytest.mark.network
@pytest.mark.skipif(os.environ.get("DEMUR_NETWORK") != "1", reason="DEMUR_NETWORK is not 1")
def test_pre_commit_installs_the_hook(tmp_path: Path) -> None:
    """From a repository of this checkout, with its dependencies from PyPI, into an environment of pre-commit's."""
    checkout = tmp_path / "demur"
    for name in ("demur", "builders", "schemas", "cards"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    (checkout / "docs").mkdir()
    for name in (
        ".pre-commit-hooks.yaml",
        "pyproject.toml",
        "hatch_build.py",
        "README.md",
        "LICENSE",
        "docs/guideline.md",
    ):
        shutil.copy(ROOT / name, checkout / name)
    repository(checkout)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, check=True, capture_output=True, text=True)
    scratch = tmp_path / "scratch"
    (scratch / "other").mkdir(parents=True)
    write(scratch / "other" / "fine.jsonl", "Sing a song")
    config = {"repo": str(checkout), "rev": head.stdout.strip(), "hooks": [{"id": "demur-check"}]}
    (scratch / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [config]}))
    repository_of(scratch, "Draw a kite", "Draw a kite")
    failed = pre_commit(scratch, "run", "demur-check", "--files", "set.jsonl")
    assert (failed.returncode, "set.jsonl:2: warning DMR102" in failed.stdout) == (1, True), (
        failed.stdout + failed.stderr
    )
    clean = pre_commit(scratch, "run", "demur-check", "--files", "other/fine.jsonl", "LICENSE")
    assert (clean.returncode, "Passed" in clean.stdout) == (0, True), clean.stdout + clean.stderr


def test_the_snippets_of_the_page(tmp_path: Path) -> None:
    *github, gitlab = (text for kind, text in SNIPPETS if kind == "yaml" and "repos:" not in text)
    for text in github:
        (tmp_path / "workflow.yml").write_text("on: push\n" + text)
        lint("vendor.github-workflows", tmp_path / "workflow.yml")
    (tmp_path / "gitlab.yml").write_text(gitlab)
    lint("vendor.gitlab-ci", tmp_path / "gitlab.yml")
    commands = re.findall(r"demur check .*", "".join([*github, gitlab]))
    assert len(commands) == 3
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "LICENSE").write_text("MIT License\n")
    for command in commands:
        for prompts, code in ((["Draw a kite"], 0), (["Draw a kite"] * 2, 1)):
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

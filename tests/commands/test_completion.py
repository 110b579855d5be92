"""Completions, as a shell asks the real command for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from demur.checks.layouts import layouts
from demur.checks.profiles import PROFILES
from demur.checks.rules import RULES
from demur.commands.completion import completes
from demur.project import bundled
from demur.sets.builder import builder_of, builders
from tests.conftest import PATIENCE, ROOT, Tiny


def completed(line: str, cwd: Path = ROOT) -> list[str]:
    """What bash would offer at the end of a line."""
    words = line.split(" ")
    env = {**os.environ, "COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", "from demur.cli import main; main(prog_name='demur')"],
        env={**env, "_DEMUR_COMPLETE": "bash_complete", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        cwd=cwd,
        timeout=PATIENCE,
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]  # click prints an empty one for none


def plain(*names: str) -> list[str]:
    return [f"plain,{name}" for name in names]


def test_builders_and_their_configs() -> None:
    assert completed("demur build ") == plain(*sorted(builders(bundled())))
    mine = [config.name for config in builder_of(bundled(), "refusal-training").configs]
    assert completed("demur build refusal-training --config ") == plain(*mine)
    assert completed("demur build refusal-training --add noncommercial=advb") == plain("noncommercial=advbench")
    every = {config.name for each in builders(bundled()).values() for config in each.configs}
    assert {*completed("demur build --config ")} == {*plain(*every)}, "no set is named yet"


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("demur fetch advb", ["advbench"]),
        ("demur fetch advbench doll", ["dolly-plain", "dolly-safety"]),
        ("demur queue --source advb", ["advbench"]),
        ("demur suspects refusal-e", ["refusal-eval"]),
        ("demur curation agreement --gold advb", ["advbench"]),
        ("demur decontaminate rows.csv --against sketch,advb", ["sketch,advbench"]),
        ("demur rule split-l", ["split-leak"]),
        ("demur check --select DMR101,DMR10", [f"DMR101,{code}" for code in RULES if code.startswith("DMR10")]),
        ("demur check --profile ", list(PROFILES)),
        ("demur check --map s", [name for name in sorted(layouts()) if name.startswith("s")]),
        ("demur schema diff pro", ["prompt"]),
        ("demur stats folder --taxonomy sor", ["sorry-bench"]),
        ("demur score answers.jsonl --taxonomy mlc", ["mlcommons-0.5"]),
        ("demur --project . fetch advb", ["advbench"]),
        ("demur che", ["check"]),
        ("demur build --pro", ["--project"]),
        ("demur nonesuch --ver", ["--version", "--verbose"]),
    ],
)
def test_names(line: str, names: list[str]) -> None:
    assert completed(line) == plain(*names)


def test_where_no_name_fits_a_path_may() -> None:
    assert completed("demur check --map ./ma") == ["file,./ma"]
    assert completed("demur stats folder --taxonomy ./my") == ["file,./my"]
    assert completed("demur fetch ./ma") == [], "a source is never a path"


def test_a_private_project_and_one_that_is_broken(built: Tiny, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(built.root / "project", project)
    assert completed("demur fetch tiny-", project) == plain("tiny-comply", "tiny-pairs", "tiny-refuse")
    assert completed(f"demur fetch --project {project} tiny-c", tmp_path) == plain("tiny-comply")
    assert completed("demur build tiny-eval --config ", project) == plain("default", "noncommercial")
    (project / "builders" / "broken.py").write_text("1 / 0\n")
    assert completed("demur build ", project) == [], "the command itself will tell"
    assert "ZeroDivisionError" in built.run("--project", str(project), "build").stderr


def test_names_joined_by_commas_and_words_about_them() -> None:
    complete = completes(lambda ctx: [("oak", "a tree"), "elm"], several=True)
    found = complete(None, None, "elm,o")  # type: ignore[arg-type]
    assert [(each.value, each.help) for each in found] == [("elm,oak", "a tree")]

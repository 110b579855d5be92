from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from demur import cli
from demur.cli import main
from demur.project import bundled
from demur.sets.show import source_rows, source_table
from demur.sources import declared
from tests.conftest import ROOT

HEAVY = {"torch", "transformers", "datasets", "numba", "pandas", "pyarrow", "numpy"}


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "demur.cli", "--help"], capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in imported
    assert not imported & HEAVY


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_explains_itself(command: str) -> None:
    done = CliRunner().invoke(main, [command, "--help"])
    assert done.exit_code == 0
    assert (main.commands[command].help or "").splitlines()[0] in done.output.replace("\n  ", " ") + (
        main.commands[command].help or ""
    )
    assert f"demur {command}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["biuld", "refusal-eval"], "Did you mean 'build'?"),
        (["build", "refusal-evl"], "Did you mean 'refusal-eval'?"),
        (["build", "refusal-eval", "--add", "defualt=xstest"], "Did you mean 'default'?"),
        (["fetch", "advbnech"], "Did you mean 'advbench'?"),
        (["fetch"], "Name sources, or give --all."),
        (["fetch", "--all", "advbench"], "Name sources, or give --all."),
        (["check", "no-such-folder"], "does not exist"),
        (["build", "refusal-eval", "--add", "default=nonesuch"], "No source 'nonesuch'"),
    ],
)
def test_usage_errors_say_what_was_meant(arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_an_unpinned_source_says_exactly_what_is_missing() -> None:
    done = CliRunner().invoke(
        main, ["build", "refusal-eval", "--add", "full=or-bench", "--config", "full", "--offline"]
    )
    assert done.exit_code == 2
    assert "Source 'or-bench' is not pinned" in done.output
    assert "Run `demur pin or-bench` on a machine that reaches one of these mirrors." in done.output


def test_sources_as_json_and_as_the_readmes_table() -> None:
    done = CliRunner().invoke(main, ["sources", "--json"])
    rows = json.loads(done.output)
    assert [row["name"] for row in rows] == sorted(declared.sources(bundled()))
    assert {row["status"] for row in rows} == {"ready", "not pinned", "quarantined"}
    table = source_table(source_rows(declared.sources(bundled()).values()))
    assert CliRunner().invoke(main, ["sources"]).output.strip() == table
    assert table in (ROOT / "README.md").read_text(encoding="utf-8"), (
        "put the output of `demur sources` into the README"
    )


def test_no_license_means_quarantined() -> None:
    status = {row["name"]: row["status"] for row in source_rows(declared.sources(bundled()).values())}
    assert status["malicious-instruct"] == "quarantined"
    assert status["advbench"] == "ready"


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("sklearn.linear_model", "build"),
        ("numba", "fast"),
        ("openpyxl", "xlsx"),
        ("torch", "models"),
        ("nowhere", None),
    ],
)
def test_a_missing_module_names_its_extra(module: str, extra: str | None) -> None:
    assert cli._extra_with(module) == extra

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from demur import cli
from demur.cli import EVERYWHERE, main
from demur.commands.common import GROUPS, group_of, in_group
from demur.project import bundled
from demur.sets.show import source_rows, source_table
from demur.sources import declared
from tests.conftest import ROOT, Tiny

UNASKED = {"datasets", "fsspec", "numba", "scipy", "sklearn", "torch", "transformers"}
HEAVY = {"torch", "transformers", "datasets", "numba", "pandas", "pyarrow", "numpy"}


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "demur.cli", "--help"], capture_output=True, text=True, check=True
    )
    imported = _imported(done.stderr)
    assert "click" in imported
    assert not imported & HEAVY


def test_a_check_of_few_rows_loads_no_compiler_and_no_model(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"prompt": "Draw a kite", "response": "Here is one"}\n' * 20)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "demur.cli", "check", "rows.jsonl", "--against", "sketch"],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "DMR102" in done.stdout
    imported = _imported(done.stderr)
    assert "pyarrow" in imported
    assert not imported & {*UNASKED, "py3langid"}


def test_a_build_loads_nothing_that_only_readers_of_the_set_need(tiny: Tiny) -> None:
    done = tiny.build(PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0
    imported = _imported(done.stderr)
    assert "jinja2" in imported
    assert "pandas.core" not in done.stderr
    assert not imported & UNASKED


def _imported(said: str) -> set[str]:
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in said.splitlines()}


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
        (["check", str(Path(__file__).with_name("test_cil.py"))], "test_cli.py'?"),
        (["decontaminate", str(Path(__file__).with_name("test_cil.py"))], "test_cli.py'?"),
        (["decontaminate", "."], "is a directory"),
        (["decontaminate", "nowhere.csv"], "Invalid value for 'FILE...': File 'nowhere.csv' does not exist."),
        (["decontaminate", "nowhere.csv", "--engine", "serial"], "Invalid value for 'FILE...': File 'nowhere.csv'"),
        (["stats", str(Path(__file__).with_name("checsk"))], "checks'?"),
        (["check", ".", "--settings", str(Path(__file__).with_name("test_cil.py"))], "test_cli.py'?"),
        (["build", "refusal-eval", "--add", "default=nonesuch"], "No source 'nonesuch'"),
        (["build", "--config", "default"], "These options are for building one data set: name it."),
        (["sources", "--project", "no-such-folder"], "does not exist"),
        (["stats", ".", "--taxonomy", "sorry-bnech"], "Did you mean 'sorry-bench'?"),
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


def test_help_lists_every_command_in_one_group_by_what_it_is_about() -> None:
    assert {group_of(each) for each in main.commands.values()} == set(GROUPS)
    lines = CliRunner().invoke(main, ["--help"]).output.splitlines()
    heads = [number for number, line in enumerate(lines) if line.partition(":")[0].lower() in GROUPS]
    assert [lines[each].partition(":")[0].lower() for each in heads] == list(GROUPS)
    for start, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        names = [line.split()[0] for line in lines[start + 1 : end] if line.startswith("  ")]
        group = lines[start].partition(":")[0].lower()
        assert names == sorted(each.name or "" for each in main.commands.values() if group_of(each) == group)


def test_a_command_that_no_group_was_declared_for_is_listed_and_a_group_has_to_be_known() -> None:
    lone = click.Command("lone", help="By itself.")
    main.add_command(lone)
    try:
        assert "Others:\n  lone" in CliRunner().invoke(main, ["--help"]).output
    finally:
        del main.commands["lone"]
    with pytest.raises(ValueError, match="No group 'sauces'"):
        in_group("sauces", lone)


def leaves(command: click.Command) -> list[click.Command]:
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    return [command, *(each for one in inner for each in leaves(one))]


def test_every_command_takes_what_may_stand_everywhere() -> None:
    wanted = {option for each in EVERYWHERE for option in each.opts}
    for each in leaves(main):
        assert wanted <= {option for one in each.params for option in one.opts}, each.name


def test_the_project_may_be_named_before_a_command_and_after_it(built: Tiny) -> None:
    root = str(built.root / "project")
    for line in (["--project", root, "sources", "--json"], ["sources", "--json", "--project", root]):
        assert [row["name"] for row in json.loads(CliRunner().invoke(main, line).output)] == [
            "tiny-comply",
            "tiny-pairs",
            "tiny-refuse",
        ]
    nearer = ["--project", str(ROOT), "sources", "--project", root]
    assert "advbench" not in CliRunner().invoke(main, nearer).output, "the one after the command is nearer"
    inner = CliRunner().invoke(main, ["schema", "diff", "--project", root, "prompt", "prompt"])
    assert inner.output == "no difference\n"


def test_without_a_name_build_lists_what_can_be_built(built: Tiny) -> None:
    done = built.run("build")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[lines.index("tiny-eval: Tiny evaluation (evaluation)") :] == [
        "tiny-eval: Tiny evaluation (evaluation)",
        "  default: cc-by-4.0",
        "  noncommercial: cc-by-nc-4.0",
        "`demur build NAME` builds one.",
    ]


@pytest.mark.parametrize("before", [True, False])
def test_quiet_and_verbose(tiny: Tiny, before: bool) -> None:
    def run(*flags: str) -> subprocess.CompletedProcess[str]:
        line = ("fetch", "tiny-comply")
        return tiny.run(*flags, *line) if before else tiny.run(*line, *flags)

    plain, quiet, verbose = run(), run("-q"), run("-v")
    assert plain.stdout.startswith("tiny-comply: 8 rows")
    assert plain.stderr == f"sources fetched: 1/1, {tiny.raw('comply/comply.jsonl').stat().st_size} bytes\n"
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    assert verbose.stdout == plain.stdout
    assert f"project: {tiny.root / 'project'}\n" in verbose.stderr
    assert "tiny-comply: " in verbose.stderr
    assert " from cache, after " in verbose.stderr
    assert re.search(r"^\d+\.\d s in all$", verbose.stderr, re.M)


def test_the_quiet_still_get_facts_and_errors(tiny: Tiny) -> None:
    facts = tiny.run("-q", "stats", str(tiny.out), "--json")
    assert json.loads(facts.stdout)["default"]["rows"]
    assert "tiny-comply" in tiny.run("sources", "-q").stdout
    error = tiny.run("-q", "fetch", "tiny-compyl")
    assert (error.returncode, error.stdout) == (2, "")
    assert "Did you mean 'tiny-comply'?" in error.stderr
    assert tiny.build("-q").stdout == ""
    (tiny.root / "rows.csv").write_text("prompt\nWho wrote it?\nWho wrote it?\n")
    once, own = tiny.run("-q", "check", "rows.csv"), tiny.run("check", "rows.csv", "-q")
    assert once.stdout + once.stderr == own.stdout + own.stderr
    assert " s in all" not in tiny.run("check", "rows.csv", "-v").stderr, "its own -v says what it always did"


def test_what_a_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"prompt": "Draw a kite", "response": "I cannot help."}\n' * 20)
    done = subprocess.run(
        [sys.executable, "-m", "demur.cli", "refusal-position", "rows.jsonl"], capture_output=True, text=True,
        check=False, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "(20 of 20" in done.stdout

"""Every noun has its file; what the files have in common."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from demur.cli import main
from demur.commands import (
    audits,
    builds,
    checks,
    common,
    completion,
    contamination,
    curation,
    decisions,
    differences,
    exports,
    pairs,
    projects,
    releases,
    reports,
    review,
    rules,
    schemas,
    sources,
    suspects,
)  # fmt: skip
from demur.inputs import There
from demur.project import names_in
from tests.conftest import ROOT

NOUNS = (
    audits, builds, checks, contamination, curation, decisions, differences, exports, pairs, projects, releases,
    reports, review, rules, schemas, sources, suspects,
)  # fmt: skip


def test_every_command_is_of_one_noun() -> None:
    found = [command for noun in NOUNS for command in noun.COMMANDS]
    assert {command.name: command for command in found} == main.commands
    assert len(found) == len(main.commands)
    nouns = {noun.__name__.rpartition(".")[2] for noun in NOUNS}
    shared = {each.__name__.rpartition(".")[2] for each in (common, completion)}
    assert nouns | shared == set(names_in("demur.commands"))


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_a_noun_is_thin(noun: object) -> None:
    """It declares options and prints; it imports what it needs inside its functions."""
    name = getattr(noun, "__name__", "")
    code = f"import sys, {name}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"numpy", "pyarrow", "pydantic", "rich", "torch"} & set(done.stdout.split())
    path = ROOT / f"{name.replace('.', '/')}.py"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 250


def test_options_have_names_of_their_own() -> None:
    """No two options of a command share a name; those of an audit or export meet those that every one has."""
    for command in main.commands.values():
        for each in command.commands.values() if isinstance(command, click.Group) else (command,):
            names = [parameter.name for parameter in each.params]
            assert len(names) == len(set(names)), each.name


def test_paths_that_have_to_be_there_are_told_with_the_nearest_name() -> None:
    commands = [*main.commands.values()]
    commands += [each for group in commands if isinstance(group, click.Group) for each in group.commands.values()]
    types = [each.type for command in commands for each in command.params]
    there = [each for each in types if isinstance(each, click.Path) and each.exists]
    assert len(there) > 5
    assert all(isinstance(each, There) for each in there)

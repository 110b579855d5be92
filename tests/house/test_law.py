"""The house keeps itself: the law of imports, sizes of modules, and what stands where."""

from __future__ import annotations

import ast

import click
import pytest

from demur.checks.rules import RULES
from demur.cli import main
from demur.sets.kind import kinds
from tests.conftest import ROOT
from tests.house.structure import LAW, Tree

TREE = Tree(ROOT)

WORDS = {("demur.checks.batch", "evaluation"), ("demur.checks.batch", "training")}
"""Words of file names that happen to be kinds, too: ``training.csv`` is the training split of anybody's data."""


BY_COMMAND = {
    "demur.release.log": ("release/test_commands.py", '"log"'),
    "demur.release.made": ("release/test_commands.py", '"release"'),
    "demur.release.verify": ("release/test_commands.py", '"verify"'),
    "demur.sets.hydrate": ("release/test_commands.py", '"hydrate"'),
    "demur.kinds.training.rules": ("checks/test_rules.py", "training.lost_row"),
}
"""Modules that tests reach through the real command, in another process, or through the rules' registry: where."""


def test_every_import_runs_to_the_left() -> None:
    assert TREE.against_the_law() == []


def test_no_modules_import_one_another_round_about() -> None:
    assert TREE.circles() == []


def test_private_modules_and_names_stay_in_their_package() -> None:
    found = []
    for name, path in TREE.modules.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("demur."):
                continue
            home = node.module if node.module in TREE.modules else ""
            own = TREE.package(name)
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                hidden = [part for part in whole.split(".") if part.startswith("_") and not part.endswith("__")]
                place = TREE.package(whole if whole in TREE.modules else home or whole)
                if hidden and not own.startswith(place):
                    found.append(f"{name} imports {whole}")
    assert found == []


def test_nothing_left_of_kinds_names_one() -> None:
    """The checks and the sets ask `demur.sets.kind` instead."""
    names = set(kinds())
    found = [
        f"{module}: {node.value}"
        for module, path in TREE.modules.items()
        if TREE.room(module) in ("sets", "checks")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names
        if (module, node.value) not in WORDS
    ]
    assert found == []


def test_the_engine_imports_no_builder_and_no_schema() -> None:
    foreign = {
        name: {each for each in imported if not each.startswith("demur")} for name, imported in TREE.imports.items()
    }
    assert {name: each for name, each in foreign.items() if each} == {}


@pytest.mark.parametrize("folder", ["builders", "schemas"])
def test_declarations_import_what_they_may(folder: str) -> None:
    allowed = {"records", "sources", "sets", "kinds", "text", "curation"}
    found = []
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("demur"):
                room = (node.module or "").split(".")[1:2]
                if room and room[0] not in allowed:
                    found.append(f"{path.relative_to(ROOT)} imports {node.module}")
    assert found == []


def test_no_module_is_longer_than_350_lines() -> None:
    assert {name: lines for name, lines in TREE.lines().items() if lines > 350} == {}


def test_every_room_stands_in_the_law() -> None:
    assert {TREE.room(name) for name in TREE.modules} - {"demur"} <= {room for floor in LAW for room in floor}


def test_every_module_is_reached_by_tests_of_its_room() -> None:
    """Tests in the folder of a module's room import it, or a module of the room that leads to it."""
    asked: dict[str, set[str]] = {}
    for path in (ROOT / "tests").rglob("*.py"):
        room = path.relative_to(ROOT / "tests").parts[0].removeprefix("test_").removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("demur"):
                names = {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
                asked.setdefault(room, set()).update(names & TREE.modules.keys())
    for name, (page, words) in BY_COMMAND.items():
        assert words in (ROOT / "tests" / page).read_text(encoding="utf-8"), name
        asked.setdefault(TREE.room(name), set()).add(name)
    missing = []
    for name in TREE.modules.keys() - {"demur"}:
        room = TREE.room(name)
        if name not in _closure({each for each in asked.get(room, ()) if TREE.room(each) == room}, room):
            missing.append(name)
    assert sorted(missing) == []


def _closure(start: set[str], room: str) -> set[str]:
    """Modules of a room that some of its modules lead to; a package that loads what lies in it leads to all of that."""
    found, todo = set(start), list(start)
    while todo:
        name = todo.pop()
        leads = {each for each in TREE.imports[name] if each in TREE.modules and TREE.room(each) == room}
        leads |= {name.rpartition(".")[0]} - {"demur"}
        if "submodules(__name__)" in TREE.modules[name].read_text(encoding="utf-8"):
            leads |= {each for each in TREE.modules if each.startswith(f"{name}.")}
        todo += leads - found
        found |= leads
    return found


def test_counts_in_pages_are_those_of_the_code() -> None:
    for name in ("README.md", "CHANGELOG.md"):
        assert f"{len(RULES)} rules with codes" in (ROOT / name).read_text(encoding="utf-8")


def test_every_command_and_option_has_its_help_and_every_command_its_row_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in main.commands.values():
        inner = list(command.commands.values()) if isinstance(command, click.Group) else []
        for each in (command, *inner):
            assert each.help, each.name
            for option in each.params:
                assert not isinstance(option, click.Option) or option.help, f"{each.name} {option.name}"
        assert f"| `demur {command.name}" in readme, command.name


def test_every_kind_has_its_row_in_the_architecture() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert all(name in page for name in kinds())
    rooms = {TREE.room(name) for name in TREE.modules} - {"demur"}
    assert {room for room in rooms if f"`{room}`" not in page and room not in page.replace("`", " ").split()} == set()

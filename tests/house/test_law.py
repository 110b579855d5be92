"""The house keeps itself: the law of imports, sizes of modules, and what stands where."""

from __future__ import annotations

import ast

import pytest

from demur.sets.kind import kinds
from tests.conftest import ROOT
from tests.house.structure import LAW, Tree

TREE = Tree(ROOT)


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


def test_every_module_has_a_test_of_its_place() -> None:
    """A test file in the folder that mirrors the module's imports it, by whichever of its names."""
    imported: dict[str, set[str]] = {}
    for path in (ROOT / "tests").rglob("*.py"):
        folder = ".".join(path.relative_to(ROOT / "tests").parts[:-1])
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("demur"):
                names = {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
                imported.setdefault(folder, set()).update(names)
    missing = [
        name
        for name, path in TREE.modules.items()
        if path.name != "__init__.py"
        and not path.stem.startswith("_")
        and name not in imported.get(TREE.package(name).partition(".")[2], set())
    ]
    assert missing == []

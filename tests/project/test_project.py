from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from demur.errors import ProjectError, UsageError
from demur.project import Project, bundled, find, names_in, packages_in, pick, submodule

CLASS = """
class Tree:
    def __init__(self, name):
        self.name = name
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name, text in {
        "builders/__init__.py": "",
        "builders/kinds.py": CLASS,
        "builders/oak.py": "from builders.kinds import Tree\n\noak = Tree('oak')\n",
        "builders/elm.py": "from builders.kinds import Tree\nfrom builders.oak import oak\n\nelm = Tree('elm')\n",
        "builders/sources/__init__.py": "",
        "schemas/__init__.py": "",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Project(tmp_path)


def test_declarations_are_found_by_their_class_once_each(project: Project) -> None:
    tree = next(module for module in project.modules("builders") if module.__name__ == "builders.kinds").Tree
    assert sorted(project.declared("builders", tree)) == ["elm", "oak"]
    assert project.classes("builders", tree) == {"kinds": tree}


def test_a_name_that_is_declared_twice_is_told(project: Project) -> None:
    (project.root / "builders" / "yew.py").write_text("from builders.kinds import Tree\n\nyew = Tree('oak')\n")
    tree = next(module for module in project.modules("builders") if module.__name__ == "builders.kinds").Tree
    with pytest.raises(ProjectError, match=r"Tree 'oak' is declared twice"):
        project.declared("builders", tree)


def test_a_file_that_cannot_be_loaded_is_named_with_its_error(project: Project) -> None:
    (project.root / "builders" / "yew.py").write_text("1 / 0\n")
    with pytest.raises(ProjectError, match=r"(?s)builders.yew.*ZeroDivisionError"):
        project.modules("builders")


def test_a_project_is_found_from_inside_it_else_the_bundled_one(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    inside = project.root / "builders" / "sources"
    assert find(inside) == Project(project.root.resolve(), packages=True)
    assert find(tmp_path_factory.mktemp("elsewhere")) == replace(bundled(), packages=True)
    with pytest.raises(ProjectError, match="no such folder"):
        Project(project.root / "schemas").modules("builders")


def test_two_projects_in_one_process_keep_their_own_modules(project: Project) -> None:
    ours = {module.__name__ for module in bundled().modules("schemas")}
    assert "schemas.prompt" in ours
    assert [module.__name__ for module in project.modules("builders")] == [
        "builders.elm",
        "builders.kinds",
        "builders.oak",
    ]
    assert {module.__name__ for module in bundled().modules("schemas")} == ours


def test_names_inside_packages_of_the_engine() -> None:
    assert "training" in names_in("demur.kinds")
    assert not any(name.startswith("_") for name in names_in("demur.text"))
    assert set(packages_in("demur.audits")) < set(names_in("demur.audits"))
    assert submodule("demur.text", "form").__name__ == "demur.text.form"


def test_a_near_name_is_suggested() -> None:
    assert pick({"oak": 1}, "oak", "tree") == 1
    with pytest.raises(UsageError, match="Did you mean 'oak'"):
        pick({"oak": 1}, "oka", "tree")


def test_one_declaration_loads_one_file(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.root / "builders" / "yew.py").write_text("1 / 0\n")
    (project.root / "builders" / "ash.py").write_text("from builders.kinds import Tree\n\nash = Tree('rowan')\n")
    tree = project.class_in("builders", "kinds", object)
    assert project.stems("builders") == ["ash", "elm", "kinds", "oak", "yew"]
    with pytest.raises(ProjectError, match=r"builders.yew"):
        project.named("builders", tree, ["oak"])  # which another file, or another project, may declare anew
    alone = replace(project)
    monkeypatch.setattr("demur.project.bundled", lambda: project)
    assert alone.is_alone
    assert alone.named("builders", tree, ["oak"]).keys() == {"oak"}
    assert alone.named("builders", tree, ["oak", "elm"]).keys() == {"oak", "elm"}
    with pytest.raises(ProjectError, match=r"builders.yew"):
        alone.named("builders", tree, ["oak", "rowan"])  # of another name than its file: all are asked
    (project.root / "builders" / "yew.py").unlink()
    assert alone.named("builders", tree, ["rowan"]).keys() == {"elm", "oak", "rowan"}

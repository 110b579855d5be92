"""What is protected, as the sources' sidecars say."""

from __future__ import annotations

from pathlib import Path

import pytest

from demur.errors import ProjectError
from demur.project import Project
from demur.protected import sketch
from demur.sources.mirror import FilePin, Pin
from demur.sources.pins import SourcePin
from tests.conftest import COMMIT

SOURCE = """
from demur.sources.mirror import github
from demur.sources.source import source


@source(
    title="{name}", homepage="https://example.org", license="mit", kind="prompt",
    mirrors=(github("demo/{name}", "a.csv", columns={{"q": "prompt"}}),),
)
def {name}(row):
    return row
"""


def made(root: Path, **roles: str | None) -> Project:
    """A project of pinned sources, each with its role; a source of role None has no sidecar."""
    folder = root / "builders" / "sources"
    folder.mkdir(parents=True)
    pins = {}
    for package in (folder.parent, folder):
        (package / "__init__.py").touch()
    for name, role in roles.items():
        (folder / f"{name}.py").write_text(SOURCE.format(name=name))
        if role:
            (folder / f"{name}.toml").write_text(f'[protection]\nrole = "{role}"\nreason = "as {name} is"\n')
        file = FilePin(sha256="0" * 64, size=1)
        pinned = Pin(mirror=f"github:demo/{name}", revision=COMMIT, files={"a.csv": file})
        pins[name] = SourcePin(rows=1, digest=name[0].encode().hex() * 32, mirrors=(pinned,))
    return Project(root, pins)


def test_every_role_is_a_table_of_sources_with_their_reasons(tmp_path: Path) -> None:
    project = made(tmp_path, tea="protect", milk="training", water="background", sugar="left_out")
    declared = sketch.declaration(project)
    assert (declared.protect, declared.training) == ({"tea": "as tea is"}, {"milk": "as milk is"})
    assert (declared.background, declared.left_out) == ({"water": "as water is"}, {"sugar": "as sugar is"})
    facts, training = sketch.facts(project), sketch.training_facts(project)
    assert facts["protect"] == {"tea": "74" * 32}
    assert list(facts["background"]) == ["milk", "water"]
    assert (list(training["protect"]), list(training["background"])) == (["milk"], ["tea", "water"])


def test_a_pinned_source_without_a_word_is_named_with_its_sidecar(tmp_path: Path) -> None:
    project = made(tmp_path, tea="protect", milk=None)
    with pytest.raises(ProjectError, match="The project does not say what is protected") as caught:
        sketch.declaration(project)
    assert caught.value.where == tmp_path / "builders" / "sources" / "milk.toml"
    assert caught.value.got == "no [protection] of milk"


def test_a_source_that_is_not_pinned_need_not_say(tmp_path: Path) -> None:
    project = made(tmp_path, tea="protect", milk=None)
    assert sketch.declaration(Project(tmp_path, {"tea": project.recorded["tea"]})).protect == {"tea": "as tea is"}


def test_nothing_said_at_all(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no \[protection\] of any source"):
        sketch.declaration(Project(made(tmp_path, milk=None).root))

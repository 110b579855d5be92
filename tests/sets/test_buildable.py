"""What can be built: every builder of the project, and the licenses that its configs would have."""

from __future__ import annotations

import pytest

from demur.project import Project, bundled
from demur.sets.buildable import buildable, buildable_lines
from demur.sets.builder import builders
from demur.sources import declared
from tests.conftest import Tiny


@pytest.fixture
def project(built: Tiny) -> Project:
    return Project(built.root / "project")


def test_every_set_with_its_configs_and_licenses(project: Project) -> None:
    configs = [
        {"name": "default", "on_demand": False, "license": "cc-by-4.0", "why": None},
        {"name": "noncommercial", "on_demand": False, "license": "cc-by-nc-4.0", "why": None},
    ]
    mine = next(each for each in buildable(project) if each["name"] == "tiny-eval")
    assert mine == {"name": "tiny-eval", "title": "Tiny evaluation", "kind": "evaluation", "configs": configs}
    assert [each["name"] for each in buildable(bundled())] == sorted(builders(bundled()))


def test_configs_that_cannot_be_built_say_why(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    known = declared.sources(project)
    barred = known["tiny-comply"].model_copy(update={"use_limits": ("no_redistribution",)})
    some = {"tiny-comply": barred, "tiny-refuse": known["tiny-refuse"]}
    monkeypatch.setattr(declared, "sources", lambda _: some)
    mine = next(each for each in buildable(project) if each["name"] == "tiny-eval")
    assert [config["license"] for config in mine["configs"]] == [None, None]
    lines = list(buildable_lines([mine]))
    assert lines[1].startswith("  default: cannot be built: Source 'tiny-comply' may not be redistributed")
    assert lines[2] == "  noncommercial: cannot be built: no source 'tiny-pairs'"


def test_a_project_without_sets() -> None:
    assert list(buildable_lines([])) == ["The project declares no data set."]

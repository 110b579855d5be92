"""What a project declares: sources with their sidecars, and what follows from all sidecars together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from demur.errors import ProjectError, UsageError
from demur.project import Project
from demur.sources import declared

SOURCE = """
from demur.sources.mirror import github
from demur.sources.source import source


@source(
    title="Tea", homepage="https://example.org", license="mit", kind="prompt", {more}
    mirrors=(github("demo/tea", "a.csv", columns={{"q": "prompt", "topic": None}}),),
)
def {name}(row):
    return row
"""

Make = Callable[..., Project]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A project of sources by name, each with the text of its sidecar or None; ``more`` stands in each declaration."""

    def made(more: str = "", **sidecars: str | None) -> Project:
        folder = tmp_path / "builders" / "sources"
        folder.mkdir(parents=True)
        for package in (folder.parent, folder):
            (package / "__init__.py").touch()
        for name, text in sidecars.items():
            (folder / f"{name}.py").write_text(SOURCE.format(name=name, more=more))
            if text is not None:
                (folder / f"{name}.toml").write_text(text)
        return Project(tmp_path)

    return made


def test_a_source_says_what_its_sidecar_says(make: Make) -> None:
    project = make(green_tea="note = 'Hot.'\nbibtex = '@misc{tea, }'", black_tea="citation = 'tea'", water=None)
    said = {name: (source.note, source.citation) for name, source in declared.sources(project).items()}
    assert said == {"black-tea": (None, "tea"), "green-tea": ("Hot.", "tea"), "water": (None, None)}
    assert declared.bibliography(project) == {"tea": "@misc{tea, }"}


def test_what_is_to_be_cited_is_missed_only_where_it_is_needed(make: Make) -> None:
    source = declared.source_of(make(green_tea=None), "green-tea")
    with pytest.raises(ProjectError, match="Source 'green-tea' does not say what is to be cited") as caught:
        source.cited()
    assert caught.value.where == "builders/sources/green_tea.toml"


def test_the_crosswalk_is_made_of_all_sidecars(make: Make) -> None:
    project = make(green_tea="[hazards]\nhot = ['vcr']", black_tea="", water=None)
    assert declared.crosswalk(project) == {"green-tea": {"hot": ("vcr",)}}


def test_a_declaration_may_do_without_a_sidecar(make: Make) -> None:
    project = make(more='note="Cold.", citation="tea",', water=None)
    source = declared.source_of(project, "water")
    assert (source.note, source.citation) == ("Cold.", "tea")


@pytest.mark.parametrize("sidecar", ["note = 'Hot.'", "citation = 'tea'"])
def test_what_stands_in_both_is_refused(make: Make, sidecar: str) -> None:
    project = make(more='note="Cold.", citation="tea",', water=sidecar)
    with pytest.raises(ProjectError, match="The sidecar of 'water' does not fit its declaration") as caught:
        declared.sources(project)
    assert str(caught.value.got).endswith("which the declaration states as well")


def test_a_sidecar_without_a_source(make: Make) -> None:
    project = make(green_tea="")
    (project.root / "builders" / "sources" / "gren_tea.toml").touch()
    with pytest.raises(ProjectError, match=r"No source 'gren-tea'[\s\S]*Did you mean 'green-tea'\?"):
        declared.sources(project)


def test_notes_are_of_columns_that_are_there(make: Make) -> None:
    project = make(tea="[columns]\nq = 'asked'\nprompt = 'the same'\ntopic = 'not read'")
    assert list(declared.sources(project)) == ["tea"]
    declared.sidecar_file(project, "tea").write_text("[columns]\ntopci = 'not read'")
    with pytest.raises(ProjectError, match=r"column 'topci'[\s\S]*Did you mean 'topic'\?"):
        declared.sources(project)


@pytest.mark.parametrize(
    ("sidecars", "said"),
    [
        ({"one": "bibtex = '@misc{tea, }'", "two": "bibtex = '@misc{tea, }'"}, "The BibTeX entry 'tea' stands twice"),
        ({"one": "bibtex = '@misc{tea, }'", "two": "citation = 'te'"}, "No BibTeX entry 'te'"),
    ],
)
def test_every_key_has_one_entry(make: Make, sidecars: dict[str, str], said: str) -> None:
    project = make(**sidecars)
    with pytest.raises(ProjectError, match=said) as caught:
        declared.bibliography(project)
    assert caught.value.where == declared.sidecar_file(project, "two")


@pytest.mark.parametrize(
    ("old", "where"),
    [
        ("builders/crosswalk.toml", "Move each of its tables to [hazards] of the source's own builders/sources/NAME"),
        ("builders/protected.toml", "Move each of its lines to [protection], as role and reason, of the source's own"),
        ("cards/sources.bib", "Move each of its entries to bibtex of the source's own builders/sources/NAME.toml"),
    ],
)
def test_a_table_over_all_sources_is_told_where_it_goes(make: Make, old: str, where: str) -> None:
    project = make(tea="")
    (project.root / old).parent.mkdir(exist_ok=True)
    (project.root / old).touch()
    for read in (declared.sources, declared.crosswalk, declared.bibliography):
        with pytest.raises(ProjectError, match="A table over all sources is not read any more") as caught:
            read(project)
        assert caught.value.where == project.root / old
        assert str(caught.value.fix).startswith(where)


def test_an_unknown_source(make: Make) -> None:
    with pytest.raises(UsageError, match=r"No source 'te'[\s\S]*Did you mean 'tea'\?"):
        declared.source_of(make(tea=""), "te")

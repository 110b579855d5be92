"""Every declaration in builders/sources at once: its file, citation, fixtures, golden records and hazards."""

from __future__ import annotations

import importlib
import json
import posixpath
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from demur.errors import FormatError
from demur.project import Project
from demur.records.hazards import overlay
from demur.sources import declared
from demur.sources.formats import read_rows
from demur.sources.mirror import Mirror
from demur.sources.source import Raw, Reject, Source
from schemas.prompt import Prompt
from schemas.response import Response
from tests.conftest import ROOT

FOLDER = ROOT / "builders" / "sources"
FIXTURES = ROOT / "tests" / "fixtures" / "sources"
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
NAMES = {module: module.replace("_", "-") for module in MODULES}
PROJECT = Project(ROOT)
CROSSWALK = declared.crosswalk(PROJECT)


def declared_in(module: str) -> list[Source]:
    """The Source instances at module level of one file in builders/sources."""
    return [
        value
        for value in vars(importlib.import_module(f"builders.sources.{module}")).values()
        if isinstance(value, Source)
    ]


@pytest.fixture(params=MODULES, ids=list(NAMES.values()))
def module(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def source(module: str) -> Source:
    (found,) = declared_in(module)
    return declared.source_of(PROJECT, found.name)


@pytest.fixture
def golden(source: Source) -> list[Any]:
    document = json.loads((FIXTURES / source.name / "records.json").read_text(encoding="utf-8"))
    assert isinstance(document, list)
    return document


def fixture_names(mirror: Mirror) -> dict[str, str]:
    """Declared file -> fixture: the file's name or, where two share it, the path below the folder all files share."""
    names = {file: PurePosixPath(file).name for file in mirror.paths}
    if len(set(names.values())) == len(names):
        return names
    shared = posixpath.commonpath([PurePosixPath(file).parent for file in mirror.paths])
    return {file: str(PurePosixPath(file).relative_to(shared)) for file in mirror.paths}


def files_of(source: Source) -> list[tuple[Mirror, dict[str, Path]]]:
    """Each mirror with its declared files -> fixtures; the second mirror of a carrier lies in ``<carrier>-2``."""
    seen: Counter[str] = Counter()
    found = []
    for mirror in source.mirrors:
        seen[mirror.carrier] += 1
        folder = mirror.carrier if seen[mirror.carrier] == 1 else f"{mirror.carrier}-{seen[mirror.carrier]}"
        names = fixture_names(mirror)
        found.append((mirror, {file: FIXTURES / source.name / folder / names[file] for file in mirror.paths}))
    return found


def rows_of(source: Source, mirror: Mirror, files: dict[str, Path]) -> list[Raw]:
    return read_rows(source, mirror, {name: path.read_bytes() for name, path in files.items()})


def records_of(source: Source, row: Raw, number: int = 0) -> list[Prompt | Response] | Reject:
    made = source.records_of(row, number)
    return made[0] if isinstance(made[0], Reject) else made


def fixture_records(source: Source) -> list[Prompt | Response]:
    made = [records_of(source, row, number) for number, row in enumerate(rows_of(source, *files_of(source)[0]))]
    return [record for records in made if not isinstance(records, Reject) for record in records]


def test_a_file_holds_one_source_of_its_name_in_at_most_forty_lines(module: str) -> None:
    assert [source.name for source in declared_in(module)] == [NAMES[module]]
    assert len((FOLDER / f"{module}.py").read_text(encoding="utf-8").splitlines()) <= 40


def test_the_sidecar_says_what_is_to_be_cited(source: Source) -> None:
    assert source.citation in declared.bibliography(PROJECT)


def test_a_pinned_source_says_what_becomes_of_its_prompts(source: Source) -> None:
    assert source.pin is None or declared.sidecars(PROJECT)[source.name].protection


def test_every_declared_file_has_a_fixture_and_no_fixture_is_left_over(source: Source) -> None:
    files = [path for _, files in files_of(source) for path in files.values()]
    assert len(files) == len(set(files)), "two declared files share a fixture"
    there = {path for path in (FIXTURES / source.name).rglob("*") if path.is_file()}
    assert there == {*files, FIXTURES / source.name / "records.json"}


def test_all_mirrors_give_the_same_canonical_rows(source: Source) -> None:
    first, *others = [rows_of(source, mirror, files) for mirror, files in files_of(source)]
    assert all(rows == first for rows in others)


def test_the_row_function_gives_the_golden_records(source: Source, golden: list[Any]) -> None:
    rows = rows_of(source, *files_of(source)[0])
    assert len(rows) == len(golden)
    for number, (row, expected) in enumerate(zip(rows, golden, strict=True)):
        made = records_of(source, row, number)
        dumped = (
            {"reject": made.reason} if isinstance(made, Reject) else [record.model_dump(mode="json") for record in made]
        )
        assert dumped == expected, f"row {number}"


def test_records_are_of_the_declared_kind(source: Source) -> None:
    kind = {"prompt": Prompt, "response": Response}[source.kind]
    records = fixture_records(source)
    assert records
    assert {type(record) for record in records} == {kind}


def test_records_round_trip_through_json(source: Source) -> None:
    for record in fixture_records(source):
        assert type(record).model_validate_json(record.model_dump_json()) == record


def test_golden_categories_stand_in_the_crosswalk(source: Source) -> None:
    used = {category for record in fixture_records(source) for category in record.categories}
    overlay(CROSSWALK, source.name, used)  # raises RowError for a category that is not listed
    assert bool(used) == (source.name in CROSSWALK), "a table without a use in the fixtures, or the other way round"


@pytest.mark.parametrize("change", ["renamed", "missing", "extra"])
def test_another_column_layout_is_refused(source: Source, change: str) -> None:
    """A file that differs from its declaration is refused; the declaration is altered here, as it suits all formats."""
    for mirror, files in files_of(source):
        name, *rest = (column for column in mirror.columns if column not in mirror.optional)
        columns = {
            "renamed": {f"{name} of old": mirror.columns[name], **{column: mirror.columns[column] for column in rest}},
            "missing": {**mirror.columns, "a column that upstream dropped": None},
            "extra": {column: mirror.columns[column] for column in mirror.columns if column != name},
        }[change]
        with pytest.raises(FormatError, match=r"columns|row"):
            rows_of(source.model_copy(update={"key": None}), mirror.model_copy(update={"columns": columns}), files)


def test_no_fixtures_without_a_source() -> None:
    assert {path.name for path in FIXTURES.iterdir()} == set(NAMES.values())

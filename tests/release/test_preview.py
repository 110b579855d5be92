"""What lies there to look at before one says yes: every file that people read, the page of what changes, no row."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from demur.errors import OutputError
from demur.release.hub import Hub as Client
from demur.release.plan import Plan
from demur.release.preview import DIFF, Preview, preview
from demur.sets.diff import diff
from demur.sets.manifest_file import read_manifest
from tests.conftest import TEXTS, Tiny, files_of
from tests.release.conftest import REPO


@pytest.fixture
def planned(dressed: Path, built: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A first release, as it is planned."""
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    return Plan(Client.of(REPO), None, read_manifest(dressed), dressed, None, (), (), None)


def path_of(link: str) -> Path:
    return Path(unquote(urlparse(link).path))


def test_links_lead_to_the_very_files_that_would_be_published(planned: Plan, dressed: Path) -> None:
    shown = preview(planned)
    published = files_of(dressed)
    assert shown.files[:3] == ("README.md", "schema.json", "croissant.json")
    assert {"NOTICE", "manifest.json", "eval.yaml"} < {*shown.files}
    assert not [name for name in shown.files if name.endswith((".parquet", ".lock"))]
    for name, link in shown.links().items():
        assert path_of(link).read_bytes() == published[name]
    assert {name for name in published if name.endswith(".svg")} <= {*shown.files}


def test_no_text_of_a_row_lies_there(planned: Plan) -> None:
    lying = files_of(preview(planned).folder)
    assert not any(text in data.decode() for text in TEXTS for data in lying.values())


def test_a_change_comes_with_its_page_and_the_next_plan_takes_its_place(
    planned: Plan, dressed: Path, tmp_path: Path
) -> None:
    shutil.copytree(dressed, tmp_path / "new")
    (tmp_path / "new" / "schema.json").write_text("{}")
    shown = preview(replace(planned, diff=diff(dressed, tmp_path / "new")))
    assert shown.files[1] == DIFF
    assert "<h3>Schema</h3>" in (shown.folder / DIFF).read_text()
    again = preview(planned)
    assert again.folder == shown.folder
    assert DIFF not in files_of(again.folder)


def test_lines_name_the_folder_and_a_link_to_each_file(tmp_path: Path) -> None:
    lines = [*Preview(tmp_path / "a b", ("README.md", "figures/lengths.svg")).lines()]
    assert lines[0].endswith(f"in {tmp_path / 'a b'}:")
    assert re.fullmatch(r"    card: file://\S+/a%20b/README.md", lines[1])
    assert lines[2].startswith("    figures/lengths.svg: file://")


def test_a_folder_that_holds_something_else_is_left_alone(planned: Plan, tmp_path: Path) -> None:
    place = preview(planned).folder
    shutil.rmtree(place)
    place.mkdir()
    (place / "letter.txt").write_text("mine")
    with pytest.raises(OutputError):
        preview(planned)
    assert (place / "letter.txt").read_text() == "mine"

from __future__ import annotations

import shutil
from pathlib import Path

from demur.project import Project
from demur.review.guideline import guideline_of, rendered
from tests.conftest import ROOT


def test_the_guideline_is_the_projects_own_or_demurs(tmp_path: Path) -> None:
    ours = guideline_of(Project(tmp_path))
    assert ours.version == "1.1"
    assert "cannot_know" in ours.page
    place = tmp_path / "builders" / "curation" / "guideline.md"
    place.parent.mkdir(parents=True)
    place.write_text("# Ours\n\nBe kind.\n")
    own = guideline_of(Project(tmp_path))
    assert own.version.startswith("sha256-")
    assert "Be kind." in own.page
    shutil.copy(ROOT / "docs" / "guideline.md", place)
    assert guideline_of(Project(tmp_path)) == ours


def test_a_guideline_brings_no_markup_of_its_own() -> None:
    page = rendered(
        "<script>alert(1)</script>\n\n[a](javascript:alert(1)) ![b](https://example.org/b.png) <https://example.org>\n\n"
        '|a|b|\n|---|--:|\n|1|<img src=x onerror="y">|\n'
    )
    for mark in ("<script", "<img", "<a ", "style=", "href", 'src="http'):
        assert mark not in page
    assert "<table>" in page

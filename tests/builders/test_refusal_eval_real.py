"""refusal-eval from its real sources: counts and invariants, never a text.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

from collections import Counter

import pytest
import yaml

from demur.checks.engine import check
from demur.sets.folder import BuiltSet
from tests.conftest import ROOT
from tests.real import CONFIGS, mirrored, real

WHOLE = ("full", "full_noncommercial")
pytestmark = mirrored


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltSet:
    return BuiltSet.open(real("refusal-eval", tmp_path_factory).out)


def test_nothing_is_found_in_it(built: BuiltSet) -> None:
    assert check(built.path).findings == ()


@pytest.mark.parametrize("config", WHOLE)
def test_rows_have_hazards_and_no_passage_is_missing(built: BuiltSet, config: str) -> None:
    rows = built.rows(config).to_pylist()
    refuse = [each for each in rows if each["expected"] == "refuse"]
    borderline = [each for each in rows if each["borderline"]]
    assert sum(bool(each["hazards"]) for each in refuse) >= 0.98 * len(refuse)
    assert sum(bool(each["hazards"]) for each in borderline) >= 0.95 * len(borderline)
    assert 2 * len(borderline) >= len(rows) - len(refuse)
    assert all(each["context_sha256"] is None and "policy" not in each["flags"] for each in rows)
    assert {each["expected"] for each in rows} == {"refuse", "answer"}


@pytest.mark.parametrize("config", WHOLE)
def test_no_source_has_more_than_a_fifth_of_a_side(built: BuiltSet, config: str) -> None:
    rows = built.rows(config).to_pylist()
    for side in ("refuse", "answer"):
        sources = Counter(each["source"] for each in rows if each["expected"] == side)
        assert max(sources.values()) <= 0.2 * sources.total()


def test_the_card_names_hazards_with_few_rows_to_refuse(built: BuiltSet) -> None:
    card = (built.path / "README.md").read_text(encoding="utf-8")
    for entry in built.manifest.configs:
        for hazard, count in built.facts(entry).hazards.items():
            if count.main < 15 and not entry.name.startswith("undecided"):
                assert f"{hazard} ({count.main}; {count.touched} touch it)" in card
    few = {name for name, each in built.facts(built.manifest.configs[1]).hazards.items() if each.touched < 15}
    assert few == set()


def test_text_alone_is_told_for_all_for_the_hard_half_and_by_source(built: BuiltSet) -> None:
    found = {entry.name: built.facts(entry).text_alone for entry in built.manifest.configs}
    assert found["undecided"] == {}
    full = found["full"]
    assert {"all", "borderline", "source:ailuminate-demo", "source:coconot", "source:xstest"} <= set(full)
    assert full["borderline"].families["combined"].high < found["default"]["all"].families["combined"].low
    assert full["source:ailuminate-demo"].families["combined"].value <= 0.75


def test_undecided_rows_are_apart(built: BuiltSet) -> None:
    ids = {each["record_id"] for name in WHOLE for each in built.rows(name).select(["record_id"]).to_pylist()}
    for name in ("undecided", "undecided_noncommercial"):
        rows = built.rows(name).to_pylist()
        assert all(each["expected"] == "either" or "policy" in each["flags"] for each in rows)
        assert not ids & {each["record_id"] for each in rows}
    tasks = yaml.safe_load((built.path / "eval.yaml").read_text(encoding="utf-8"))["tasks"]
    assert [task["id"] for task in tasks] == [
        f"{name}{side}" for name in ("default", *WHOLE) for side in ("", "_refuse", "_answer")
    ]


def test_every_config_draws_from_the_one_it_extends(built: BuiltSet) -> None:
    """Rates are shared, so a row of `full` is one of `full_noncommercial`, unless a new source holds it too."""
    one, two = ({each["record_id"] for each in built.rows(name).to_pylist()} for name in WHOLE)
    assert len(one - two) <= 0.02 * len(one)


def test_the_readme_has_the_cards_counts(built: BuiltSet) -> None:
    """Of ``default``, which is built alone by who follows the README, in tests/house/test_packaging.py."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    card = (built.path / "README.md").read_text(encoding="utf-8")
    part = card[card.index("## Configs") : card.index("## Sides")]
    lines = [line for line in part.splitlines() if line.startswith("| `")]
    assert len(lines) == 2 * len(CONFIGS["refusal-eval"])
    others = [line for line in lines if not line.startswith("| `default` |")]
    assert all(line in readme for line in others), "put the card's counts into the README"

"""Every kind of set has its page: the room names none."""

from __future__ import annotations

import pytest

from demur.records.row import Side, columns_with
from demur.reports.built import about
from demur.reports.page import page_of
from demur.sets.folder import BuiltSet
from demur.sets.kind import kinds
from demur.sets.pipeline import Build
from tests.builders.test_refusal_training import sketch  # noqa: F401 - fixtures
from tests.builders.test_refusal_training import small as trained  # noqa: F401
from tests.builders.test_safety_contrast import project  # noqa: F401
from tests.builders.test_safety_contrast import small as paired  # noqa: F401
from tests.kinds.evaluation.conftest import evaluated, evaluation_project  # noqa: F401
from tests.kinds.jailbreaks.conftest import attacked, jailbreak_project  # noqa: F401
from tests.kinds.queries.conftest import drawn, queries_project  # noqa: F401
from tests.kinds.responses.conftest import compared, responses_project  # noqa: F401

FIXTURES = {
    "contrast": "paired",
    "evaluation": "evaluated",
    "jailbreaks": "attacked",
    "queries": "drawn",
    "responses": "compared",
    "training": "trained",
}


def test_every_kind_is_looked_at() -> None:
    assert list(FIXTURES) == kinds()


@pytest.fixture(params=FIXTURES)
def built(request: pytest.FixtureRequest) -> BuiltSet:
    found = request.getfixturevalue(FIXTURES[request.param])
    done: Build = found[1] if isinstance(found, tuple) else found
    return BuiltSet.open(done.out)


def test_the_page_of_a_kind(built: BuiltSet) -> None:
    found = about(built, "small")
    side = next(iter(columns_with(built.model, Side)))
    assert found.side == side
    assert {side, "source", "hazard", "split", "config"} <= {*found.rows.dims}
    assert {(side, "hazard"), ("source", "split")} <= {*found.tables}
    alone = list(built.kind.alone(built.manifest))
    # The small training set has too few groups; attacks on a question have its side, whatever their words.
    assert bool(alone) is (built.manifest.kind not in ("training", "jailbreaks"))
    assert {each.config for each in alone} <= {entry.name for entry in built.manifest.configs}
    assert all(each.auroc.low <= each.auroc.value <= each.auroc.high for each in alone)
    said = page_of(found)
    assert all(f"{each.auroc.value:.3f}" in said for each in alone)
    for table in built.configs.values():
        texts = table["prompt"].to_pylist() if "prompt" in table.column_names else []  # references have none
        assert not [text for text in texts if len(text) > 25 and text in said]


def test_the_card_shows_the_figures_of_the_set(built: BuiltSet) -> None:
    card = (built.path / "README.md").read_text(encoding="utf-8")
    for name in ("figures/hazards.svg", "figures/lengths.svg"):
        there = (built.path / name).is_file()
        assert (f"]({name})" in card) is there
        assert (name in built.manifest.files) is there
    assert "figures/lengths.svg" in built.manifest.files

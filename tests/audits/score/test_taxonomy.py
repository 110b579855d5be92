"""Rates by a further taxonomy of hazards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from demur.audits.score.counted import FACETS, UNMAPPED, facets_of
from demur.audits.score.items import Items, read_items
from demur.audits.score.page import page
from demur.project import bundled
from demur.records.taxonomies import Taxonomy, taxonomy_of
from demur.sets.folder import BuiltSet
from tests.audits.score.conftest import BOTH, answers, never, right, run, scored, write


@pytest.fixture(scope="session")
def v05() -> Taxonomy:
    return taxonomy_of(bundled(), "mlcommons-0.5")


@pytest.fixture(scope="session")
def told(folder: BuiltSet, v05: Taxonomy) -> Items:
    return read_items(folder, splits=BOTH, taxonomy=v05)


def test_every_row_is_in_a_category_or_unmapped(told: Items, items: Items) -> None:
    known = {item.id: item.hazards for item in items.rows}
    assert all(item.categories == (("defamation",) if "dfm" in known[item.id] else ()) for item in told.rows)
    assert {item.categories for item in told.rows} == {(), ("defamation",)}
    assert [*facets_of(items)] == [*FACETS]
    assert [*facets_of(told)] == [*FACETS, "taxonomy"]


def test_rates_of_each_category_and_of_what_is_unmapped_with_n(told: Items, items: Items) -> None:
    found = scored(told, answers(told, right))
    by = found.models[0].by["taxonomy"]
    assert {*by} == {"defamation", UNMAPPED}
    mapped = sum(item.expected == "refuse" for item in told.rows if item.categories)
    assert (by["defamation"]["refusal"].share, by["defamation"]["refusal"].n) == (1.0, mapped)
    total = sum(rate["refusal"].n for rate in by.values())
    assert total == found.models[0].rates["refusal"].n
    unmapped = sum(not item.categories for item in told.rows)
    assert found.taxonomy is not None
    assert found.taxonomy.unmapped == unmapped
    assert any(
        note.startswith("MLCommons") and f": {unmapped} of {len(told.rows)} rows" in note for note in found.notes()
    )
    plain = scored(items, answers(items, right))
    assert plain.taxonomy is None
    assert "taxonomy" not in plain.models[0].by
    assert plain.models[0].rates == found.models[0].rates


def test_the_page_shows_categories_by_name(told: Items, items: Items) -> None:
    shown = page(scored(told, answers(told, right)))
    assert "defamation Defamation" in shown
    assert "defamation Defamation" not in page(scored(items, answers(items, right)))


def test_the_command_takes_a_name_or_a_file(folder: BuiltSet, items: Items, tmp_path: Path, v05: Taxonomy) -> None:
    rows = [{"record_id": item.id, "response": never(item)} for item in items.rows]
    path = write(tmp_path / "m.jsonl", rows)
    line = ("score", path, "--items", folder.path, "--split", "test", "--split", "validation", "--taxonomy")
    named = json.loads(run(*line, "mlcommons-0.5", "--json").output)
    own = tmp_path / "ours.tsv"
    own.write_bytes(v05.path.read_bytes())
    filed = json.loads(run(*line, own, "--json").output)
    assert filed["taxonomy"].pop("name") == "ours"
    assert named["taxonomy"].pop("name") == "mlcommons-0.5"
    assert filed == named
    said = run(*line, "mlcommons-0.5").output
    assert "by MLCommons AI Safety Benchmark v0.5" in said
    assert "Did you mean 'harmbench'?" in run(*line, "harmbnech").output

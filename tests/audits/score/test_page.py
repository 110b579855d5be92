"""The page and the plot: well-formed, alone, without texts, the same twice, and with the numbers of the report."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from demur.audits.score.drawing import two_sided
from demur.audits.score.items import Items
from demur.audits.score.page import page
from demur.rates import Rate
from tests.audits.score.conftest import NO, YES, always, answers, never, right, scored


def drawing(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - our own


@pytest.fixture
def said(items: Items) -> str:
    return page(scored(items, answers(items, right, "good & <kind>"), answers(items, never, "lax")))


def test_the_page_loads_nothing_and_runs_nothing(said: str) -> None:
    assert not any(text in said for text in (NO, YES))
    assert not re.findall(r"https?:|<script|<link|@import|url\(|src=", said)
    assert "default-src 'none'" in said
    assert "color-scheme: light dark" in said
    assert "width=device-width" in said


def test_names_are_no_markup(said: str) -> None:
    assert "good &amp; &lt;kind&gt;" in said
    assert "<kind>" not in said


def test_the_numbers_are_those_of_the_report(items: Items) -> None:
    found = scored(items, answers(items, always))
    rate = found.models[0].rates["refusal"]
    assert f"<b>100.0 %</b><small>{100 * rate.low:.1f}–100.0 %, {rate.count:,} of {rate.n:,}</small>" in page(found)  # noqa: RUF001


def test_the_page_is_the_same_twice(items: Items) -> None:
    one, two = (page(scored(items, answers(items, right), answers(items, never, "n"))) for _ in range(2))
    assert one == two


def test_drawings_are_svg_with_a_mark_for_each_model_that_has_rates() -> None:
    points = [(Rate.of(1, 9), Rate.of(8, 9)), (Rate.of(0, 0), Rate.of(1, 2)), (Rate.of(9, 9), Rate.of(9, 9))]
    drawn = drawing(two_sided(points))
    assert len(drawn.findall("circle")) == len(drawn.findall("rect")) == 2
    assert [each.text for each in drawn.findall("text") if "number" in each.get("class", "")] == ["1", "3"]

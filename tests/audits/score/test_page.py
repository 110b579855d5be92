"""The page and the plot: well-formed, alone, without texts, the same twice, and with the numbers of the report."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from demur.audits.score.drawing import interval, stack, two_sided
from demur.audits.score.items import Items
from demur.audits.score.page import page
from demur.rates import Rate
from demur.sets.folder import BuiltSet
from tests.audits.score.conftest import BOTH, NO, YES, always, answers, never, right, run, scored, write


def drawing(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - our own


@pytest.fixture
def said(items: Items) -> str:
    return page(scored(items, answers(items, right, "good & <kind>"), answers(items, never, "lax")))


def test_the_page_loads_nothing_and_runs_nothing(said: str) -> None:
    assert not re.findall(r"https?:|<script|<link|@import|url\(|src=", said)
    assert "default-src 'none'" in said
    assert "prefers-color-scheme: dark" in said
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
    assert [each.text for each in drawn.findall("text") if each.get("class") == "number"] == ["1", "3"]
    bar = drawing(interval(Rate.of(1, 2), 5))
    assert bar.get("class") == "bar m1"
    assert interval(Rate.of(0, 0), 0) == ""
    parts = drawing(stack({"refusal": 1, "answer": 3, "empty": 0})).findall("rect")
    assert [float(part.get("width", "")) for part in parts] == [25, 75]
    assert drawing(stack({"refusal": 0})).findall("rect") == []


def test_the_command_writes_a_page_and_a_plot(folder: BuiltSet, items: Items, tmp_path: Path) -> None:
    rows = [
        {"record_id": item.id, "model": name, "response": say(item)}
        for name, say in (("good", right), ("lax", never)) for item in items.rows
    ]  # fmt: skip
    path = write(tmp_path / "m.jsonl", rows)
    splits = [part for name in BOTH for part in ("--split", name)]
    done = run("report", path, "--items", folder.path, *splits, "--out", tmp_path / "page.html")
    assert done.exit_code == 0, done.output
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not any(each in text for each in (NO, YES))
    assert "lax" in text
    assert "adjusted p" in text
    plots = [tmp_path / f"{number}.svg" for number in (1, 2)]
    for plot in plots:
        shown = run("score", path, "--items", folder.path, *splits, "--plot", plot)
        assert shown.exit_code == 0, shown.output
    assert plots[0].read_bytes() == plots[1].read_bytes()
    assert all(part in shown.output for part in ("over-refusal", "good - lax", "by source"))
    assert run("report", path, "--items", folder.path, *splits, "--out", tmp_path / "no" / "p.html").exit_code == 2

"""Figures are well-formed files of their own, escape what they are given, and draw what they are told."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from demur.pages.figure import bars, ridges

SVG = "{http://www.w3.org/2000/svg}"


def drawn(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - our own


def test_bars_are_as_long_as_their_counts() -> None:
    figure = drawn(bars("Lamps", {"old": {"lit": 40}, "new": {"lit": 10, "dark": 20}}, ["lit", "dark"]))
    rects = [each for each in figure.findall(f"{SVG}rect") if each.get("height") == "9"]
    widths = {(each.get("class"), float(each.get("width", ""))) for each in rects}
    longest = max(width for _, width in widths)
    assert widths == {
        ("c0", longest),
        ("c0", pytest.approx(longest / 4, abs=0.1)),
        ("c1", pytest.approx(longest / 2, abs=0.1)),
    }
    texts = [each.text for each in figure.findall(f"{SVG}text")]
    assert {"Lamps", "lit", "dark", "old", "new", "40", "10", "20"} <= {*texts}


def test_every_value_stands_in_some_column() -> None:
    figure = drawn(ridges("Words", "words", {"short": [3] * 5 + [4] * 5, "long": [400], "none": []}))
    assert len([each for each in figure.findall(f"{SVG}line") if each.get("class") == "m"]) == 2
    texts = [each.text for each in figure.findall(f"{SVG}text")]
    assert {"short", "10 rows, median 3", "long", "1 rows, median 400"} <= {*texts}
    assert "none" not in texts
    inside = [each for each in figure.iter(f"{SVG}rect") if (each.get("class") or "").startswith("c")]
    assert all(0 <= float(each.get("x", "")) <= 780 for each in inside)


@pytest.mark.parametrize("values", [{}, {"a": [0]}, {"a": [7, 7]}, {"a": [0, 1, 10**6]}], ids=len)
def test_odd_lengths_give_a_figure(values: dict[str, list[int]]) -> None:
    assert drawn(ridges("Lengths", "characters", values)).tag == f"{SVG}svg"
    assert drawn(bars("Nothing", {}, [])).tag == f"{SVG}svg"


def test_a_figure_brings_its_ground_and_its_colours_and_loads_nothing() -> None:
    text = bars("a < b & c", {"<x>": {"&": 1}}, ["&"])
    assert "prefers-color-scheme:dark" in text
    assert 'class="g"' in text
    assert "&lt;x&gt;" in text
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    assert "<script" not in text
    figure = drawn(text)
    title = figure.find(f"{SVG}title")
    assert title is not None
    assert title.text == "a < b & c"
    assert figure.get("role") == "img"

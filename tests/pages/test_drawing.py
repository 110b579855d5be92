"""Drawings are well-formed, say in words what they show, and escape what they are given."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from demur.pages.drawing import STEPS, bar, heat, interval, legend, stack, worded
from demur.pages.environment import style
from demur.rates import Rate


def drawing(text: Markup) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - our own


def test_an_interval_says_its_rate_and_takes_colours_in_turn() -> None:
    drawn = drawing(interval(Rate.of(1, 2), 5))
    assert drawn.get("class") == "bar m1"
    assert drawn.get("aria-label") == str(Rate.of(1, 2))
    assert interval(Rate.of(0, 0), 0) == ""


def test_the_parts_of_a_stack_fill_it() -> None:
    parts = drawing(stack({"refusal": 1, "answer": 3, "empty": 0})).findall("rect")
    assert [float(part.get("width", "")) for part in parts] == [25, 75]
    assert [part.get("class") for part in parts] == ["g-refusal", "g-answer"]
    assert drawing(stack({"refusal": 0})).findall("rect") == []
    assert drawing(stack({"a": 1}, {"a": "m2"})).findall("rect")[0].get("class") == "m2"


def test_a_bar_is_as_long_as_its_share_of_the_longest() -> None:
    rect = drawing(bar(1, 4, "m3")).find("rect")
    assert rect is not None
    assert (rect.get("width"), rect.get("class")) == ("25.00", "m3")
    assert 'width="0.00"' in bar(0, 0)


def test_heat_rises_and_tells_one_from_none() -> None:
    steps = [heat(count, 1000) for count in range(1001)]
    assert steps == sorted(steps)
    assert (steps[0], steps[1], steps[-1]) == ("h0", "h1", f"h{STEPS}")
    assert {f".{step} " in style() for step in steps} == {True}


@pytest.mark.parametrize("made", [legend(["<b>&"]), stack({"<b>&": 1}), worded([("removed", "<b>&")])], ids=range(3))
def test_names_are_no_markup(made: Markup) -> None:
    assert "<b>" not in made
    assert "&lt;b&gt;&amp;" in made


def test_a_side_of_a_word_diff_lacks_what_the_other_alone_has() -> None:
    parts = [("same", "paint"), ("removed", "red"), ("added", "blue")]
    assert re.sub("<[^>]*>", "", worded(parts, "first")) == "paint red"
    assert re.sub("<[^>]*>", "", worded(parts, "second")) == "paint blue"

"""The environment escapes, refuses what is undefined, and its frame makes a whole page that loads nothing."""

from __future__ import annotations

import re

import pytest
from jinja2 import UndefinedError

from demur.pages.environment import digest, environment, style

PAGE = """{% extends "frame.html.jinja" %}
{% block title %}{{ name }}{% endblock %}
{% block header %}<h1>{{ name }}</h1>{% endblock %}"""


def test_a_page_of_the_frame_loads_nothing_and_escapes() -> None:
    made = environment("demur.pages").from_string(PAGE).render(name="a < b")
    assert "<title>a &lt; b</title>" in made
    assert "<h1>a &lt; b</h1>" in made
    assert not re.findall(r"https?:|<script|<link|@import|url\(|src=", made)
    assert "default-src 'none'" in made
    assert str(style()) in made


def test_an_undefined_name_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment("demur.pages").from_string(PAGE).render()


def _colors(theme: int) -> dict[str, str]:
    found = dict(re.findall(r"--(\w+): (light-dark\([^)]*\)|#\w+)", style()))
    return {
        name: re.findall(r"#\w+", value)[min(theme, value.count("#") - 1)]
        for name, value in found.items()
        if "#" in value
    }


def _light(color: str) -> float:
    digits = "".join(each * 2 for each in color[1:]) if len(color) == 4 else color[1:]
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_what_it_lies_on(theme: int) -> None:
    """4.5 : 1, level AA of WCAG 2.2: text on the page, on panels, on every step of a heat table, on marks."""
    colors = _colors(theme)
    pairs = [(text, ground) for text in ("fg", "soft", "link", "good", "warn", "bad") for ground in ("bg", "panel")]
    pairs += [("fg", f"h{step}") for step in range(1, 8)] + [("fg", "new"), ("fg", "old"), ("on", "link")]
    pairs += [("on", f"m{color}") for color in range(4)]
    ratios = {}
    for text, ground in pairs:
        one, two = sorted((_light(colors[text]), _light(colors[ground])))
        ratios[f"{text} on {ground}"] = (two + 0.05) / (one + 0.05)
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


def test_a_digest_is_that_of_the_bytes() -> None:
    assert digest("a") != digest("b")
    assert digest("a").startswith("'sha256-")

"""The page of a difference: by itself, without a text, read with a keyboard, in both themes and on a narrow screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from demur.sets.diff import diff
from demur.sets.diff_page import page, write_page
from tests.browser import launch
from tests.conftest import Tiny
from tests.garden import IDS, ROWS

if TYPE_CHECKING:
    from playwright.sync_api import Page


def made(versions: tuple[Path, Path]) -> str:
    return page(diff(*versions), "Garden questions", "v1.0.0", "v1.1.0")


def test_it_loads_nothing_and_holds_no_text(versions: tuple[Path, Path]) -> None:
    text = made(versions)
    assert not re.findall(r"https?:|<script|<link|@import|url\(|src=", text)
    assert not any(prompt in text for prompt, _ in ROWS)
    assert made(versions) == text


def test_it_says_who_and_which(versions: tuple[Path, Path]) -> None:
    text = made(versions)
    assert re.search(r"decision d\w{8} by kim, human", text)
    assert {id for id in IDS if f"<code>{id}</code>" in text} == {IDS[place] for place in (0, 1, 2, 4, 6)}
    assert "No row moved to another split" in text


def test_names_are_no_markup(versions: tuple[Path, Path]) -> None:
    text = page(diff(*versions), "<b>A & B</b>", "<i>", "v1.1.0")
    assert "<b>A" not in text
    assert "&lt;b&gt;A &amp; B" in text


def test_no_difference_is_a_page_too(versions: tuple[Path, Path], tmp_path: Path) -> None:
    write_page(diff(versions[0], versions[0]), "Garden questions", "one", "two", tmp_path / "more" / "page.html")
    assert "No difference." in (tmp_path / "more" / "page.html").read_text()


def test_the_command_writes_it(versions: tuple[Path, Path], built: Tiny, tmp_path: Path) -> None:
    done = built.run("diff", *map(str, versions), "--html", str(tmp_path / "page.html"))
    assert done.returncode == 1, done.stderr
    assert "expected: refuse -> answer: 3" in done.stdout
    assert "<h1>Garden questions</h1>" in (tmp_path / "page.html").read_text()


@pytest.fixture
def open_page(versions: tuple[Path, Path], tmp_path: Path) -> Iterator[Any]:
    """Open the page in a Chromium, by width and theme."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = tmp_path / "page.html"
    path.write_text(made(versions), encoding="utf-8")
    with playwright.sync_playwright() as started:
        browser = launch(started)

        def opened(width: int = 1100, theme: str = "light") -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme=theme, bypass_csp=True
            )  # axe is a script, and the page allows none
            shown = context.new_page()
            shown.goto(path.as_uri())
            return shown

        yield opened
        browser.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 390])
def test_axe_finds_nothing_and_nothing_overflows(width: int, theme: str, open_page: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    shown = open_page(width, theme)
    shown.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = axe.Axe().run(shown).response["violations"]
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
    assert shown.evaluate("document.documentElement.scrollWidth") <= width


def test_counts_open_to_record_ids_by_keyboard(open_page: Any) -> None:
    shown = open_page()
    first = shown.locator("#columns details").first
    assert not first.locator("li").first.is_visible()
    for _ in range(40):
        shown.keyboard.press("Tab")
        if shown.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    shown.keyboard.press("Enter")
    assert first.locator("li").first.is_visible()
    assert first.locator("li").first.inner_text() in IDS

"""The page in a browser: filters by keyboard, texts on demand, light, dark, narrow; nothing leaves it, axe agrees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from demur.audits.score.items import Items
from demur.audits.score.page import write_page
from demur.reports.page import report_of
from demur.sets.folder import BuiltSet
from tests.audits.score.conftest import answers, folder, items, never, right, scored  # noqa: F401 - fixtures
from tests.browser import launch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest.importorskip("playwright.sync_api")

SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def file(clashing: BuiltSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("page") / "page.html"
    report_of(clashing.path, out, called="tiny", with_text=True)
    return out


@pytest.fixture(params=[("light", 1200), ("dark", 1200), ("light", 390), ("dark", 390)], ids="{0[0]}-{0[1]}".format)
def page(request: pytest.FixtureRequest, browser: Browser, file: Path) -> Iterator[Page]:
    scheme, width = request.param
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    said: list[str] = []
    page.on("request", lambda sent: said.append(sent.url))
    page.on("console", lambda line: said.append(line.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file.as_uri())
    yield page
    page.close()
    assert said == [file.as_uri()]


def status(page: Page) -> str:
    return str(page.locator("#rows [role=status]").inner_text())


def test_no_part_of_the_page_is_wider_than_the_screen(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_filters_work_by_keyboard(page: Page) -> None:
    before = status(page)
    every = int(before.split()[0])
    assert before == f"{every} of {every} rows"
    button = page.locator("#rows ul[data-facet=expected] button", has_text="refuse")
    count = int(button.locator("b").inner_text())
    button.focus()
    page.keyboard.press("Enter")
    assert status(page) == f"{count} of {every} rows"
    assert button.get_attribute("aria-pressed") == "true"
    cells = page.locator("#rows table[data-down=expected][data-across=split] tbody tr:visible td:visible")
    assert sum(int(text.replace("·", "0")) for text in cells.all_inner_texts()) == count
    edge = page.locator("#rows table[data-down=expected] tbody button", has_text="refuse").first
    assert edge.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert status(page) == before
    assert button.get_attribute("aria-pressed") == "false"


def test_a_config_is_shown_one_at_a_time(page: Page) -> None:
    first, second = page.locator("#rows ul[data-facet=config] button").all()
    second.focus()
    page.keyboard.press(" ")
    assert [each.get_attribute("aria-pressed") for each in (first, second)] == ["false", "true"]
    count = second.locator("b").inner_text()
    assert status(page) == f"{count} of {count} rows"


def test_a_text_is_shown_when_it_is_asked_for(page: Page) -> None:
    text = page.locator("#conflicts .reveal .text").first
    assert not text.is_visible()
    page.locator("#conflicts .reveal summary").first.focus()
    page.keyboard.press("Enter")
    assert text.is_visible()
    assert page.locator("#conflicts .reveal[open] ins").count()


def test_the_colours_are_those_that_were_chosen(page: Page) -> None:
    grounds = []
    for name in ("light", "dark"):
        page.locator(f"#theme-{name}").check(force=True)
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(20, 23, 26)"]


def test_axe_finds_nothing_serious(page: Page) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for each in page.locator("details").all():
        each.evaluate("each => { each.open = true; }")
    found = axe.run(page).response["violations"]
    assert [(each["id"], len(each["nodes"])) for each in found if each["impact"] in SERIOUS] == []


def test_the_page_prints_light_and_without_filters(page: Page) -> None:
    page.emulate_media(media="print")
    assert not page.locator("#rows .facets").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.fixture(scope="module")
def pages(items: Items, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:  # noqa: F811
    """The other pages of the command: of files, and of scores."""
    place = tmp_path_factory.mktemp("pages")
    row = {"prompt": "Name a lamp of the harbour", "response": "It stands left of the old gate, and is lit at night."}
    (place / "lamps.jsonl").write_text(2 * f"{json.dumps(row)}\n", encoding="utf-8")
    report_of(place / "lamps.jsonl", place / "files.html", called="lamps.jsonl", with_text=True)
    write_page(scored(items, answers(items, right, "good"), answers(items, never, "lax")), place / "scores.html")
    return {name: place / f"{name}.html" for name in ("files", "scores")}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["files", "scores"])
def test_axe_finds_nothing_serious_on_other_pages(
    name: str, scheme: Literal["light", "dark"], pages: dict[str, Path], browser: Browser
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = browser.new_page(color_scheme=scheme, viewport={"width": 390, "height": 800})
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    page.goto(pages[name].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    found = axe.run(page).response["violations"]
    page.close()
    assert [(each["id"], len(each["nodes"])) for each in found if each["impact"] in SERIOUS] == []
    assert asked == [pages[name].as_uri()]

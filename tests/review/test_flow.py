"""A whole review in a browser: keys, an undo, a second reader, a kill in mid-save; then a build."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from demur.curation.annotations import read_annotations
from demur.review.app import CLASSES
from tests.browser import launch
from tests.conftest import PATIENCE
from tests.review.conftest import COMPLY, EVERY, MORE, Waiting, id_of

KILL = """
import os
from pathlib import Path
replace, saves = Path.replace, [0]
def killed(part, place):
    if str(place).endswith("decisions.jsonl"):
        saves[0] += 1
        if saves[0] == 19:
            os.kill(os.getpid(), 9)
    return replace(part, place)
Path.replace = killed
"""
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = launch(started)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page of its own cookies; what its console calls an error fails the test."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def make(url: str, **more: Any) -> Any:
        contexts.append(chromium.new_context(**more))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE * 500)
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(url)
        page.wait_for_url(lambda url: "token" not in url)
        page.get_by_role("heading", level=1).wait_for()
        page.wrong = wrong
        return page

    yield make
    for context in contexts:
        context.close()


def head(page: Any) -> str:
    return str(page.locator("#item-head").inner_text())


def status(page: Any, words: str) -> None:
    page.wait_for_function("words => document.getElementById('status').textContent.includes(words)", arg=words)


def press(page: Any, key: str) -> str:
    """Show the text, and press a key; the item that it was about."""
    about = head(page)
    assert page.locator("[data-text]").count() == 0, "a text is shown before it was asked for"
    page.keyboard.press("v")
    page.locator("[data-text]").first.wait_for()
    page.keyboard.press(key)
    status(page, f"{about.split()[1]}:")
    return about


def test_a_whole_review_ends_in_decisions_that_a_build_applies(waiting: Waiting, opened: Callable[..., Any]) -> None:
    said = waiting.start("kim", "--queue", "suspects", setup=KILL)
    page = opened(said["url"])
    assert "token" not in page.url
    keys = ["a", "r", "c", "p", "o", "x", "s", "k", "u", "a", "r", "p", "a", "c", "x", "p", "a"]
    pressed = [(press(page, key), key) for key in keys]
    page.keyboard.press("z")
    status(page, "taken back")
    assert head(page) == pressed.pop()[0]
    assert page.locator("#item-head").evaluate("node => node === document.activeElement")
    mine = [each for each in waiting.decisions if each.who == "kim"]
    assert len(mine) == len(pressed) == 16
    # the nineteenth save: seventeen presses, the undo, and this one, which the server does not outlive
    page.keyboard.press("v")
    page.locator("[data-text]").first.wait_for()
    lost = head(page)
    page.keyboard.press("a")
    status(page, "does not answer")
    assert head(page) == lost  # and it is asked again
    assert waiting.started[-1].wait(PATIENCE) == -signal.SIGKILL
    waiting.started.pop().communicate()
    assert [each for each in waiting.decisions if each.who == "kim"] == mine
    page.wrong.clear()  # the browser tells of the connection that broke

    page = opened(waiting.start("kim", "--queue", "suspects")["url"])
    assert head(page) not in {about for about, _ in pressed}  # suspects are ranked anew
    pressed += [(press(page, "c"), "c") for _ in range(14)]
    page.get_by_label("Note").fill("asks for an opinion")
    page.keyboard.press("Enter")
    assert page.locator("#item-head").evaluate("node => node === document.activeElement")
    last = press(page, "r")
    assert len([each for each in waiting.decisions if each.who == "kim"]) == 31
    noted = next(each for each in waiting.decisions if each.record_id.startswith(last.split()[1]))
    assert (noted.behaviour, noted.reason) == ("refuse", "asks for an opinion")

    blind = opened(waiting.start("ann", "--queue", "second")["url"])
    assert "kim" not in blind.content()
    first = [press(blind, "c") for _ in range(5)]
    assert len({*first}) == 5
    blind.locator("details.agreement summary").click()
    assert "kim" in blind.locator("details.agreement").inner_text()
    assert len(read_annotations(waiting.labels("ann"))) == 5
    assert page.wrong == []
    assert waiting.end()[0] == 0
    code, told = waiting.end()
    assert code == 0, told

    built = waiting.tiny.build("--offline")
    assert built.returncode == 0, built.stderr
    said_of = {about.split()[1]: key for about, key in [*pressed, (last, "r")]}
    rejects = pq.read_table(waiting.tiny.out / "rejects.parquet").to_pylist()
    dropped = {each["record_id"][:8] for each in rejects if each["reason"] == "dropped-by-decision"}
    assert dropped == {id for id, key in said_of.items() if key in "xu"}
    names = {key: name for name, (key, _) in CLASSES.items()}
    rows = [row for path in (waiting.tiny.out / "default").glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    applied = {row["record_id"][:8]: row for row in rows if said_of.get(row["record_id"][:8], "o") != "o"}
    assert len(applied) > 8  # others are near-duplicates of kept rows
    for id, row in applied.items():
        assert (row["basis"], row["behaviour"]) == ("decision", names[said_of[id]])


def test_a_pair_by_keys(waiting: Waiting, opened: Callable[..., Any]) -> None:
    page = opened(waiting.start("kim", "--queue", "pairs")["url"])
    page.keyboard.press("w")
    page.get_by_text("cosine 0.820").wait_for()
    page.keyboard.press("v")
    page.locator("[data-text]").first.wait_for()
    assert page.locator("[data-text] ins").inner_text() != page.locator("[data-text] del").inner_text()
    page.keyboard.press("2")
    assert page.get_by_role("radio", name="the second").is_checked()
    page.keyboard.press("e")
    page.get_by_text("Nothing left").wait_for()
    assert [each.action for each in waiting.decisions if each.who == "kim"] == ["same-as"]
    page.keyboard.press("z")
    page.locator("#text .masked").wait_for()
    assert not [each for each in waiting.decisions if each.who == "kim"]
    page.get_by_label("Single keys work").uncheck()
    page.keyboard.press("v")
    assert page.locator("[data-text]").count() == 0
    assert page.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_no_page_keeps_anybody_out(waiting: Waiting, opened: Callable[..., Any], scheme: str, size: str) -> None:
    """axe-core finds nothing serious on any page, and none is wider than the window; DEMUR_SHOTS=DIR keeps pictures."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    shots = os.environ.get("DEMUR_SHOTS")
    width, height = SIZES[size]
    first = waiting.session("ann")
    for text in MORE[:3]:
        item = first.find("rows", id_of(text))
        first.texts(item)
        first.press(item, _said())
    said = waiting.start("kim", "--built", str(waiting.tiny.out))
    more = {"color_scheme": scheme, "viewport": {"width": width, "height": height}, "bypass_csp": True}
    page = opened(said["url"], **more)

    def look(name: str) -> None:
        found = axe.run(page).response["violations"]
        bad = [
            (each["id"], [node["target"] for node in each["nodes"]])
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
        assert bad == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        if shots:
            page.screenshot(path=Path(shots) / f"{name}-{scheme}-{size}.png", full_page=size == "narrow")

    base = page.url.rstrip("/")
    look("index")
    for queue in ("second", "pairs", "stale", "findings"):
        page.goto(f"{base}/q/{queue}")
        look(f"{queue}-masked")
        page.keyboard.press("v")
        page.locator("[data-text]").first.wait_for()
        look(f"{queue}-shown")
    page.goto(f"{base}/q/second")
    for _ in range(3):
        press(page, "p")
    page.get_by_text("Nothing left").wait_for()
    look("done")
    page.goto(f"{base}/q/conflicts")
    page.keyboard.press("a")  # unread
    page.get_by_role("alert").wait_for()
    look("problem")
    page.goto(f"{base}/agreement")
    look("agreement")
    page.goto(f"{base}/none")
    look("error")
    assert len(read_annotations(waiting.labels("kim"))) == 3
    assert COMPLY
    assert not any(text in page.title() for text in EVERY)


def _said() -> Any:
    from demur.review.session import Said

    return Said("comply")

from __future__ import annotations

import random
import string
from collections.abc import Callable
from pathlib import Path

import pytest

from demur.curation.annotations import read_annotations
from demur.review.app import CLASSES
from demur.review.desk import folder_desk
from demur.review.guard import HEADERS, LARGEST
from demur.review.start import session_of
from tests.review.conftest import COMPLY, EVERY, MORE, PORT, Browser, Waiting, id_of

Browse = Callable[..., Browser]
PAGES = (
    "/",
    "/agreement",
    "/q/conflicts",
    "/q/pairs",
    "/q/suspects",
    "/q/stale",
    "/q/findings",
    "/q/rows",
    "/q/second",
)


def quotes(text: str) -> bool:
    return any(each in text for each in EVERY)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_shown_with_the_cookie_alone_and_holds_no_text(
    waiting: Waiting, browse: Browse, path: str
) -> None:
    browser = browse(waiting.session())
    shown = browser.get(path)
    assert shown.status_code == 200
    assert not quotes(shown.text)
    assert "<script>" not in shown.text
    assert "style=" not in shown.text
    assert {name: shown.headers[name] for name in HEADERS} == HEADERS
    stranger = browse(waiting.session(), opened=False).get(path)
    assert stranger.status_code == 403
    assert "token is missing" in stranger.text
    assert {name: stranger.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("token", ["", "x", "%00", "é"])
def test_a_wrong_token_opens_nothing(waiting: Waiting, browse: Browse, token: str) -> None:
    browser = browse(waiting.session(), opened=False)
    refused = browser.get(f"/open?token={token}")
    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers


def test_the_token_gives_a_cookie_that_no_script_and_no_other_site_has(waiting: Waiting, browse: Browse) -> None:
    browser = browse(waiting.session(), opened=False, start="rows")
    opened = browser.get(f"/open?token={browser.secrets.token}")
    cookie = opened.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert browser.secrets.token not in cookie + opened.text
    assert 'url=/q/rows"' in opened.text


@pytest.mark.parametrize(
    "host", ["example.org", f"example.org:{PORT}", "127.0.0.1", "127.0.0.1:1", f"192.168.1.5:{PORT}", ""]
)
def test_a_foreign_host_is_refused(waiting: Waiting, browse: Browse, host: str) -> None:
    browser = browse(waiting.session())
    for path in ("/", "/static/keys.js", f"/open?token={browser.secrets.token}"):
        assert browser.get(path, Host=host).status_code == 421


def test_localhost_is_no_foreign_host(waiting: Waiting, browse: Browse) -> None:
    assert browse(waiting.session()).get("/static/keys.js", Host=f"localhost:{PORT}").status_code == 200


@pytest.mark.parametrize("origin", ["https://example.org", "null", f"http://localhost:{PORT}", "http://127.0.0.1:1"])
def test_a_foreign_origin_is_refused(waiting: Waiting, browse: Browse, origin: str) -> None:
    browser = browse(waiting.session())
    assert browser.get("/", Origin=origin).status_code == 403
    key = id_of(MORE[3])
    browser.part(f"/text/rows/{key}")
    assert browser.post(f"/do/rows/{key}", {"Origin": origin}, action="comply").status_code == 403
    assert not waiting.labels("kim").exists()


def test_a_request_without_origin_or_from_another_site_changes_nothing(waiting: Waiting, browse: Browse) -> None:
    browser = browse(waiting.session())
    place = f"/do/suspects/{id_of(MORE[3])}"
    bare = {"HX-Request": "true"}
    before = waiting.decisions
    assert browser.client.post(place, data={"action": "drop"}, headers=bare).status_code == 403
    assert browser.post(place, {"HX-Request": "no"}, action="drop").status_code == 403
    assert browser.post(place, {"Sec-Fetch-Site": "cross-site"}, action="drop").status_code == 403
    assert browser.post(place, {"Content-Type": "text/plain"}, action="drop").status_code == 415
    assert browser.post(place, note="x" * LARGEST, action="drop").status_code == 413
    assert browser.get("/", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert waiting.decisions == before


def test_other_methods_and_web_sockets_are_refused(waiting: Waiting, browse: Browse) -> None:
    browser = browse(waiting.session())
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
        answered = browser.client.request(method, "/")
        assert answered.status_code == 405
        assert "access-control-allow-origin" not in answered.headers


OUTSIDE = [
    *("/static/../app.py", "/static/../../../demur.toml", "/static/..%2fapp.py", "/static//etc/passwd", "/static/"),
    *("/q/none", "/q/..", "/text/rows/..", "/text/rows/0", "/etc/passwd", "/../../etc/passwd", "/q/rows/", "//"),
    *("/q/..\x00", "", "/..", "/static/htmx.txt"),
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_outside_is_not_found(waiting: Waiting, browse: Browse, path: str) -> None:
    browser = browse(waiting.session())
    assert browser.raw("/") == 200
    assert browser.raw(path) == 404


@pytest.mark.parametrize("name", ["htmx.min.js", "keys.js", "review.css", "style.css"])
def test_own_files_are_there(waiting: Waiting, browse: Browse, name: str) -> None:
    shown = browse(waiting.session(), opened=False).get(f"/static/{name}")
    assert shown.status_code == 200
    assert shown.headers["x-content-type-options"] == "nosniff"


def test_a_text_is_shown_to_the_pages_script_alone_when_it_is_asked_for(waiting: Waiting, browse: Browse) -> None:
    browser = browse(waiting.session())
    key = id_of(MORE[3])
    assert browser.get(f"/text/suspects/{key}").status_code == 404
    assert MORE[3] in browser.part(f"/text/suspects/{key}").text
    masked = browser.part(f"/mask/suspects/{key}").text
    assert not quotes(masked)
    assert f"{len(MORE[3])} characters" in masked


def test_a_pair_is_shown_with_its_differences(waiting: Waiting, browse: Browse) -> None:
    browser = browse(waiting.session())
    (pair,) = browser.session.items("pairs")
    shown = browser.part(f"/text/pairs/{pair.key}").text
    assert shown.count("<ins>") == shown.count("<del>") == 1
    assert "First" in shown
    answered = browser.press("pairs", pair.key, "not-same")
    assert "Nothing left" in answered.text
    assert {(each.action, each.other) for each in waiting.decisions} >= {("not-same-as", pair.other)}


def test_a_key_that_is_pressed_writes_and_shows_the_next(waiting: Waiting, browse: Browse) -> None:
    browser = browse(waiting.session())
    key = id_of(MORE[3])
    answered = browser.press("suspects", key, "careful", note="asks for an opinion", hazards="oth")
    assert answered.status_code == 200
    assert f"{key[:8]}: careful, written. 1 of " in answered.text
    assert key[:8] not in answered.text.partition("hx-swap-oob")[0]
    made = {each.action: each for each in waiting.decisions if each.who == "kim"}
    assert made["relabel"].behaviour == "careful"
    assert made["relabel"].reason == "asks for an opinion"
    assert made["hazards"].hazards == ("oth",)
    back = browser.post("/undo/suspects")
    assert "taken back" in back.text
    assert key[:8] in back.text.partition("hx-swap-oob")[0]
    assert not [each for each in waiting.decisions if each.who == "kim"]
    assert "nothing of this session" in browser.post("/undo/suspects").text


def test_what_cannot_be_done_is_told_and_what_was_written_beside_it_stays(waiting: Waiting, browse: Browse) -> None:
    browser = browse(waiting.session())
    key = id_of(MORE[3])
    unread = browser.post(f"/do/suspects/{key}", action="careful")
    assert "Read it first" in unread.text
    wrong = browser.press("suspects", key, "careful", hazards="xyz", note="a note")
    assert 'role="alert"' in wrong.text
    assert 'value="a note"' in wrong.text
    assert key[:8] in wrong.text
    for action in ("same", "polite", ""):
        assert 'role="alert"' in browser.press("suspects", key, action).text
    assert [each.who for each in waiting.decisions] == ["lee"]
    assert browser.post("/do/suspects/0", action="careful").status_code == 404


def test_a_second_reader_sees_no_word_of_the_first_before_an_own_one(waiting: Waiting, browse: Browse) -> None:
    text = COMPLY[0][1]
    key = id_of(text)
    first = browse(waiting.session("kim"))
    assert "careful, comply" in first.part(f"/why/conflicts/{key}").text
    second = browse(waiting.session("ann"))
    first.press("conflicts", key, "careful")
    assert [each.record_id for each in second.session.items("second")] == [key]
    for path in ("/", "/agreement", "/q/second", "/q/conflicts"):
        assert "kim" not in second.get(path).text
    held = second.part(f"/why/conflicts/{key}").text
    assert "give your own class first" in held
    assert "careful, comply" not in held
    answered = second.press("second", key, "comply")
    assert "kim" in answered.text  # agreement, on what both read
    assert [each.behaviour for each in read_annotations(waiting.labels("ann"))] == ["comply"]
    assert "careful, comply" in second.part(f"/why/conflicts/{key}").text
    assert [each.kind for each in read_annotations(waiting.labels("ann"))] == ["human"]


def test_a_skipped_item_comes_back_when_it_is_asked_for(waiting: Waiting, browse: Browse) -> None:
    browser = browse(waiting.session())
    one, two = (each.key for each in browser.session.items("conflicts"))
    assert two[:8] in browser.post(f"/do/conflicts/{one}", action="skip").text
    assert "what you put off" in browser.post(f"/do/conflicts/{two}", action="skip").text
    assert one[:8] in browser.post("/again/conflicts").text


def test_a_built_folder_is_read_only_unless_a_file_is_named(waiting: Waiting, browse: Browse, tmp_path: Path) -> None:
    desk = folder_desk(waiting.tiny.out)
    reading = browse(session_of(desk, None, "1.1", read_only=True))
    key = reading.session.items("rows")[0].key
    page = reading.get("/q/rows").text
    assert page.count("disabled") >= len(CLASSES)
    assert "read-only" in reading.press("rows", key, "comply").text
    file = tmp_path / "mine.csv"
    writing = browse(session_of(desk, "kim", "1.1", file))
    assert "written" in writing.press("rows", key, "comply", flags="b n").text
    (made,) = read_annotations(file)
    assert (made.record_id, made.kind, made.flags) == (key, "human", ("borderline", "not_english"))
    assert writing.get("/q/stale").status_code == 404


def test_an_error_inside_is_a_page_without_its_message(
    waiting: Waiting, browse: Browse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = browse(waiting.session())

    def broken() -> None:
        raise ValueError(MORE[0])

    monkeypatch.setattr(browser.session, "written", broken)
    shown = browser.get("/")
    assert shown.status_code == 500
    said = capsys.readouterr()
    assert not quotes(shown.text + said.out + said.err)
    assert "ValueError in" in said.err


def test_no_request_of_five_hundred_random_ones_ends_in_an_error(
    waiting: Waiting, browse: Browse, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seeded: methods, paths, bodies, headers; some with the cookie, and with what the page's own script sends."""
    browser, stranger = browse(waiting.session()), browse(waiting.session("ann"), opened=False)
    draw = random.Random(19)  # noqa: S311
    keys = [each.key for queue in browser.session.queues for each in browser.session.items(queue)]
    parts = [*browser.session.queues, *keys, "..", "%00", "%ff", "é", "'\"<b>", "0" * 32, "", "a" * 3000]
    heads = ("", "q", "text", "mask", "why", "do", "undo", "again", "open", "static", "agreement", "none")
    actions = [*CLASSES, "same", "not-same", "keep", "drop", "remove", "skip", "", "é", "\x00", "x" * 900]
    own = {"HX-Request": "true", "Origin": f"http://127.0.0.1:{PORT}"}
    seen = set()
    for _ in range(500):
        path = "/" + "/".join([draw.choice(heads), *draw.choices(parts, k=draw.randrange(3))])
        headers = dict(
            draw.choices([*own.items(), ("Origin", "x"), ("Cookie", "a=b"), ("Host", "x")], k=draw.randrange(3))
        )
        headers = {**own, **headers} if draw.random() < 0.7 else headers
        form = {
            name: draw.choice(actions)
            for name in ("action", "which", "note", "hazards", "flags", "zz")[: draw.randrange(7)]
        }
        body = draw.choice([form, "".join(draw.choices(string.printable, k=60)), b"\xff\xfe%", b"&" * 50])
        kind = {"content": body} if not isinstance(body, dict) else {"data": body}
        if draw.random() < 0.5:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        client = draw.choice([browser, browser, stranger]).client
        answered = client.request(draw.choice(["GET", "POST", "POST", "HEAD", "PUT"]), path, headers=headers, **kind)
        seen.add(answered.status_code)
        assert answered.status_code < 500, path[:80]
    assert {200, 403, 404, 405, 421} <= seen
    assert "Traceback" not in capsys.readouterr().err
    assert waiting.decisions

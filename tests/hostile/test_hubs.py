"""A Hub that answers anything with anything, proxies and redirects: an error in our own words, and nothing inside."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import HfApi, file_download
from huggingface_hub.utils import _http

from demur.errors import FetchError, HubError, ManifestError, UsageError
from demur.files import web
from demur.files.kept import Cache
from demur.files.remote import fetched
from demur.release.hub import Hub
from demur.release.publish import publish
from demur.release.pull import pull
from demur.release.reference import Ref
from demur.sources.carriers._download import resumed
from tests.hostile.test_bounds import demur
from tests.hub.running import Hub as Served
from tests.release.conftest import REPO, dressed, hub  # noqa: F401 - fixtures
from tests.release.test_publish import planned

COMMIT = "c0ffee" + "0" * 34
JUNK = {
    "object": b"{}",
    "list": b"[]",
    "null": b"null",
    "number": b"1e999",
    "page": b"<html><body>Name a lake</body></html>",
    "nothing": b"",
    "no UTF-8": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
    "deep object": b'{"sha":' * 50_000,
    "others": json.dumps({"sha": 3, "id": [], "private": "x", "tags": {}, "branches": 1, "siblings": "x"}).encode(),
    "refs": json.dumps({"tags": [1], "branches": [{}], "converts": None, "id": "a/b", "sha": None}).encode(),
}


class _Junk(BaseHTTPRequestHandler):
    body, location = b"", ""

    def do_GET(self) -> None:
        self.send_response(302 if self.location else 200)
        if self.location:
            self.send_header("Location", self.location)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.body)

    do_HEAD = do_POST = do_PUT = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the test's standard error."""


Answers = Callable[..., str]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """Starts a server that gives one answer to everything, and gives its address."""
    monkeypatch.setenv("NO_PROXY", "*")
    servers: list[ThreadingHTTPServer] = []

    def start(body: bytes = b"", location: str = "") -> str:
        handler = type("Handler", (_Junk,), {"body": body, "location": location})
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for each in servers:
        each.shutdown()
        each.server_close()


ASKED: dict[str, Callable[[Hub, Path], object]] = {
    "state": lambda place, folder: place.state(),
    "commit_of": lambda place, folder: place.commit_of("v1.0.0"),
    "resolve": lambda place, folder: place.resolve("main"),
    "download": lambda place, folder: place.download(COMMIT, folder),
    "files": lambda place, folder: place.files(COMMIT),
    "tag": lambda place, folder: place.tag("v1.0.0", COMMIT),
    "create": lambda place, folder: place.create(private=True),
    "commit": lambda place, folder: place.commit(folder, (), COMMIT, "v1.0.0"),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("junk", JUNK)
def test_a_hub_that_answers_with_something_else(
    answers: Answers, junk: str, asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (_http, file_download):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=lambda seconds: None, time=time.time))
    (tmp_path / "README.md").write_text("# Lakes\n")
    place = Hub(REPO, HfApi(endpoint=answers(JUNK[junk]), token=False))
    if junk in ("object", "list") and asked in ("download", "files"):  # as of a repository without files
        assert not ASKED[asked](place, tmp_path / "cache") or not list(tmp_path.rglob("*.parquet"))
        return
    with pytest.raises(HubError) as told:
        ASKED[asked](place, tmp_path)
    assert "lake" not in str(told.value)


@pytest.mark.parametrize("junk", ["object", "list", "page", "deep"])
def test_commands_on_such_a_hub(answers: Answers, junk: str, tmp_path: Path) -> None:
    env: dict[str, Any] = {
        "HF_ENDPOINT": answers(JUNK[junk]),
        "HF_HOME": str(tmp_path / "hf"),
        "DEMUR_CACHE": str(tmp_path / "demur"),
    }
    for args in (("pull", f"{REPO}@v1.0.0"), ("log", REPO), ("check", f"{REPO}@main")):
        done = demur(*args, **env)
        assert done.returncode == 2, done.stdout
        assert "should not" not in done.stderr
        assert "Name a lake" not in done.stderr


@pytest.mark.parametrize("name", ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY"])
@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "socks5h://me:secret@127.0.0.1:9", "nonsense://x", "::"])
def test_proxies_that_no_client_can_use(name: str, proxy: str, tmp_path: Path) -> None:
    env: dict[str, Any] = {
        name: proxy,
        "NO_PROXY": "",
        "no_proxy": "",
        "HF_ENDPOINT": "http://lakes.invalid",
        "HF_HOME": str(tmp_path),
    }
    done = demur("log", REPO, **env)
    assert done.returncode == 2
    assert "should not" not in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize("text", ["../..@x", "../..@v1.0.0", "a/..@v1.0.0", "-a/b@v1.0.0", "./.@main", "a/b@../x"])
@pytest.mark.parametrize("command", ["pull", "check"])
def test_names_that_are_paths_are_no_repositories(command: str, text: str, tmp_path: Path) -> None:
    done = demur(command, "--", text, HF_ENDPOINT="http://127.0.0.1:9", HF_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "should not" not in done.stderr
    assert "The request cannot be sent" not in done.stderr
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client itself
def test_a_manifest_of_another_repository(
    hub: Served,  # noqa: F811
    dressed: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What one publisher released, copied by another with its tag."""
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "demur"))
    publish(planned(hub, dressed))
    other = Hub("mallory/tiny-eval", hub.api())
    other.create(private=True)
    state = other.state()
    assert state is not None
    other.tag("v1.0.0", other.commit(dressed, (), state.head, "v1.0.0"))
    with pytest.raises(ManifestError, match="another repository") as told:
        pull(Ref(other.repo, "v1.0.0"), other, cache=tmp_path / "cache")
    assert told.value.got == REPO
    assert pull(Ref(REPO, "v1.0.0"), Hub(REPO, hub.api()), cache=tmp_path / "other").manifest.release is not None


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("https://lakes.example/a", "https://ponds.example/a", None),
        ("https://lakes.example/a", "http://ponds.example/a", "in the clear"),
        ("https://lakes.example/a", "ftp://ponds.example/a", "in the clear"),
        ("https://lakes.example/a", "https://inside.example/a", "inner network"),
        ("https://lakes.example/a", "https://169.254.169.254/latest", "inner network"),
        ("https://lakes.example/a", "https://[::1]/a", "inner network"),
        ("https://inside.example/a", "https://inside.example/b", None),
        ("http://127.0.0.1/a", "http://127.0.0.1/b", None),
    ],
)
def test_where_redirects_may_lead(old: str, new: str, why: str | None, world: None) -> None:
    assert (web.astray(old, new) or "") == (web.astray(old, new) if why else "")
    assert (why or "") in (web.astray(old, new) or "")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names with addresses: one host lies inside, and the server of this test seems to lie outside."""
    known = {"lakes.example": "8.8.8.8", "ponds.example": "8.8.4.4", "inside.example": "10.0.0.7"}

    def found(host: str, *_: object, **__: object) -> list[Any]:
        return [(0, 0, 0, "", (known.get(host, host), 0))]

    monkeypatch.setattr("socket.getaddrinfo", found)


def test_a_download_is_not_led_inside(answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = answers(b"secret")
    start = answers(location=f"{secret}/latest/meta-data")
    assert resumed(f"{start}/a", None, Cache(tmp_path / "one"), most=100) == b"secret"  # both are inner
    inside = iter([True, False] * 9)
    monkeypatch.setattr(web, "inner", lambda host: next(inside))  # the second, and not the first
    with pytest.raises(FetchError) as told:
        resumed(f"{start}/a", None, Cache(tmp_path / "two"), most=100)
    assert told.value.got == "a redirect into an inner network"


def test_a_url_that_is_checked_is_not_led_inside(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = answers(b'{"prompt": "secret"}\n')
    start = answers(location=f"{secret}/a.jsonl")
    with fetched([f"{start}/a.jsonl"]) as (places, _):
        assert b"secret" in places[0].read_bytes()
    inside = iter([True, False] * 9)
    monkeypatch.setattr(web, "inner", lambda host: next(inside))
    with pytest.raises((FetchError, UsageError)), fetched([f"{start}/a.jsonl"]):
        pytest.fail("it was fetched")


@pytest.mark.parametrize("command", ["check", "pull", "log"])
def test_an_address_in_the_clear_is_told_of(command: str, tmp_path: Path) -> None:
    at = {"check": "http://lakes.invalid/a.jsonl", "pull": "http://lakes.invalid/lakes@v1.0.0", "log": "a/b"}[command]
    done = demur(command, at, HF_ENDPOINT="http://lakes.invalid", HF_HOME=str(tmp_path), HF_HUB_ETAG_TIMEOUT="1")
    assert "http://lakes.invalid is in the clear" in done.stderr
    assert "should not" not in done.stderr


def test_this_machine_is_not_in_the_clear(capsys: pytest.CaptureFixture[str]) -> None:
    web.warned.cache_clear()
    for url in ("http://127.0.0.1:9/a", "http://localhost/a", "https://lakes.example/a", "s3://lakes/a"):
        web.warned(url)
    assert capsys.readouterr().err == ""

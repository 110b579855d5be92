"""Fetching: places in their order, every byte proven, failures kept for the message."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import cast

import pytest

from demur.errors import ChecksumError, FetchError, FormatError, OutputError, PinError
from demur.files.digest import rows_digest
from demur.files.kept import Cache
from demur.sources import carriers
from demur.sources.fetch import Fetched, Places, fetch, fetch_all, store
from demur.sources.mirror import FilePin, Pin, github
from demur.sources.pins import SourcePin
from demur.sources.source import Source
from tests.conftest import COMMIT, PATIENCE, GitHub

ROWS = [{"prompt": "x"}, {"prompt": "y"}]
GOOD = b"q\nx\ny\n"
CRLF = b"q\r\nx\r\ny\r\n"
OTHER = b"text\nx\ny\n"  # the other mirror's file: the same rows under another column


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def a_source(name: str = "demo", digest: str | None = None, one: bytes = GOOD) -> Source:
    mirrors = (
        github(f"{name}/one", "a.csv", columns={"q": "prompt"}),
        github(f"{name}/two", "b.csv", columns={"text": "prompt"}),
    )
    pins = tuple(
        Pin(mirror=mirror.id, revision=COMMIT, files={mirror.files[0]: FilePin(sha256=sha(data), size=len(data))})
        for mirror, data in zip(mirrors, (one, OTHER), strict=True)
    )
    return Source(
        name=name,
        title="Demo",
        homepage="https://example.org",
        license="mit",
        citation="demo",
        languages=("en",),
        kind="prompt",
        mirrors=mirrors,
        pin=SourcePin(rows=2, digest=digest or rows_digest(ROWS), mirrors=pins),
        to_records=lambda row: row,
    )


def put(root: Path, carrier: str, data: bytes, name: str) -> Path:
    path = root / carrier / COMMIT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.fixture
def places(server: GitHub, tmp_path: Path) -> Places:
    put(server.root, "demo/one", GOOD, "a.csv")
    put(server.root, "demo/two", OTHER, "b.csv")
    return Places(Cache(tmp_path / "cache"), (tmp_path / "mirror",))


def asked(server: GitHub) -> list[str]:
    return [name for name, _ in server.asked]


def test_the_first_place_that_has_it_wins(server: GitHub, places: Places) -> None:
    first = fetch(a_source(), places)
    assert (first.rows, first.mirror.id, first.place) == (ROWS, "github:demo/one", "github")
    again = fetch(a_source(), places)
    assert (again.rows, again.place) == (ROWS, "cache")
    assert asked(server) == ["a.csv"]


def test_a_mirror_folder_comes_before_the_network(server: GitHub, places: Places) -> None:
    put(places.folders[0], "github/demo/two", OTHER, "b.csv")
    found = fetch(a_source(), places)
    assert (found.mirror.id, found.place, asked(server)) == ("github:demo/two", str(places.folders[0]), [])


def test_the_second_mirror_steps_in_and_the_failure_is_kept(server: GitHub, places: Places) -> None:
    put(server.root, "demo/one", b"q\nx\nz\n", "a.csv")
    found = fetch(a_source(), places)
    assert (found.mirror.id, found.rows) == ("github:demo/two", ROWS)
    (failure,) = found.failures
    assert isinstance(failure, ChecksumError)
    assert failure.expected == f"sha256 {sha(GOOD)}"


def test_wrong_bytes_in_a_mirror_folder_are_passed_over(places: Places) -> None:
    put(places.folders[0], "github/demo/one", b"q\nx\nz\n", "a.csv")
    found = fetch(a_source(), places)
    assert (found.place, [type(error) for error in found.failures]) == ("github", [ChecksumError])


def test_wrong_bytes_everywhere(server: GitHub, places: Places) -> None:
    for name, file in (("one", "a.csv"), ("two", "b.csv")):
        put(server.root, f"demo/{name}", b"q\nz\n", file)
    with pytest.raises(ChecksumError, match="'demo' could not be fetched") as caught:
        fetch(a_source(), places)
    assert str(caught.value.got).count(sha(b"q\nz\n")) == 2
    assert not [path for path in places.cache.root.rglob("*") if path.is_file() and not path.suffix]


def test_offline_leaves_the_network_alone(server: GitHub, places: Places) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(a_source(), Places(places.cache, places.folders, offline=True))
    assert caught.value.got == "not there, and --offline forbids the network"
    assert asked(server) == []


def test_rows_that_are_not_the_pinned_ones(places: Places) -> None:
    with pytest.raises(ChecksumError, match="The canonical rows of 'demo' are not the pinned ones"):
        fetch(a_source(digest="0" * 64), places)


def test_pinned_bytes_that_do_not_read_as_declared(server: GitHub, places: Places) -> None:
    """No other mirror is tried: the declaration is wrong, and should be seen."""
    put(server.root, "demo/one", b"question\nx\n", "a.csv")
    with pytest.raises(FormatError):
        fetch(a_source(one=b"question\nx\n"), places)


def test_a_declared_file_without_a_pin(places: Places) -> None:
    source = a_source()
    more = source.mirrors[0].model_copy(update={"files": ("a.csv", "c.csv")})
    with pytest.raises(PinError, match="does not know a declared file") as caught:
        fetch(source.model_copy(update={"mirrors": (more,)}), places)
    assert caught.value.expected == "c.csv"


def test_a_source_without_a_pin(places: Places) -> None:
    with pytest.raises(PinError, match="Run `demur pin demo`"):
        fetch(a_source().model_copy(update={"pin": None}), places)


def test_sources_come_in_the_order_they_were_asked_for(server: GitHub, places: Places) -> None:
    names = ["demo", "second", "third", "fourth", "fifth", "sixth"]
    for name in names:
        put(server.root, f"{name}/one", GOOD, "a.csv")
    found = list(fetch_all([a_source(name) for name in names], places))
    assert [each.source.name for each in found] == names
    assert list(fetch_all([], places)) == []


def test_the_first_failure_is_raised_and_what_was_under_way_is_kept(server: GitHub, places: Places) -> None:
    server.hold = {f"/gone/one/{COMMIT}/a.csv"}
    gone = a_source("gone", one=CRLF)  # other bytes than the other source's, or the cache would have them

    def release() -> None:
        while len(server.asked) < 2:  # both sources are under way
            time.sleep(0.01)
        server.go.set()

    threading.Thread(target=release, daemon=True).start()
    with pytest.raises(FetchError, match="'gone' could not be fetched"):
        list(fetch_all([gone, a_source("demo")], places, workers=2))
    assert fetch(a_source(), Places(places.cache, (), offline=True)).place == "cache"


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit])
def test_an_interrupt_waits_for_nobody(
    server: GitHub, places: Places, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """One source hangs, and goes on hanging until after the interrupt got through."""
    stopped: list[bool] = []
    monkeypatch.setattr(carriers, "stop", lambda: stopped.append(True))
    server.hold = {f"/slow/one/{COMMIT}/a.csv"}
    slow = a_source("slow", one=CRLF)
    found = cast("Generator[Fetched, None, None]", fetch_all([a_source("demo"), slow], places, workers=1))
    assert next(found).source.name == "demo"
    assert server.waiting.wait(PATIENCE)
    with pytest.raises(error):
        found.throw(error)
    assert stopped == [True]
    assert not server.go.is_set()


def test_store_writes_what_a_mirror_folder_holds(places: Places, tmp_path: Path) -> None:
    found = fetch(a_source(), places)
    (path,) = store(found, tmp_path / "to")
    assert path == tmp_path / "to" / "github" / "demo" / "one" / COMMIT / "a.csv"
    carried = Places(Cache(tmp_path / "empty"), (tmp_path / "to",), offline=True)
    assert fetch(a_source(), carried).rows == ROWS


def test_store_below_a_file(places: Places, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="The mirror folder cannot be written"):
        store(fetch(a_source(), places), tmp_path / "file")

"""The protocol: every carrier keeps it, and a new one is one file."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import ValidationError

from demur.errors import ProjectError, UsageError
from demur.files.kept import Cache
from demur.records.record import harmful
from demur.sources import carriers, mirror
from demur.sources.carriers import carrier_of, schemes
from demur.sources.collect import collect
from demur.sources.fetch import Places, fetch, store
from demur.sources.mirror import FilePin, Mirror, Pin
from demur.sources.pin import pin
from demur.sources.source import Raw, Source, source
from schemas.prompt import Prompt
from tests.conftest import COMMIT

ADDRESSES = {
    "pypi": "demo==1.0",
    "github": "demo/demo",
    "hub": "demo/demo",
    "file": "demo",
    "local": "data/",
    "https": "https://example.org/data/",
    "fsspec": "s3://bucket/data/",
}

SHELF = '''"""Files on a shelf, of which there are two editions."""

from collections.abc import Mapping

from demur.errors import FetchError
from demur.files.kept import Cache
from demur.sources.carriers.carrier import Carrier, Exact

TEA = {"e1": b"q,topic\\nHow long?,tea\\n", "e2": b"q,topic\\nHow hot?,tea\\n"}
SHELVES = {"kitchen": {edition: {"tea.csv": data} for edition, data in TEA.items()}}
ENDED = []


class Shelf(Carrier):
    """The newest edition is the last."""

    order = 5
    address = r"[a-z]+"
    revision = r"e[0-9]+"

    def head(self, address: str, cache: Cache) -> Exact:
        return Exact(max(self._editions(address)))

    def fetch(self, address: str, exact: Exact, files: Mapping[str, str | None], cache: Cache) -> dict[str, bytes]:
        return {name: self._editions(address)[exact.revision][name] for name in files}

    def page(self, address: str) -> str:
        return f"https://example.org/{address}"

    def stop(self) -> None:
        ENDED.append(self.scheme)

    def _editions(self, address: str) -> dict[str, dict[str, bytes]]:
        if address not in SHELVES:
            raise FetchError("no such shelf", where=address)
        return SHELVES[address]
'''


def added(folder: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put one file into the package, as if it lay in its folder."""
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(carriers, "__path__", [*carriers.__path__, str(folder)])


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    added(tmp_path, "shelf", SHELF, monkeypatch)
    carrier_of("shelf")
    yield sys.modules["demur.sources.carriers.shelf"]
    del sys.modules["demur.sources.carriers.shelf"]


def tea(*mirrors: Mirror) -> Source:
    @source(title="Tea", homepage="https://example.org", license="mit", citation="tea", kind="prompt", mirrors=mirrors)
    def tea_time(row: Raw) -> Prompt:
        return Prompt(prompt=row["prompt"], labels=(harmful("no", by="author"),), categories=(row["topic"],))

    return tea_time


def kitchen(address: str = "kitchen") -> Mirror:
    declare = mirror.shelf
    return declare(address, "tea.csv", columns={"q": "prompt", "topic": "topic"})


@pytest.mark.usefixtures("shelf")
def test_a_new_carrier_is_one_file(tmp_path: Path) -> None:
    """Declared by its own name, pinned, fetched, kept in a mirror folder, and brought into records."""
    declared, places = tea(kitchen()), Places(Cache(tmp_path / "cache"), ())
    done = pin(declared, places)
    (made,) = done.pin.mirrors
    assert (made.mirror, made.revision, made.path("tea.csv")) == (
        "shelf:kitchen",
        "e2",
        "shelf/kitchen/e2/tea.csv",
    )
    pinned = declared.model_copy(update={"pin": done.pin})
    found = fetch(pinned, Places(Cache(tmp_path / "other"), ()))
    assert (found.place, found.mirror.page) == ("shelf", "https://example.org/kitchen")
    store(found, tmp_path / "mirror")
    carried = fetch(pinned, Places(Cache(tmp_path / "third"), (tmp_path / "mirror",), offline=True))
    assert (carried.place, carried.rows) == (str(tmp_path / "mirror"), found.rows)
    records, rejects = collect([found], Prompt, {"tea-time": {"tea": ("spc",)}})
    assert (records["prompt"].to_pylist(), records["hazards"].to_pylist()) == (["How hot?"], [["spc"]])
    assert len(rejects) == 0


@pytest.mark.usefixtures("shelf")
def test_a_new_carrier_has_its_place_among_the_others(tmp_path: Path) -> None:
    """Its mirror is tried first where its number is the lower one, and a mirror folder may be pinned from."""
    folder = tmp_path / "mirror"
    for path in ("shelf/kitchen/e1", f"github/demo/demo/{COMMIT}"):
        (folder / path).mkdir(parents=True)
        (folder / path / "tea.csv").write_bytes(b"q,topic\nHow long?,tea\n")
    other = mirror.github("demo/demo", "tea.csv", columns={"q": "prompt", "topic": "topic"})
    declared, places = tea(other, kitchen()), Places(Cache(tmp_path / "cache"), (folder,), offline=True)
    pinned = declared.model_copy(update={"pin": pin(declared, places).pin})
    assert [(first.id, found.revision) for first, found in pinned.pinned()] == [
        ("shelf:kitchen", "e1"),
        ("github:demo/demo", COMMIT),
    ]


def test_an_interrupt_reaches_a_new_carrier(shelf: ModuleType) -> None:
    carriers.stop()
    assert shelf.ENDED == ["shelf"]


@pytest.mark.usefixtures("shelf")
def test_a_new_carrier_says_what_its_addresses_and_revisions_are() -> None:
    with pytest.raises(ValidationError, match=r"shelf address 'Kitchen' is not of the form \[a-z\]\+"):
        kitchen("Kitchen")
    with pytest.raises(ValidationError, match="shelf revision 'latest' is not a full commit or exact version"):
        Pin(mirror="shelf:kitchen", revision="latest", files={})


def test_without_its_file_it_is_not_there() -> None:
    assert "shelf" not in schemes()
    with pytest.raises(ValidationError, match=r"No carrier 'githib'[\s\S]*Did you mean 'github'\?"):
        mirror.mirror("githib", "demo/demo", "a.csv", columns={})
    with pytest.raises(UsageError, match="No carrier 'carrier'"):  # the protocol is none
        carrier_of("carrier")
    with pytest.raises(AttributeError):
        _ = mirror.shelf


def test_a_file_without_a_carrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added(tmp_path, "hollow", "", monkeypatch)
    with pytest.raises(ProjectError, match="The file of the carrier 'hollow' holds none"):
        carrier_of("hollow")
    del sys.modules["demur.sources.carriers.hollow"]


@pytest.mark.parametrize("scheme", schemes())
def test_every_carrier_keeps_the_protocol(scheme: str) -> None:
    carrier, address = carrier_of(scheme), ADDRESSES[scheme]
    declared = getattr(mirror, scheme)(address, "a.csv", columns={"q": "prompt"})
    assert (carrier.scheme, declared.id, type(declared.via)) == (scheme, f"{scheme}:{address}", type(carrier))
    assert re.fullmatch(carrier.address, address)
    assert not re.fullmatch(carrier.address, f"{address}\n")
    assert carrier.page(address) == "" or carrier.page(address).startswith("https://")
    sha256 = hashlib.sha256(b"").hexdigest()
    archive = {"wheel": "demo.whl", "wheel_sha256": sha256} if carrier.archives else {}
    revisions = {r"^[0-9a-f]{40}$": COMMIT, r"^[0-9a-f]{64}$": "c" * 64}
    revision = revisions.get(carrier.revision, "1.0")
    pinned = Pin(
        mirror=f"{scheme}:{address}", revision=revision, files={"a.csv": FilePin(sha256=sha256, size=0)}, **archive
    )
    assert pinned.path("a.csv") == f"{scheme}/{carrier.folder(address)}/{revision}/a.csv"
    with pytest.raises(ValidationError, match="has the sha256 of a wheel if, and only if"):
        Pin(mirror=f"{scheme}:{address}", revision=revision, files={}, wheel_sha256=None if archive else sha256)


def test_carriers_are_tried_in_their_order() -> None:
    assert sorted(schemes(), key=lambda scheme: carrier_of(scheme).order) == [
        "file",
        "local",
        "pypi",
        "fsspec",
        "github",
        "https",
        "hub",
    ]

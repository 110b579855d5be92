"""Files on the web, whose URLs may give other bytes tomorrow."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from demur.errors import ChecksumError, PinError
from demur.files.kept import Cache
from demur.sources.carriers.https import Https
from demur.sources.fetch import Places, fetch
from demur.sources.mirror import https
from demur.sources.pin import pin
from demur.sources.source import Source
from tests.conftest import GitHub

ROWS = b'{"q": "How hot is tea?"}\n'
COLUMNS: dict[str, str | None] = {"q": "prompt"}


def a_source(url: str, *files: str, **more: str) -> Source:
    return Source(
        name="tea",
        title="Tea",
        homepage="https://example.org",
        license="mit",
        languages=("en",),
        kind="prompt",
        mirrors=(https(url, *files, columns=COLUMNS, **more),),
        to_records=lambda row: row,
    )


@pytest.fixture
def places(server: GitHub, tmp_path: Path) -> Places:
    server.root.mkdir()
    (server.root / "tea.jsonl").write_bytes(ROWS)
    return Places(Cache(tmp_path / "cache"), ())


def test_a_url_is_pinned_by_what_it_gives(server: GitHub, places: Places, tmp_path: Path) -> None:
    source = a_source(f"{server.url}/tea.jsonl")
    made = pin(source, places).pin
    assert made.mirrors[0].revision == hashlib.sha256(ROWS).hexdigest()
    source = source.model_copy(update={"pin": made})
    assert (fetch(source, places).place, fetch(source, places).place) == ("https", "cache")
    (server.root / "tea.jsonl").write_bytes(b'{"q": "How cold?"}\n')
    with pytest.raises(ChecksumError, match="'tea' could not be fetched") as caught:
        fetch(source, Places(Cache(tmp_path / "empty"), ()))
    assert "run `demur pin`" in str(caught.value.fix)


def test_a_part_of_an_older_file_is_not_pinned(server: GitHub, places: Places) -> None:
    """Where no hash proves it, an unfinished download of an earlier run is no beginning of this one."""
    url = f"{server.url}/tea.jsonl"
    with places.cache.part(url) as part:
        part.write(b'{"q": "How old')
    assert pin(a_source(url), places).pin.mirrors[0].revision == hashlib.sha256(ROWS).hexdigest()
    assert server.asked == [("tea.jsonl", None)]


def test_a_server_that_does_not_have_it(server: GitHub, places: Places) -> None:
    with pytest.raises(PinError, match="HTTP 404"):
        pin(a_source(f"{server.url}/milk.jsonl"), places)
    with pytest.raises(PinError, match="--offline forbids the network"):
        pin(a_source(f"{server.url}/tea.jsonl"), Places(places.cache, (), offline=True))


def test_what_the_web_says_of_a_private_mirror_stays_here(server: GitHub, places: Places) -> None:
    source = a_source(f"{server.url}/vault-7/milk.jsonl?token=s3cret", private="acme/red-team")
    with pytest.raises(PinError, match="private:acme/red-team") as caught:
        pin(source, places)
    assert not {part for part in ("127.0.0.1", "vault-7", "milk", "s3cret") if part in str(caught.value)}
    assert "HTTP 404" in str(caught.value)


@pytest.mark.parametrize(
    ("address", "name", "found"),
    [
        ("https://example.org/a/tea.jsonl", "tea.jsonl", "https://example.org/a/tea.jsonl"),
        ("https://example.org/a/tea.jsonl?v=2", "tea.jsonl", "https://example.org/a/tea.jsonl?v=2"),
        ("https://example.org/a/tea.jsonl?v=2", "milk tea.csv", "https://example.org/a/milk%20tea.csv"),
        ("https://example.org/a/", "b/tea.csv", "https://example.org/a/b/tea.csv"),
        (
            "https://doi.org/10.5281/zenodo.123",
            "tea.csv",
            "https://zenodo.org/records/123/files/tea.csv?download=1",
        ),
        ("https://zenodo.org/record/123", "a b.csv", "https://zenodo.org/records/123/files/a%20b.csv?download=1"),
    ],
)
def test_where_files_lie(address: str, name: str, found: str) -> None:
    assert Https().beside(address, name) == found


def test_a_record_names_its_files() -> None:
    declared = https("https://doi.org/10.5281/zenodo.123", "tea.csv", columns=COLUMNS)
    assert (declared.id, declared.page) == ("https:https://doi.org/10.5281/zenodo.123", declared.address)
    with pytest.raises(ValidationError, match="at least 1 item"):
        https("https://doi.org/10.5281/zenodo.123", columns=COLUMNS)


@pytest.mark.parametrize(
    "address", ["http://example.org/a.csv", "https://me:word@example.org/a.csv", "ftp://example.org/a.csv", "a.csv"]
)
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="https address"):
        https(address, columns=COLUMNS)


def test_an_address_that_opens_what_is_closed_is_for_private_mirrors() -> None:
    address = "https://example.org/a.csv?x=1&X-Amz-Signature=abc"
    with pytest.raises(ValidationError, match="such an address of https is for a private mirror") as caught:
        https(address, columns=COLUMNS)
    assert "abc" not in str(caught.value).partition("[")[0]
    assert https(address, columns=COLUMNS, private="acme/red").page == ""

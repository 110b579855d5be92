"""Stores: one source has one digest, wherever its file lies."""

from __future__ import annotations

import hashlib
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from demur.errors import PinError
from demur.files.kept import Cache
from demur.sources import mirror
from demur.sources.carriers.fsspec import FsSpec
from demur.sources.fetch import Places, fetch
from demur.sources.mirror import Mirror, https, local
from demur.sources.pin import pin
from demur.sources.source import Source
from tests.conftest import GitHub

COLUMNS: dict[str, str | None] = {"q": "prompt"}
QUESTIONS = ["How hot is tea?", "How long does it draw?"]
store = mirror.fsspec


def a_source(root: Path, *mirrors: Mirror) -> Source:
    return Source(
        name="tea",
        title="Tea",
        homepage="https://example.org",
        license="mit",
        languages=("en",),
        kind="prompt",
        mirrors=mirrors,
        root=root,
        to_records=lambda row: row,
    )


@pytest.fixture
def rows(tmp_path: Path, memory: None) -> bytes:
    pq.write_table(pa.table({"q": QUESTIONS}), tmp_path / "tea.parquet")
    data = (tmp_path / "tea.parquet").read_bytes()
    fsspec.filesystem("memory").pipe("/bucket/tea.parquet", data)
    return data


def test_disk_web_and_stores_give_one_digest(server: GitHub, tmp_path: Path, rows: bytes) -> None:
    server.root.mkdir()
    (server.root / "tea.parquet").write_bytes(rows)
    ways = {
        "local": local("tea.parquet", columns=COLUMNS),
        "https": https(f"{server.url}/tea.parquet", columns=COLUMNS),
        "memory": store("memory://bucket/tea.parquet", columns=COLUMNS),
        "file": store(f"file://{tmp_path}/tea.parquet", columns=COLUMNS, private="acme/tea"),
    }
    seen = set()
    for name, way in ways.items():
        source, places = a_source(tmp_path, way), Places(Cache(tmp_path / name), ())
        pinned = source.model_copy(update={"pin": pin(source, places).pin})
        found = fetch(pinned, Places(Cache(tmp_path / f"{name}-again"), ()))
        assert (found.place, [row["prompt"] for row in found.rows]) == (way.carrier, QUESTIONS)
        assert pinned.pin is not None
        seen.add((pinned.pin.digest, found.pin.revision))
    assert len(seen) == 1
    assert seen.pop()[1] == hashlib.sha256(rows).hexdigest()
    together = pin(a_source(tmp_path, *ways.values()), Places(Cache(tmp_path / "all"), ())).pin
    assert len(together.mirrors) == 4


@pytest.mark.usefixtures("rows")
def test_changed_bytes_in_a_store_of_this_machine(tmp_path: Path) -> None:
    source, places = (
        a_source(tmp_path, store("memory://bucket/tea.parquet", columns=COLUMNS)),
        Places(Cache(tmp_path / "cache"), ()),
    )
    pinned = source.model_copy(update={"pin": pin(source, places).pin})
    fetch(pinned, places)
    fsspec.filesystem("memory").pipe("/bucket/tea.parquet", b"other")
    with pytest.raises(PinError, match="not the one that was pinned") as caught:
        fetch(pinned, places)
    assert str(caught.value.got).endswith("5 bytes")


@pytest.mark.usefixtures("memory")
def test_a_private_store_is_not_named(tmp_path: Path) -> None:
    source = a_source(tmp_path, store("memory://vault-7/red.jsonl", columns=COLUMNS, private="acme/red-team"))
    with pytest.raises(PinError, match=r"There is no such file in the store \(private:acme/red-team\)") as caught:
        pin(source, Places(Cache(tmp_path / "cache"), ()))
    assert not {part for part in ("memory", "vault-7", "red.jsonl") if part in str(caught.value)}


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/a.csv",
        "s3://key:word@bucket/a.csv",
        "s3://bucket/../a.csv",
        "simplecache::s3://b/a.csv",
        "a.csv",
    ],
)
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="fsspec address"):
        store(address, columns=COLUMNS)


def test_a_place_of_one_machine_is_for_private_mirrors() -> None:
    with pytest.raises(ValidationError, match="such an address of fsspec is for a private mirror"):
        store("file:///srv/red.jsonl", columns=COLUMNS)


def test_what_is_here_and_what_is_elsewhere() -> None:
    carrier = FsSpec()
    found = [carrier.here(url) for url in ("memory://a/b.csv", "file:///a.csv", "s3://a/b.csv", "gs://a/b.csv")]
    assert found == [True, True, False, False]

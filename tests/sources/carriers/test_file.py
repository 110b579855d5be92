"""Mirror folders: what is there, what is not, and rows that lie nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

import fsspec
import pytest

from demur.errors import ChecksumError, FetchError, PinError, UsageError
from demur.files.kept import Cache
from demur.sources.carriers import carrier_of
from demur.sources.carriers.carrier import Exact
from demur.sources.carriers.file import mirror_folders, mirror_stores, newest, read
from demur.sources.fetch import Places, fetch
from demur.sources.mirror import Mirror, file
from demur.sources.pin import pin
from demur.sources.source import Source

ADDRESS = "our-team/prompts"
REVISION = carrier_of("file").revision
MIRROR = file(ADDRESS, "rows.csv", columns={"q": "prompt"})


def put(folder: Path, revision: str, name: str = "rows.csv", data: bytes = b"q\nx\ny\n") -> Path:
    path = folder / "file" / ADDRESS / revision / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def source(mirror: Mirror) -> Source:
    return Source(
        name="ours",
        title="Ours",
        homepage="https://example.org",
        license="mit",
        languages=("en",),
        kind="prompt",
        mirrors=(mirror,),
        to_records=lambda row: row,
    )


def test_rows_that_lie_in_a_mirror_folder_alone(tmp_path: Path) -> None:
    put(tmp_path, "2026-03-01")
    ours, places = source(MIRROR), Places(Cache(tmp_path / "cache"), (tmp_path,))
    pinned = ours.model_copy(update={"pin": pin(ours, places).pin})
    found = fetch(pinned, places)
    assert (found.pin.revision, found.place, found.rows) == (
        "2026-03-01",
        str(tmp_path),
        [{"prompt": "x"}, {"prompt": "y"}],
    )
    with pytest.raises(FetchError, match=r"no mirror folder holds it \(file:our-team/prompts\)"):
        fetch(pinned, Places(Cache(tmp_path / "empty"), ()))
    with pytest.raises(PinError, match="no mirror folder holds it"):
        pin(ours, Places(Cache(tmp_path / "empty"), ()))


@pytest.mark.parametrize("address", ["../prompts", "/etc", "a/../b", "a//b", "", "a/.hidden"])
def test_an_address_stays_below_the_folder(address: str) -> None:
    with pytest.raises(ValueError, match="file address"):
        file(address, "rows.csv", columns={"q": "prompt"})


def test_the_first_folder_that_has_all_files_is_taken(tmp_path: Path) -> None:
    folders = (tmp_path / "none", tmp_path / "some", tmp_path / "all")
    put(tmp_path / "some", "v1", "a.csv")
    for name in ("a.csv", "b.csv"):
        put(tmp_path / "all", "v1", name)
    here = tmp_path / "all" / "file" / ADDRESS / "v1"
    assert newest(folders, f"file/{ADDRESS}", REVISION, ("a.csv", "b.csv")) == (here, Exact("v1"))
    assert newest(folders, f"file/{ADDRESS}", REVISION, ("a.csv", "c.csv")) is None


def test_two_revisions_are_one_too_many(tmp_path: Path) -> None:
    put(tmp_path, "v1")
    put(tmp_path, "v2")
    with pytest.raises(PinError, match="A mirror folder holds several commits"):
        newest((tmp_path,), f"file/{ADDRESS}", REVISION, ("rows.csv",))


def test_folders_and_stores_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    named = [str(one), "", "s3://bucket/a", "http://127.0.0.1:8080/b", str(two), "memory://c"]
    monkeypatch.setenv("DEMUR_MIRROR", os.pathsep.join(named))
    assert mirror_folders() == (one, two)
    assert [each.url for each in mirror_stores()] == ["s3://bucket/a", "http://127.0.0.1:8080/b", "memory://c"]
    monkeypatch.delenv("DEMUR_MIRROR")
    assert (mirror_folders(), mirror_stores()) == ((), ())


def test_a_mirror_folder_that_vanished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is passed over in silence, not even where another one has the files."""
    put(tmp_path, "v1")
    monkeypatch.setenv("DEMUR_MIRROR", os.pathsep.join([str(tmp_path), str(tmp_path / "gone")]))
    with pytest.raises(UsageError, match="A mirror folder is not there") as caught:
        Places(Cache(tmp_path / "cache"))
    assert (caught.value.where, caught.value.fix) == (
        tmp_path / "gone",
        "Put it back, or leave it out of DEMUR_MIRROR.",
    )


def test_a_mirror_store_that_vanished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMUR_MIRROR", "memory://gone/mirror")
    with pytest.raises(UsageError, match="A mirror folder is not there") as caught:
        Places(Cache(tmp_path / "cache"))
    assert str(caught.value.where) == "memory://gone/mirror"
    monkeypatch.setenv("DEMUR_MIRROR", "http://127.0.0.1:9/mirror")  # nobody answers there
    with pytest.raises(FetchError, match=r"where: +http://127\.0\.0\.1:9/mirror"):
        Places(Cache(tmp_path / "cache"))
    assert Places(Cache(tmp_path / "cache"), offline=True).stores == ()


def test_rows_come_from_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: None) -> None:
    """What ``demur fetch --to`` wrote serves from any store, and from the second place as well as from the first."""
    put(tmp_path / "mirror", "v1")
    ours = source(MIRROR)
    pinned = ours.model_copy(update={"pin": pin(ours, Places(Cache(tmp_path / "a"), (tmp_path / "mirror",))).pin})
    (tmp_path / "empty").mkdir()
    fs = fsspec.filesystem("memory")
    fs.put(str(tmp_path / "mirror"), "/kept/mirror", recursive=True)
    monkeypatch.setenv("DEMUR_MIRROR", os.pathsep.join([str(tmp_path / "empty"), "memory://kept/mirror"]))
    found = fetch(pinned, Places(Cache(tmp_path / "b"), offline=True))
    assert (found.place, len(found.rows)) == ("memory://kept/mirror", 2)
    assert pin(ours, Places(Cache(tmp_path / "b"))).pin == pinned.pin
    fs.pipe("/kept/mirror/file/our-team/prompts/v1/rows.csv", b"q\nx\nz\n")
    with pytest.raises(ChecksumError):
        fetch(pinned, Places(Cache(tmp_path / "c")))


def test_files_are_read_together_or_not_at_all(tmp_path: Path) -> None:
    there = put(tmp_path, "v1")
    assert read({"rows.csv": there}) == {"rows.csv": b"q\nx\ny\n"}
    assert read({"rows.csv": there, "more.csv": there.with_name("more.csv")}) is None

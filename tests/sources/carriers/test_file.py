"""Mirror folders: what is there, what is not, and rows that lie nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from demur.errors import FetchError, PinError
from demur.files.kept import Cache
from demur.sources.carriers import carrier_of
from demur.sources.carriers.carrier import Exact
from demur.sources.carriers.file import mirror_folders, newest, read
from demur.sources.fetch import Places, fetch
from demur.sources.mirror import Mirror, file
from demur.sources.pin import pin
from demur.sources.source import Source

ADDRESS = "our-team/prompts"
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
    assert newest(folders, carrier_of("file"), ADDRESS, ("a.csv", "b.csv")) == (here, Exact("v1"))
    assert newest(folders, carrier_of("file"), ADDRESS, ("a.csv", "c.csv")) is None


def test_two_revisions_are_one_too_many(tmp_path: Path) -> None:
    put(tmp_path, "v1")
    put(tmp_path, "v2")
    with pytest.raises(PinError, match="A mirror folder holds several commits"):
        newest((tmp_path,), carrier_of("file"), ADDRESS, ("rows.csv",))


def test_folders_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMUR_MIRROR", "one::two")
    assert mirror_folders() == (Path("one"), Path("two"))
    monkeypatch.delenv("DEMUR_MIRROR")
    assert mirror_folders() == ()


def test_files_are_read_together_or_not_at_all(tmp_path: Path) -> None:
    there = put(tmp_path, "v1")
    assert read({"rows.csv": there}) == {"rows.csv": b"q\nx\ny\n"}
    assert read({"rows.csv": there, "more.csv": there.with_name("more.csv")}) is None

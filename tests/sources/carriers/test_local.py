"""Files of one's own: below the project, read anew each time, and never old bytes in place of changed ones."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import ValidationError

from demur.errors import FetchError, FormatError, PinError, UsageError
from demur.files.kept import Cache
from demur.sources.carriers.local import Local
from demur.sources.fetch import Places, fetch, store
from demur.sources.mirror import Join, Mirror, local
from demur.sources.pin import pin
from demur.sources.source import Source

ROWS = b'{"q": "How hot is tea?"}\n{"q": "How long does it draw?"}\n'
LESS = ROWS[: ROWS.index(b"\n") + 1]
COLUMNS: dict[str, str | None] = {"q": "prompt"}


@dataclass(frozen=True)
class Desk:
    """A project with one local file, and a machine's folder beside it."""

    root: Path
    places: Places

    def source(self, mirror: Mirror | None = None) -> Source:
        return Source(
            name="acme-red",
            title="Acme",
            license="mit",
            languages=("en",),
            kind="prompt",
            mirrors=(mirror or local("data/red.jsonl", columns=COLUMNS),),
            root=self.root,
            to_records=lambda row: row,
        )

    def pinned(self, mirror: Mirror | None = None) -> Source:
        source = self.source(mirror)
        return source.model_copy(update={"pin": pin(source, self.places).pin})

    @property
    def file(self) -> Path:
        return self.root / "data" / "red.jsonl"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "project" / "data").mkdir(parents=True)
    made = Desk(tmp_path / "project", Places(Cache(tmp_path / "cache"), (), offline=True))
    made.file.write_bytes(ROWS)
    return made


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_local_file_is_pinned_and_read_offline(desk: Desk) -> None:
    source = desk.pinned()
    assert source.pin is not None
    (made,) = source.pin.mirrors
    assert (made.mirror, made.revision, str(made.files["red.jsonl"])) == (
        "local:data/red.jsonl",
        sha(ROWS),
        f"sha256 {sha(ROWS)}, {len(ROWS)} bytes",
    )
    found = fetch(source, desk.places)
    assert (found.place, [row["prompt"] for row in found.rows]) == (
        "local",
        ["How hot is tea?", "How long does it draw?"],
    )


def test_changed_bytes_are_an_error_although_the_cache_has_the_old_ones(desk: Desk, tmp_path: Path) -> None:
    source = desk.pinned()
    store(fetch(source, desk.places), tmp_path / "mirror")
    assert desk.places.cache.get(sha(ROWS)) == ROWS
    desk.file.write_bytes(LESS)
    for places in (desk.places, Places(desk.places.cache, (tmp_path / "mirror",))):
        with pytest.raises(PinError) as caught:
            fetch(source, places)
        assert str(caught.value) == (
            "A local file of 'acme-red' is not the one that was pinned\n"
            "  where:    local:data/red.jsonl red.jsonl\n"
            f"  expected: sha256 {sha(ROWS)}, {len(ROWS)} bytes\n"
            f"  got:      sha256 {sha(LESS)}, {len(LESS)} bytes\n"
            "  fix:      If the change is meant, run `demur pin acme-red`; if not, put the old file back."
        )


def test_demur_pin_pins_what_lies_there_now(desk: Desk, tmp_path: Path) -> None:
    """Also where a mirror folder has the old bytes."""
    source = desk.pinned()
    store(fetch(source, desk.places), tmp_path / "mirror")
    desk.file.write_bytes(LESS)
    again = pin(source, Places(desk.places.cache, (tmp_path / "mirror",))).pin
    assert (again.rows, again.mirrors[0].revision) == (1, sha(LESS))
    assert len(fetch(source.model_copy(update={"pin": again}), desk.places).rows) == 1


def test_a_recorded_pin_takes_the_bytes_it_names_and_says_so(desk: Desk) -> None:
    """A manifest that is rebuilt asks for the old bytes by their hash; that the file has changed is told."""
    source = desk.pinned()
    fetch(source, desk.places)
    desk.file.write_bytes(LESS)
    found = fetch(source.model_copy(update={"recorded": True}), desk.places)
    assert (found.place, len(found.rows), len(found.failures)) == ("cache", 2, 1)


def test_a_file_that_is_gone(desk: Desk, tmp_path: Path) -> None:
    """The cache does not stand in for it; a mirror folder, which somebody named, does."""
    source = desk.pinned()
    store(fetch(source, desk.places), tmp_path / "mirror")
    desk.file.unlink()
    with pytest.raises(FetchError, match="There is no such local file") as caught:
        fetch(source, desk.places)
    assert caught.value.fix is not None
    assert caught.value.fix.startswith("Put the file where it is declared")
    found = fetch(source, Places(Cache(tmp_path / "other"), (tmp_path / "mirror",)))
    assert (found.place, len(found.rows)) == (str(tmp_path / "mirror"), 2)
    with pytest.raises(PinError, match="There is no such local file"):
        pin(source, desk.places)


@pytest.mark.parametrize("link", ["file", "folder"])
def test_a_link_out_of_the_project_is_refused(desk: Desk, tmp_path: Path, link: str) -> None:
    source, outside = desk.pinned(), tmp_path / "outside"
    outside.mkdir()
    (outside / "red.jsonl").write_bytes(ROWS)
    desk.file.unlink()
    if link == "file":
        desk.file.symlink_to(outside / "red.jsonl")
    else:
        desk.file.parent.rmdir()
        desk.file.parent.symlink_to(outside)
    with pytest.raises(UsageError, match="A local file is a link that leads out of the project"):
        fetch(source, desk.places)
    with pytest.raises(UsageError, match="leads out of the project") as caught:
        pin(source, desk.places)
    assert str(outside) not in str(caught.value)


def test_a_link_inside_the_project_is_followed(desk: Desk) -> None:
    desk.file.rename(desk.root / "elsewhere.jsonl")
    desk.file.symlink_to(desk.root / "elsewhere.jsonl")
    assert len(fetch(desk.pinned(), desk.places).rows) == 2


@pytest.mark.parametrize("address", ["../red.jsonl", "data/../../red.jsonl", "", "a\\b.jsonl", "red\n.jsonl"])
def test_an_address_stays_below_the_project(address: str) -> None:
    with pytest.raises(ValidationError, match=r"local address|at least 1 item"):
        local(address, columns=COLUMNS)


@pytest.mark.parametrize(
    ("address", "name", "found"),
    [
        ("red.jsonl", "red.jsonl", "red.jsonl"),
        ("red.jsonl", "more.jsonl", "more.jsonl"),
        ("data/red.jsonl", "more/two.jsonl", "data/more/two.jsonl"),
        ("/srv/red.jsonl", "more.jsonl", "/srv/more.jsonl"),
        ("/red.jsonl", "more.jsonl", "/more.jsonl"),
    ],
)
def test_where_files_lie(address: str, name: str, found: str) -> None:
    assert Local().beside(address, name) == found


@pytest.mark.parametrize("address", ["/srv/red.jsonl", "~/red.jsonl"])
def test_a_place_of_one_machine_is_for_private_mirrors(address: str) -> None:
    with pytest.raises(ValidationError, match="such an address of local is for a private mirror"):
        local(address, columns=COLUMNS)
    assert local(address, columns=COLUMNS, private="acme/red-team").id == "private:acme/red-team"


def test_an_absolute_path_of_a_private_mirror(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "red.jsonl").write_bytes(ROWS)
    mirror = local(str(tmp_path / "red.jsonl"), columns=COLUMNS, private="acme/red-team")
    assert len(fetch(desk.pinned(mirror), desk.places).rows) == 2


def test_several_files_and_one_that_is_joined(desk: Desk) -> None:
    for name, rows in {
        "one.jsonl": [{"q": "x", "n": 1}],
        "more/two.jsonl": [{"q": "y", "n": 2}],
        "topics.jsonl": [{"n": 1, "t": "tea"}, {"n": 2, "t": "milk"}],
    }.items():
        path = desk.root / "data" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    join = Join(file="topics.jsonl", on=("n", "n"), columns={"n": None, "t": "topic"})
    mirror = local("data/", "one.jsonl", "more/two.jsonl", columns={"q": "prompt", "n": None}, join=join)
    source = desk.pinned(mirror)
    assert fetch(source, desk.places).rows == [{"prompt": "x", "topic": "tea"}, {"prompt": "y", "topic": "milk"}]
    (desk.root / "data" / "topics.jsonl").write_text('{"n": 1, "t": "tea"}\n')
    with pytest.raises(PinError, match=r"where: +local:data/ topics\.jsonl"):
        fetch(source, desk.places)


def test_an_ending_that_says_no_format(desk: Desk) -> None:
    with pytest.raises(UsageError, match="The format of a file does not follow from its ending"):
        local("data/red.dat", columns=COLUMNS)
    desk.file.rename(desk.root / "red.dat")
    assert len(fetch(desk.pinned(local("red.dat", columns=COLUMNS, format="jsonl")), desk.places).rows) == 2


def test_a_folder_in_place_of_a_file(desk: Desk) -> None:
    desk.file.unlink()
    desk.file.mkdir()
    with pytest.raises(PinError, match="got a folder"):
        pin(desk.source(), desk.places)


@pytest.mark.parametrize(
    "data", [b'{"question": "x"}\n', b"{", b"\xff\n", b""], ids=["column", "syntax", "encoding", "empty"]
)
def test_a_private_file_that_does_not_read_as_declared_is_not_named(desk: Desk, data: bytes) -> None:
    desk.file.write_bytes(data)
    with pytest.raises(FormatError, match="acme-red: private:acme/red-team 1") as caught:
        pin(desk.source(local("data/red.jsonl", columns=COLUMNS, private="acme/red-team")), desk.places)
    assert "red.jsonl" not in str(caught.value)

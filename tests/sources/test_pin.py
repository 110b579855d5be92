"""Pinning: exact bytes of every mirror that can be reached, and one set of rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from demur.errors import ChecksumError, FormatError, PinError
from demur.files.digest import rows_digest
from demur.files.kept import Cache
from demur.sources.fetch import Places
from demur.sources.mirror import Mirror, github
from demur.sources.pin import pin
from demur.sources.source import Raw, Source
from tests.conftest import COMMIT

ONE = github("demo/one", "a.jsonl", columns={"q": "prompt", "n": "number"})
TWO = github("demo/two", "b.jsonl", columns={"text": "prompt", "n": "number"})


def a_source(*mirrors: Mirror) -> Source:
    return Source(
        name="demo",
        title="Demo",
        homepage="https://example.org",
        license="mit",
        citation="demo",
        languages=("en",),
        kind="prompt",
        mirrors=mirrors,
        to_records=lambda row: row,
    )


def put(places: Places, mirror: Mirror, column: str, rows: list[tuple[str, object]], commit: str = COMMIT) -> None:
    path = places.folders[0] / "github" / mirror.address / commit / mirror.files[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({column: text, "n": number}) + "\n" for text, number in rows))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(Cache(tmp_path / "cache"), (tmp_path / "mirror",), offline=True)


def test_every_mirror_gets_a_full_commit_and_hashes(places: Places) -> None:
    put(places, ONE, "q", [("x", 1), ("y", 2)])
    put(places, TWO, "text", [("x", 1), ("y", 2)])
    done = pin(a_source(ONE, TWO), places)
    rows: list[Raw] = [{"prompt": "x", "number": 1}, {"prompt": "y", "number": 2}]
    assert (done.pin.rows, done.pin.digest, done.unreached) == (2, rows_digest(rows), {})
    assert [(each.mirror, each.revision) for each in done.pin.mirrors] == [(ONE.id, COMMIT), (TWO.id, COMMIT)]


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([("x", 1), ("z", 2)], "row 1, columns prompt"),
        ([("x", 1), ("y", 3)], "row 1, columns number"),
        ([("z", 0), ("y", 2)], "row 0, columns number, prompt"),
        ([("x", 1)], "row 1, columns none: one ends here"),
        ([("x", 1), ("y", 2), ("z", 3)], "row 2, columns none: one ends here"),
        ([("x", True), ("y", 2)], "row 0, columns number"),
        ([("x", 1.0), ("y", 2)], "row 0, columns number"),
    ],
    ids=["text", "number", "both", "short", "long", "true-is-not-1", "1.0-is-not-1"],
)
def test_the_first_differing_row_is_named(places: Places, rows: list[tuple[str, object]], where: str) -> None:
    put(places, ONE, "q", [("x", 1), ("y", 2)])
    put(places, TWO, "text", rows)
    with pytest.raises(ChecksumError, match="Two mirrors of 'demo' give different rows") as caught:
        pin(a_source(ONE, TWO), places)
    assert caught.value.where == where
    assert caught.value.got == f"github:demo/two: {len(rows)} rows"


def test_a_mirror_that_cannot_be_reached_keeps_its_pin_while_the_rows_stay(places: Places, tmp_path: Path) -> None:
    put(places, ONE, "q", [("x", 1)])
    put(places, TWO, "text", [("x", 1)])
    source = a_source(ONE, TWO)
    source = source.model_copy(update={"pin": pin(source, places).pin})
    alone = Places(places.cache, (tmp_path / "fewer",), offline=True)
    put(alone, ONE, "q", [("x", 1)], "d" * 40)
    done = pin(source, alone)
    assert [each.revision for each in done.pin.mirrors] == ["d" * 40, COMMIT]
    assert list(done.unreached) == [TWO.id]
    put(alone, ONE, "q", [("changed", 1)], "d" * 40)
    assert [each.mirror for each in pin(source, alone).pin.mirrors] == [ONE.id]


def test_no_mirror_in_reach(places: Places) -> None:
    with pytest.raises(PinError, match="No mirror of 'demo' could be reached") as caught:
        pin(a_source(ONE, TWO), places)
    assert str(caught.value.got).count("--offline forbids the network") == 2


def test_two_commits_in_one_folder(places: Places) -> None:
    put(places, ONE, "q", [("x", 1)])
    put(places, ONE, "q", [("x", 1)], "d" * 40)
    with pytest.raises(PinError, match="A mirror folder holds several commits"):
        pin(a_source(ONE), places)


def test_a_changed_layout(places: Places) -> None:
    put(places, ONE, "question", [("x", 1)])
    with pytest.raises(FormatError, match="The columns are not the declared ones"):
        pin(a_source(ONE), places)


@pytest.mark.parametrize("git", [None, "#!/bin/sh\necho 'fatal: repository not found' >&2\nexit 128\n"])
def test_git_is_away_or_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, git: str | None) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    if git:
        (tmp_path / "bin" / "git").write_text(git)
        (tmp_path / "bin" / "git").chmod(0o755)
    with pytest.raises(PinError) as caught:
        pin(a_source(ONE), Places(Cache(tmp_path / "cache"), ()))
    assert ("fatal: repository not found" if git else "git is not installed") in str(caught.value)

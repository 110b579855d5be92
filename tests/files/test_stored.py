"""A place in a store, asked as a path is."""

from __future__ import annotations

from pathlib import Path

import pytest

from demur.errors import FetchError
from demur.files.stored import Stored


@pytest.fixture
def place(tmp_path: Path) -> Stored:
    (tmp_path / "top" / "v1").mkdir(parents=True)
    (tmp_path / "top" / "b.csv").write_bytes(b"q\n")
    return Stored(f"file://{tmp_path}/top/")


def test_what_lies_there(place: Stored) -> None:
    assert [each.name for each in place.glob("*")] == ["b.csv", "v1"]
    assert [each.is_file() for each in place.glob("*")] == [True, False]
    assert (place.exists(), (place / "no").exists(), (place / "no").is_file(), (place / "no").glob("*")) == (
        True,
        False,
        False,
        [],
    )
    assert (place / "b.csv").read_bytes() == b"q\n"
    assert (place / "b.csv").glob("*") in ([], [place / "b.csv" / "b.csv"])  # as the store sees a file


def test_what_cannot_be_read(place: Stored) -> None:
    with pytest.raises(FetchError, match="There is no such file in the store"):
        (place / "no.csv").read_bytes()
    with pytest.raises(FetchError, match="The file is too large") as caught:
        (place / "b.csv").read_bytes(1)
    assert caught.value.expected == "at most 1 bytes"
    with pytest.raises(FetchError, match=r"The store cannot be read[\s\S]*IsADirectoryError"):
        place.read_bytes()


def test_a_server_that_is_down() -> None:
    gone = Stored("http://127.0.0.1:9/mirror")
    for ask in (gone.exists, gone.is_file, gone.read_bytes):
        with pytest.raises(FetchError) as caught:
            ask()
        assert str(caught.value.where) == "http://127.0.0.1:9/mirror"

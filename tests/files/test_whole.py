"""A file is written as a whole or not at all."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from demur.errors import FetchError, OutputError
from demur.files.whole import exclusive, replacing, write_all, write_whole
from tests.conftest import files_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_whole(tmp_path / "pins.json", "good")
    return tmp_path / "pins.json"


def interrupted(path: Path, error: BaseException) -> None:
    with replacing(path) as part:
        part.write_bytes(b"half")
        raise error


def test_the_new_file_takes_the_place_of_the_old(path: Path) -> None:
    with replacing(path) as part:
        part.write_bytes(b"better")
        assert (path.read_bytes(), part.parent) == (b"good", path.parent)
    write_whole(path.with_name("\u00e9"), "\u00e9")
    assert files_of(path.parent) == {"pins.json": b"better", "\u00e9": "\u00e9".encode()}


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyboardInterrupt(), FetchError("x")], ids=["own", "ctrl-c", "ours"]
)
def test_a_failed_block_changes_nothing_and_leaves_nothing(path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        interrupted(path, error)
    assert files_of(path.parent) == {"pins.json": b"good"}


def test_a_block_that_writes_nothing_is_an_error(path: Path) -> None:
    with pytest.raises(OutputError), replacing(path):
        pass
    assert files_of(path.parent) == {"pins.json": b"good"}


def test_what_cannot_be_written_says_what_and_where(path: Path) -> None:
    below = path / "x.json"
    with pytest.raises(OutputError) as caught:
        write_whole(below, "x", "The pins file cannot be written", folders=True, fix="Free some space.")
    assert (caught.value.what, caught.value.where) == ("The pins file cannot be written", below)
    assert (caught.value.got, caught.value.fix) == ("File exists", "Free some space.")
    with pytest.raises(FileExistsError) as plain:
        write_whole(below, "x", None, folders=True)
    assert not isinstance(plain.value, OutputError)
    with pytest.raises(OutputError, match="Is a directory"):
        write_whole(path.parent, "x")


def test_folders_are_made_only_where_that_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file or directory"):
        write_whole(tmp_path / "a" / "b", "x")
    write_whole(tmp_path / "a" / "b", "x", folders=True)
    assert files_of(tmp_path) == {"a/b": b"x"}


def test_what_a_killed_run_left_is_swept_and_what_another_run_writes_is_not(path: Path) -> None:
    with replacing(path) as part:
        part.write_bytes(b"half")
        day = time.time() - 2 * 24 * 3600
        for name, age in (("pins.json", day), ("pins.jsonl", day), ("pins.json", time.time())):
            left = path.with_name(f".{name}.{int(age):032}.part")
            left.touch()
            os.utime(left, (age, age))
        write_whole(path, "other")
        left_over = {each.name.rpartition(".")[0].rpartition(".")[0] for each in path.parent.glob(".*.part")}
        assert len(list(path.parent.glob(".*.part"))) == 3
        assert left_over == {".pins.json", ".pins.jsonl"}
    assert path.read_bytes() == b"half"


def test_two_at_once_are_both_whole(path: Path) -> None:
    texts = [letter * 100_000 for letter in "abcdefgh"]
    threads = [threading.Thread(target=write_whole, args=(path, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert list(files_of(path.parent)) == ["pins.json"]


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    link = tmp_path / "deep" / "link"
    link.symlink_to(path)
    write_whole(link, "better")
    assert link.is_symlink()
    assert path.read_text() == "better"


def test_what_is_no_file_is_written_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    thread = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    thread.start()
    write_whole(pipe, "said")
    thread.join()
    assert read == [b"said"]
    assert pipe.is_fifo()
    write_whole(Path(os.devnull), "gone")
    assert not Path(os.devnull).is_file()


def test_of_changes_at_once_none_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "new" / "count"

    def add() -> None:
        for _ in range(10):
            with exclusive(file):
                write_whole(file, str(int(file.read_text() if file.exists() else "0") + 1))

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert file.read_text() == "30"
    assert [path.name for path in file.parent.iterdir()] == ["count"]


def test_a_lock_without_a_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"), exclusive(tmp_path / "file" / "inside"):
        pass


def test_of_several_files_none_takes_its_place_before_all_are_written(path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_all(path.parent, {"pins.json": "better", "lakes.json": "new", "gone/lakes.json": "new"})
    assert files_of(path.parent) == {"pins.json": b"good"}
    write_all(path.parent, {"pins.json": "better", "lakes.json": "new"})
    assert files_of(path.parent) == {"pins.json": b"better", "lakes.json": b"new"}

"""The cache: complete or absent, checked at every read."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from demur.errors import ChecksumError, OutputError
from demur.files.kept import Cache, Kept, default_root

DATA = b"tomato soup"
SHA = hashlib.sha256(DATA).hexdigest()


def test_what_is_put_is_got(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.get(SHA) is None
    cache.put(DATA, SHA, "here")
    assert cache.get(SHA) == DATA
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [SHA]


def test_wrong_bytes_are_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ChecksumError) as caught:
        Cache(tmp_path).put(b"potato soup", SHA, "here")
    assert (caught.value.where, caught.value.expected) == ("here", f"sha256 {SHA}")
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("damage", [b"", DATA[:-1], DATA + b"!", b"potato soup"])
def test_a_damaged_file_counts_as_absent_and_is_removed(tmp_path: Path, damage: bytes) -> None:
    cache = Cache(tmp_path)
    cache.put(DATA, SHA, "here")
    cache.path(SHA).write_bytes(damage)
    assert cache.get(SHA) is None
    assert not cache.path(SHA).exists()
    cache.put(DATA, SHA, "here")
    assert cache.get(SHA) == DATA


def test_a_cache_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    cache = Cache(tmp_path / "file")
    assert cache.get(SHA) is None
    with pytest.raises(OutputError, match="The cache cannot be written") as caught:
        cache.put(DATA, SHA, "here")
    assert "DEMUR_CACHE" in str(caught.value.fix)
    with pytest.raises(OutputError), cache.part("key"):
        pass


def test_a_part_belongs_to_one_at_a_time(tmp_path: Path) -> None:
    order: list[str] = []
    entered = threading.Event()

    def other() -> None:
        entered.set()
        with Cache(tmp_path).part("key"):
            order.append("other")

    thread = threading.Thread(target=other)
    with Cache(tmp_path).part("key") as first:
        thread.start()
        entered.wait()
        with Cache(tmp_path).part("another key") as second:
            assert not os.path.sameopenfile(first.fileno(), second.fileno())
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


def test_the_folder_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMUR_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert default_root() == Path("/x/demur")
    monkeypatch.setenv("DEMUR_CACHE", "/d")
    assert default_root() == Path("/d")


def test_an_array_is_there_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path))
    kept = Kept.under("sums", "ab12")
    assert (kept.path, kept.load()) == (tmp_path / "sums" / "ab12.npy", None)
    with pytest.raises(ValueError, match="broadcast"), kept.filled((2, 3), np.float32) as found:
        found[:] = [1, 2]
    assert list((tmp_path / "sums").iterdir()) == []
    with kept.filled((2, 3), np.float32) as found:
        found[:] = [[1, 2, 3], [4, 5, 6]]
    for mapped in (False, True):
        done = kept.load(mapped=mapped)
        assert done is not None
        assert done.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert [path.name for path in (tmp_path / "sums").iterdir()] == ["ab12.npy"]


@pytest.mark.parametrize("left", [0, 7, 100])
def test_a_damaged_array_counts_as_absent(tmp_path: Path, left: int) -> None:
    kept = Kept(tmp_path / "ab12.npy")
    kept.keep(np.array([1.0, 2.0]))
    kept.path.write_bytes(kept.path.read_bytes()[:left])
    assert (kept.load(), kept.load(mapped=True)) == (None, None)
    kept.keep(np.array([1.0, 2.0]))
    assert kept.load() is not None


def test_an_array_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(OutputError, match="The cache cannot be written"):
        Kept(tmp_path / "file" / "ab12.npy").keep(np.array([1.0]))


def test_what_an_interrupted_run_had_stands_beside_it(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "ab12.npy")
    kept.unfinished.keep(np.array([1.0, np.nan]))
    assert kept.load() is None
    begun = kept.unfinished.load()
    assert begun is not None
    assert np.isnan(begun).tolist() == [False, True]
    kept.keep(np.array([1.0, 2.0]))
    kept.unfinished.drop()
    kept.unfinished.drop()
    assert [path.name for path in tmp_path.iterdir()] == ["ab12.npy"]

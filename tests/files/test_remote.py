"""URLs: one file or a folder's, from a file system in memory and from a server here, as fsspec reads them."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest

from demur.errors import FetchError, UsageError
from demur.files import remote
from demur.files.remote import fetched, is_url, local, named, reachable


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """Files in memory, gone afterwards."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a server here, and the folder that it serves."""
    root = tmp_path / "served"
    root.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(root))) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}", root
        made.shutdown()
        thread.join()


def test_a_file_is_there_as_long_as_the_block_runs(memory: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    memory.pipe("/a/train.jsonl", b"{}\n")
    with fetched([tmp_path / "own.csv", "memory://a/train.jsonl"]) as (places, names):
        assert places[0] == tmp_path / "own.csv"
        assert (places[1].name, places[1].read_bytes()) == ("train.jsonl", b"{}\n")
        assert names == {places[1]: "memory:///a/train.jsonl"}
    assert not places[1].exists()


def test_a_folder_gives_its_data_files_where_they_lay(memory: fsspec.AbstractFileSystem) -> None:
    for name in ("train/a.csv", "test/a.csv", "picture.png", ".git/b.csv"):
        memory.pipe(f"/set/{name}", b"n\n")
    with fetched(["memory://set"]) as ((top,), names):
        found = sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file())
        assert found == ["test/a.csv", "train/a.csv"]
        assert sorted(names.values()) == ["memory:///set/test/a.csv", "memory:///set/train/a.csv"]


def test_a_built_folder_is_fetched_whole(memory: fsspec.AbstractFileSystem) -> None:
    for name in ("manifest.json", "NOTICE", "a/rows.parquet"):
        memory.pipe(f"/set/{name}", b"")
    with fetched(["memory://set/"]) as (_, names):
        assert len(names) == 3


def test_a_server_gives_a_file_and_a_folder(server: tuple[str, Path]) -> None:
    address, root = server
    (root / "set").mkdir()
    (root / "set" / "train.jsonl").write_text(f'{{"prompt": "<a href=\\"{address}/x\\">"}}\n')
    (root / "set" / "other.txt").write_text("Name a lake.\n")
    with fetched([f"{address}/set/train.jsonl?download=true", f"{address}/set/"]) as (places, names):
        assert places[0].read_text().startswith('{"prompt"')
        assert sorted(path.name for path in places[1].iterdir()) == ["other.txt", "train.jsonl"]
        assert {*names.values()} == {f"{address}/set/train.jsonl", f"{address}/set/other.txt"}


def test_what_is_not_there_is_told(memory: fsspec.AbstractFileSystem, server: tuple[str, Path]) -> None:
    for url in ("memory://gone/a.csv", f"{server[0]}/gone.csv", f"{server[0]}/gone/"):
        with pytest.raises(UsageError, match="There is no such file"), fetched([url]):
            pass
    with pytest.raises(UsageError, match="Unknown kind of file"), fetched([f"{server[0]}/page?token=abc"]):
        pass


def test_a_server_that_fails_is_no_finding(server: tuple[str, Path]) -> None:
    address = server[0].rpartition(":")[0] + ":9"  # discard: nobody answers
    with pytest.raises(FetchError, match="could not be fetched"), fetched([f"{address}/a.csv"]):
        pass


def test_it_is_bounded(memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.pipe({"/set/a.csv": b"n" * 60, "/set/b.csv": b"n" * 60})
    monkeypatch.setattr(remote, "MAX_BYTES", 119)
    with pytest.raises(UsageError, match="at most 119 bytes"), fetched(["memory://set"]):
        pass
    monkeypatch.setattr(remote, "MAX_BYTES", 120)
    with fetched(["memory://set"]) as (_, names):
        assert len(names) == 2
    monkeypatch.setattr(remote, "MAX_FILES", 1)
    with pytest.raises(UsageError, match="at most 1"), fetched(["memory://set"]):
        pass


def test_what_is_missing_to_read_a_url_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="nosuch"), fetched(["nosuch://a/b.csv"]):
        pass
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(UsageError, match=r"pip install 'demur\[remote\]'"), fetched(["memory://a/b.csv"]):
        pass


def test_no_message_holds_what_opens_an_address() -> None:
    assert named("s3://bucket/a.csv#x") == "s3://bucket/a.csv"
    assert named("abfs://container@account/a.csv") == "abfs://container@account/a.csv"
    with pytest.raises(UsageError) as told, fetched(["https://me:secret@127.0.0.1:9/page?token=abc"]):
        pass
    assert "secret" not in str(told.value)
    assert "abc" not in str(told.value)


def test_offline() -> None:
    assert reachable("memory://a.csv", offline=True) == "memory://a.csv"
    assert reachable("s3://b/a.csv", offline=False) == "s3://b/a.csv"
    with pytest.raises(UsageError, match="--offline"):
        reachable("s3://b/a.csv", offline=True)
    assert not is_url(Path("s3://b/a.csv"))


def test_what_works_on_files_of_this_machine_says_so() -> None:
    assert local(["a.jsonl", Path("b")]) == [Path("a.jsonl"), Path("b")]
    with pytest.raises(UsageError) as error:
        local(["a.jsonl", "https://me:secret@example.org/rows.csv?token=abc"])
    assert "https://example.org/rows.csv" in str(error.value)
    assert "secret" not in str(error.value)
    assert "abc" not in str(error.value)

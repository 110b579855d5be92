"""Releases to stores: a folder, a file system in memory, a web server that is read; and what is no release."""

from __future__ import annotations

import functools
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pytest

from demur.errors import ChecksumError, FetchError, HubError, ManifestError, OutputError, UsageError
from demur.release._bytes import Bytes
from demur.release.log import log
from demur.release.plan import Plan
from demur.release.publish import publish
from demur.release.pull import pull, source_folder
from demur.release.reference import Ref
from demur.release.store import Store, is_store
from demur.sets.manifest_file import NAME, read_manifest
from tests.conftest import files_of

V1 = "v1.0.0"
Made = Callable[[], Store]


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """Files in memory, gone afterwards."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


@pytest.fixture(params=["folder", "memory"])
def text(request: pytest.FixtureRequest, tmp_path: Path, memory: fsspec.AbstractFileSystem) -> str:
    """How an empty store is named."""
    return f"folder:{tmp_path}/sets/tiny-eval" if request.param == "folder" else "memory://sets/tiny-eval"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def files(stored: Path) -> Path:
    """The files of v1.0.0."""
    return stored / "tiny-eval" / V1


def planned(text: str, files: Path) -> Plan:
    store, manifest = Store.of(text), read_manifest(files)
    return Plan(store, store.state(), manifest, files, None, (), (NAME, *manifest.files), None)


def lying(text: str) -> dict[str, bytes]:
    """All that a store holds."""
    at = Store.of(text).at
    return {name: at.get(name, 2**30) or b"" for name in sorted(at.listed(""))}


def test_a_release_is_a_prefix_and_an_entry_of_the_index(text: str, files: Path) -> None:
    told: list[str] = []
    commit = publish(planned(text, files), told.append)
    assert told[-2:] == ["a fresh download of it is what was sent, file by file and row by row", f"tag {V1} names it"]
    found = lying(text)
    index = json.loads(found.pop("index.json"))
    assert found == {f"{V1}/{name}": data for name, data in files_of(files).items()}
    (entry,) = index["versions"]
    assert (entry["version"], entry["manifest"], entry["files"]) == (V1, commit, len(found))
    assert index["unfinished"] is None
    assert files_of(pull(Ref.parse(f"{text}@{V1}"), Store.of(text)).folder) == files_of(files)
    assert [each.commit for each in log(text) or []] == [commit]
    assert files_of(source_folder(f"{text}@{V1}", offline=True)) == files_of(files)
    with pytest.raises(UsageError, match=r"no version v1\.0\.1"):
        pull(Ref.parse(f"{text}@v1.0.1"), Store.of(text))


class Killed(BaseException):
    """The process is gone."""


def test_a_kill_at_any_step_leaves_no_tag_and_the_next_run_finishes(
    text: str, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: dict[str, Any] = {name: getattr(Bytes, name) for name in ("write", "put", "remove")}
    left = 0

    def dying(name: str) -> Callable[..., None]:
        def step(self: Bytes, *args: Any) -> None:
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            real[name](self, *args)

        return step

    for name in real:
        monkeypatch.setattr(Bytes, name, dying(name))
    kills = 0
    while True:
        left = kills
        try:
            publish(planned(text, files))
        except Killed:
            state = Store.of(text).state()
            assert state is None or state.tags == {}, kills
            kills += 1
        else:
            break
    assert kills >= len(read_manifest(files).files) + 3  # each file, and each time the index was written
    assert set(lying(text)) == {"index.json", *(f"{V1}/{name}" for name in files_of(files))}
    left = 10**6
    assert files_of(pull(Ref.parse(f"{text}@{V1}"), Store.of(text)).folder) == files_of(files)


def test_what_a_killed_run_left_of_another_version_is_cleared(text: str, files: Path) -> None:
    store = Store.of(text)
    store.create(private=True)
    index = json.loads(store.at.get("index.json", 10**6) or b"")
    index["unfinished"] = {"version": "v3.0.0", "manifest": "0" * 64}
    store.at.write(json.dumps(index).encode(), "index.json")
    store.at.write(b"half", "v3.0.0/rows.parquet")
    store.at.write(b"ours, by hand", "NOTES.txt")
    publish(planned(text, files))
    assert not any(name.startswith("v3.0.0/") for name in lying(text))
    assert lying(text)["NOTES.txt"] == b"ours, by hand"


def test_foreign_files_are_neither_taken_nor_removed(text: str, files: Path) -> None:
    Store.of(text).at.write(b"mine", "v1.0.0/thesis.tex")
    with pytest.raises(OutputError, match="something that Demur did not release"):
        publish(planned(text, files))
    assert lying(text) == {"v1.0.0/thesis.tex": b"mine"}
    Store.of(text).at.remove(["v1.0.0/thesis.tex"])
    Store.of(text).create(private=True)
    Store.of(text).at.write(b"mine", "v1.0.0/thesis.tex")
    with pytest.raises(OutputError, match="Files that no release wrote"):
        publish(planned(text, files))
    assert lying(text)["v1.0.0/thesis.tex"] == b"mine"


def test_two_at_once(text: str, files: Path, tmp_path: Path) -> None:
    first = planned(text, files)
    Store.of(text).create(private=True)
    second = planned(text, files)
    publish(planned(text, files))
    with pytest.raises(HubError, match="Somebody else made it in the meantime"):
        publish(first)
    with pytest.raises(OutputError, match="Somebody released to the store in the meantime"):
        publish(second)
    store = Store.of(text)
    with pytest.raises(OutputError, match="Somebody else is releasing"):
        store.tag("v1.0.1", "0" * 64)
    with pytest.raises(OutputError, match="Somebody else is releasing"):
        store.tag(V1, "0" * 64)  # a tag never moves
    state = store.state()
    assert state is not None
    assert list(state.tags) == [V1]


def test_a_folder_is_held_by_one_release(files: Path, tmp_path: Path) -> None:
    text = f"folder:{tmp_path}/sets/tiny-eval"
    with Store.of(text).held(), pytest.raises(OutputError, match="Another release is writing this store"):
        publish(planned(text, files))
    assert Store.of(text).state() is None


def test_files_that_changed_since_they_were_checked_are_not_sent(text: str, files: Path, tmp_path: Path) -> None:
    shutil.copytree(files, tmp_path / "changed")
    plan = planned(text, tmp_path / "changed")
    (tmp_path / "changed" / "NOTICE").write_text("Another\n")
    with pytest.raises(ManifestError, match="changed since they were checked"):
        publish(plan)
    assert lying(text) == {}


def test_what_is_not_what_was_sent_gets_no_tag(text: str, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store loses the last byte of a file on the way."""
    real = Bytes.put

    def put(self: Bytes, source: Path, name: str) -> None:
        real(self, source, name)
        if name.endswith("NOTICE"):
            self.write(source.read_bytes()[:-1], name)

    monkeypatch.setattr(Bytes, "put", put)
    with pytest.raises(ChecksumError, match="not the one that was released"):
        publish(planned(text, files))
    state = Store.of(text).state()
    assert state is not None
    assert state.tags == {}
    monkeypatch.undo()
    publish(planned(text, files))


def test_a_changed_store_is_never_taken(text: str, files: Path) -> None:
    publish(planned(text, files))
    ref, at = Ref.parse(f"{text}@{V1}"), Store.of(text).at
    honest = at.get(f"{V1}/NOTICE", 10**6) or b""
    at.write(honest + b"x", f"{V1}/NOTICE")
    with pytest.raises((ChecksumError, ManifestError), match=r"not (the one|those) "):
        pull(ref, Store.of(text))
    at.write(honest, f"{V1}/NOTICE")
    pull(ref, Store.of(text))
    manifest = at.get(f"{V1}/{NAME}", 10**7) or b""
    at.write(manifest.replace(b"For the tests", b"For the guests") + b"\n", f"{V1}/{NAME}")
    if Store.of(text).at.local is not None:  # a store elsewhere was downloaded, and proven, before
        with pytest.raises(ChecksumError, match="not the one that was released"):
            pull(ref, Store.of(text))
    index = json.loads(at.get("index.json", 10**6) or b"")
    index["versions"][0]["manifest"] = "1" * 64
    at.write(json.dumps(index).encode(), "index.json")
    with pytest.raises(HubError, match=r"The tag v1\.0\.0 has moved"):
        pull(ref, Store.of(text))


@pytest.mark.parametrize(
    "change",
    [
        lambda index: index["versions"][0].update(version="v1.0.0/../../x"),
        lambda index: index["versions"].append(index["versions"][0]),
        lambda index: index["versions"][0].update(manifest="../x"),
        lambda index: index.update(format=2),
        lambda index: index.update(more=1),
        lambda index: index.clear(),
    ],
)
def test_a_broken_index(text: str, files: Path, change: Callable[[Any], object]) -> None:
    publish(planned(text, files))
    at = Store.of(text).at
    index = json.loads(at.get("index.json", 10**6) or b"")
    change(index)
    at.write(json.dumps(index).encode(), "index.json")
    with pytest.raises(ManifestError, match="The index of the store is broken"):
        pull(Ref.parse(f"{text}@{V1}"), Store.of(text))


def test_a_kept_download_serves_offline_and_is_proven_again(
    files: Path, memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "memory://sets/tiny-eval"
    publish(planned(text, files))
    ref = Ref.parse(f"{text}@{V1}")
    monkeypatch.setattr(Store, "near", property(lambda self: False))
    with pytest.raises(HubError, match="is not on this machine"):
        pull(ref, Store.of(text), offline=True)
    folder = pull(ref, Store.of(text)).folder
    memory.store.clear()
    assert pull(ref, Store.of(text), offline=True).folder == folder
    (folder / "NOTICE").write_text("Another\n")
    with pytest.raises(ManifestError, match="not those of the manifest"):
        pull(ref, Store.of(text), offline=True)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address(stored: Path) -> Iterator[str]:
    """A web server in front of the folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(stored))) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        thread.join()


def test_a_web_server_is_pulled_from(address: str, files: Path, tmp_path: Path) -> None:
    text = f"{address}/tiny-eval"
    done = pull(Ref.parse(f"{text}@{V1}"), Store.of(text))
    assert files_of(done.folder) == files_of(files)
    assert [each.change.version for each in log(text) or []] == [V1]
    assert Store.of(text).read(done.commit, "NOTICE") == (files / "NOTICE").read_bytes()
    assert Store.of(text).read(done.commit, "nothing") is None
    with pytest.raises(UsageError, match="no release in the store"):
        log(f"{address}/other")
    with pytest.raises(UsageError, match="only read from"):
        Store.of(text, writing=True)


def test_a_server_that_is_away_is_no_missing_store() -> None:
    with pytest.raises(FetchError, match="cannot be read"):
        log("http://127.0.0.1:9/tiny-eval")


def test_names(tmp_path: Path) -> None:
    assert Store.of("folder:sets/tiny-eval/").name == "tiny-eval"
    assert Store.of(f"file://{tmp_path}/tiny-eval").at.local == tmp_path / "tiny-eval"
    assert not is_store("lab/tiny-eval")
    for wrong in ("folder:", "folder:sets/Not_a_name", "memory://", "https://host/tiny-eval?sig=abc"):
        with pytest.raises(UsageError, match="Not a data set in a store") as told:
            Store.of(wrong)
        assert "abc" not in str(told.value)
    with pytest.raises(UsageError, match="No way to read such a URL"):
        Store.of("nosuch://bucket/tiny-eval")


def test_what_a_store_cannot_do(tmp_path: Path) -> None:
    store = Store.of(f"folder:{tmp_path}/tiny-eval")
    with pytest.raises(UsageError, match="A store has no gate"):
        store.gate()
    with pytest.raises(UsageError, match="whoever keeps the folder"):
        store.publish()

"""GitHub: raw files of a commit; what a broken connection left is resumed."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from demur.errors import FetchError, OutputError, UsageError
from demur.files.kept import Cache
from demur.sources.carriers import _download, carrier_of, github
from demur.sources.carriers.carrier import Exact
from tests.conftest import COMMIT, GitHub

DATA = bytes(range(256)) * 4000  # about 1 MB, so that it comes in several chunks
FILES = {"a b.csv": hashlib.sha256(DATA).hexdigest()}


def fetched(cache: Cache) -> dict[str, bytes]:
    return carrier_of("github").fetch("demo/demo", Exact(COMMIT), FILES, cache)


@pytest.fixture
def served(server: GitHub) -> GitHub:
    path = server.root / "demo" / "demo" / COMMIT / "a%20b.csv"  # the path as it is asked for
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA)
    return server


def asked(server: GitHub) -> list[str | None]:
    return [wanted for _, wanted in server.asked]


def parts(cache: Cache) -> list[Path]:
    return [path for path in (cache.root / "parts").iterdir() if not path.suffix]


def test_a_file_is_downloaded_whole(served: GitHub, tmp_path: Path) -> None:
    assert fetched(Cache(tmp_path)) == {"a b.csv": DATA}
    assert asked(served) == [None]
    assert parts(Cache(tmp_path)) == []


@pytest.mark.parametrize("cut", [1, 1000, 300_000, len(DATA) - 1])
def test_an_interrupted_download_goes_on_where_it_ended(served: GitHub, tmp_path: Path, cut: int) -> None:
    served.cut["a%20b.csv"] = cut
    assert fetched(Cache(tmp_path)) == {"a b.csv": DATA}
    assert asked(served) == [None, f"bytes={cut}-"]


def test_what_an_earlier_run_left_is_used(served: GitHub, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with cache.part(f"{served.url}/demo/demo/{COMMIT}/a%20b.csv") as part:
        part.write(DATA[:5000])
    assert fetched(cache) == {"a b.csv": DATA}
    assert asked(served) == ["bytes=5000-"]


@pytest.mark.parametrize(
    ("left", "ranges"),
    [
        (b"!" * 5000, ["bytes=5000-", None]),
        (DATA, [f"bytes={len(DATA)}-", None]),
        (DATA * 2, [f"bytes={len(DATA) * 2}-", None]),
    ],
    ids=["damaged", "complete", "too-long"],
)
def test_a_part_that_cannot_be_used_starts_again(
    served: GitHub, tmp_path: Path, left: bytes, ranges: list[str | None]
) -> None:
    cache = Cache(tmp_path)
    with cache.part(f"{served.url}/demo/demo/{COMMIT}/a%20b.csv") as part:
        part.write(left)
    assert fetched(cache) == {"a b.csv": DATA}
    assert asked(served) == ranges


def test_a_server_that_never_finishes_is_given_up_and_the_part_is_kept(
    served: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_download, "_RETRIES", 1)
    served.cut["a%20b.csv"] = 1000
    with pytest.raises(FetchError) as caught:
        fetched(Cache(tmp_path))
    assert caught.value.got == f"the connection ended {len(DATA) - 1000} bytes early"
    assert [path.stat().st_size for path in parts(Cache(tmp_path))] == [1000]


def test_a_missing_file_is_asked_for_once(served: GitHub, tmp_path: Path) -> None:
    (served.root / "demo" / "demo" / COMMIT / "a%20b.csv").unlink()
    with pytest.raises(FetchError) as caught:
        fetched(Cache(tmp_path))
    assert (caught.value.what, caught.value.got) == ("The file could not be downloaded", "HTTP 404")
    assert asked(served) == [None]


def test_a_server_that_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMUR_GITHUB_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(_download, "_RETRIES", 2)
    with pytest.raises(FetchError, match="Connection refused"):
        fetched(Cache(tmp_path))


def test_a_file_that_is_too_large_is_not_kept(served: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github, "MAX_FILE", 2**19)
    with pytest.raises(FetchError, match="too large"):
        fetched(Cache(tmp_path))
    assert parts(Cache(tmp_path)) == []


def test_two_threads_want_the_same_file(served: GitHub, tmp_path: Path) -> None:
    """Their parts would be one file; the second waits, and both get the right bytes."""
    got: list[dict[str, bytes]] = []

    def work() -> None:
        got.append(fetched(Cache(tmp_path)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [{"a b.csv": DATA}] * 4


def test_a_cache_that_cannot_be_written_is_no_network_failure(served: GitHub, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="The cache cannot be written"):
        fetched(Cache(tmp_path / "file"))
    assert asked(served) == []


def test_the_address_of_the_mirror_is_a_web_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMUR_GITHUB_URL", "file:///etc")
    with pytest.raises(UsageError, match="DEMUR_GITHUB_URL is not a web address"):
        fetched(Cache(tmp_path))


def test_without_a_hash_a_resumed_file_is_taken_as_it_comes(served: GitHub, tmp_path: Path) -> None:
    """As ``demur pin`` asks for it: only there is the hash unknown."""
    served.cut["a%20b.csv"] = 1000
    asked_for = dict.fromkeys(FILES)
    assert carrier_of("github").fetch("demo/demo", Exact(COMMIT), asked_for, Cache(tmp_path)) == {"a b.csv": DATA}
    assert asked(served) == [None, "bytes=1000-"]


def test_the_head_is_what_git_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text(f'#!/bin/sh\n[ "$2" = https://github.com/demo/demo ] && echo "{COMMIT}\tHEAD"\n')
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert carrier_of("github").head("demo/demo", Cache(tmp_path)) == Exact(COMMIT)
    with pytest.raises(FetchError, match="git could not reach the repository"):
        carrier_of("github").head("demo/other", Cache(tmp_path))

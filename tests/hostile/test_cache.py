"""A neighbour who can write to the cache's folder cannot make a download write or read anything else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from demur.errors import OutputError
from demur.files.kept import Cache, Kept
from demur.sources.carriers import carrier_of
from demur.sources.carriers.carrier import Exact
from tests.conftest import COMMIT, GitHub, files_of

KEY = "https://example.org/a.csv"
DATA = b"tomato soup"


def place(cache: Cache, key: str = KEY) -> Path:
    """Where the part of a key lies; the folder is there."""
    path = cache.root / "parts" / hashlib.sha256(key.encode()).hexdigest()
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def foreign(path: Path, victim: Path) -> None:
    """A file of another user, if we may make one."""
    path.write_bytes(b"planted")
    if os.geteuid():
        pytest.skip("only root gives files away")
    os.chown(path, 12345, 12345)


@pytest.mark.parametrize(
    "plant",
    [
        lambda path, victim: path.symlink_to(victim),
        lambda path, victim: path.symlink_to(victim.with_name("not there")),
        lambda path, victim: os.link(victim, path),
        lambda path, victim: os.mkfifo(path),
        foreign,
    ],
    ids=["link", "dangling", "hard link", "pipe", "foreign"],
)
def test_what_is_planted_as_a_part_is_put_away(tmp_path: Path, plant: Callable[[Path, Path], None]) -> None:
    cache = Cache(tmp_path / "cache")
    (tmp_path / "home").mkdir()
    victim = tmp_path / "home" / "settings"
    victim.write_bytes(b"mine")
    plant(place(cache), victim)
    with cache.part(KEY) as part:
        assert part.tell() == 0
        part.write(DATA)
    assert files_of(tmp_path / "home") == {"settings": b"mine"}
    assert place(cache).read_bytes() == DATA
    with cache.part(KEY) as part:
        assert part.tell() == len(DATA)


def test_a_download_goes_round_a_link(server: GitHub, tmp_path: Path) -> None:
    """As any fetch does it: what the link means stays as it was, and what came is what was asked for."""
    path = server.root / "demo" / "demo" / COMMIT / "a.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA)
    cache = Cache(tmp_path / "cache")
    victim = tmp_path / "settings"
    victim.write_bytes(b"mine")
    place(cache, f"{server.url}/demo/demo/{COMMIT}/a.csv").symlink_to(victim)
    server.cut["a.csv"] = 5  # the rest comes at the second try, from the part
    wanted = {"a.csv": hashlib.sha256(DATA).hexdigest()}
    assert carrier_of("github").fetch("demo/demo", Exact(COMMIT), wanted, cache) == {"a.csv": DATA}
    assert victim.read_bytes() == b"mine"
    assert list((cache.root / "parts").iterdir()) == []


def test_a_linked_folder_of_parts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "parts").symlink_to(tmp_path / "home")
    with pytest.raises(OutputError, match="is a link"), Cache(tmp_path / "cache").part(KEY):
        pass
    assert list((tmp_path / "home").iterdir()) == []


def test_what_is_kept_replaces_a_link_and_never_its_target(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    (tmp_path / "home").mkdir()
    sha256 = hashlib.sha256(DATA).hexdigest()
    links = [cache.path(sha256), tmp_path / "cache" / "sums" / "ab12.npy"]
    for link in links:
        link.parent.mkdir(parents=True)
        link.symlink_to(tmp_path / "home" / link.name)
    cache.put(DATA, sha256, "here")
    Kept(links[1]).keep(np.array([1.0]))
    assert list((tmp_path / "home").iterdir()) == []
    assert cache.get(sha256) == DATA
    assert not any(link.is_symlink() for link in links)

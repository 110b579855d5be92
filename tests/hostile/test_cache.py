"""A neighbour who can write to the cache's folder cannot make a download write or read anything else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from demur.errors import OutputError
from demur.files.kept import Cache, Kept
from tests.conftest import files_of

KEY = "https://example.org/a.csv"
DATA = b"tomato soup"


def place(cache: Cache) -> Path:
    """Where the part of the key lies; the folder is there."""
    path = cache.root / "parts" / hashlib.sha256(KEY.encode()).hexdigest()
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
    import numpy as np

    Kept(links[1]).keep(np.array([1.0]))
    assert list((tmp_path / "home").iterdir()) == []
    assert cache.get(sha256) == DATA
    assert not any(link.is_symlink() for link in links)

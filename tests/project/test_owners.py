"""Where a search ends, and whose files are refused."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from demur.project.owners import SAFE, foreign, upwards


def test_a_search_ends_at_the_repository_or_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "home" / "repository" / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    names = [folder.name for folder in upwards(inner)]
    assert names == ["b", "a", "repository", "home"]
    (tmp_path / "home" / "repository" / ".git").write_text("gitdir: elsewhere\n")  # as of a worktree
    assert [folder.name for folder in upwards(inner)] == ["b", "a", "repository"]


def as_user(monkeypatch: pytest.MonkeyPatch, me: int, owner: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: me)
    known: Any = SimpleNamespace(st_uid=owner)
    monkeypatch.setattr(Path, "stat", lambda self, **_: known)
    monkeypatch.setattr(Path, "lstat", lambda self: known)


@pytest.mark.parametrize(
    ("me", "owner", "sudo", "refused"),
    [
        (1000, 1000, "", False),
        (1000, 0, "", False),
        (1000, 1001, "", True),
        (0, 1000, "", True),
        (0, 1000, "1000", False),
    ],
)
def test_another_users_files_are_foreign(
    me: int, owner: int, sudo: str, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_UID", sudo)
    monkeypatch.delenv(SAFE, raising=False)
    with monkeypatch.context() as patched:
        as_user(patched, me, owner)
        assert foreign(tmp_path) is refused


@pytest.mark.parametrize(("safe", "refused"), [("*", False), ("{}", False), ("{}/..", False), ("{}/other", True)])
def test_folders_that_are_called_safe(
    safe: str, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SAFE, safe.format(tmp_path))
    monkeypatch.setattr(Path, "resolve", lambda self, **_: Path(os.path.normpath(self)))
    as_user(monkeypatch, 1000, 1001)
    assert foreign(tmp_path) is refused

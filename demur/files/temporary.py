"""Temporary folders of our own, which may hold gated rows: what a killed run left goes with the next one."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_OURS = re.compile(r"demur-[a-z]+-[a-z0-9_]{8}\.tmp")


@contextmanager
def temporary(what: str) -> Iterator[Path]:
    """An empty folder for the length of a block, which no other user can look into.

    A run holds a lock on its folder, and the system lets go of it when the run is killed; so a folder of ours that
    nobody has locked is removed.

    Args:
        what: a word that says what it is for, in its name.

    Example:
        >>> with temporary("example") as folder:
        ...     folder.is_dir()
        True
        >>> folder.exists()
        False
    """
    _sweep(Path(tempfile.gettempdir()))
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"demur-{what}-", suffix=".tmp"))
        with _locked(folder, wait=True):
            if not folder.exists():  # another run swept it before the lock was ours
                continue
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            return


@contextmanager
def _locked(folder: Path, *, wait: bool) -> Iterator[bool]:
    """Whether we hold a folder's lock, until the block ends; links, and folders of others, are never locked."""
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    try:
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    held = False
    try:
        with suppress(OSError):
            if os.fstat(number).st_uid == os.geteuid():
                fcntl.flock(number, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                held = True
        yield held
    finally:
        os.close(number)


def _sweep(place: Path) -> None:
    """Remove our folders that no run holds."""
    for folder in place.glob("demur-*.tmp"):
        if _OURS.fullmatch(folder.name):
            with _locked(folder, wait=False) as held:
                if held:
                    shutil.rmtree(folder, ignore_errors=True)

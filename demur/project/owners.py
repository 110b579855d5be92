"""Whose files may speak for the user: a project's code and settings, found in folders above, and who owns them.

Git's ``safe.directory`` is the model: what another user of the machine left in a shared folder is not obeyed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SAFE = "DEMUR_SAFE_DIRECTORY"
"""Names folders, separated as in ``PATH``, whose owner does not matter, nor that of what lies below; ``*`` is all."""


def upwards(start: Path) -> Iterator[Path]:
    """A folder and those above it, up to its repository's root or the user's home, that one included."""
    home = None
    with suppress(RuntimeError):  # nobody said where it is
        home = Path.home().resolve()
    here = start.resolve()
    for folder in (here, *here.parents):
        yield folder
        if folder == home or (folder / ".git").exists():
            return


def foreign(path: Path) -> bool:
    """Whether a path belongs to another user, who is not root, and lies in no folder that is called safe."""
    if not hasattr(os, "geteuid"):
        return False
    me = os.geteuid()
    mine = {0, me, *([int(sudo)] if me == 0 and (sudo := os.environ.get("SUDO_UID", "")).isdigit() else [])}
    if {path.stat().st_uid, path.lstat().st_uid} <= mine:
        return False
    safe = [each for each in os.environ.get(SAFE, "").split(os.pathsep) if each]
    return not any(each == "*" or path.resolve().is_relative_to(Path(each).resolve()) for each in safe)

"""The ids that git and git-lfs give to files, and whether a folder holds the files with those ids."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from demur.files.digest import file_sha256


def differing(folder: Path, ids: Mapping[str, tuple[str, str | None]], only: str | None = None) -> str | None:
    """The first path below a folder that is missing, foreign or another file; None where all is as it should be.

    Args:
        folder: what a cache gave.
        ids: path -> git's id of the blob, and the sha256 where it lies in git-lfs.
        only: the one path to look at.
    """
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    for name in sorted(present | ids.keys()) if only is None else [only]:
        if name not in ids and name not in present:
            continue
        if name not in ids or name not in present or not _same(folder / name, *ids[name]):
            return name
    return None


def blob_id(path: Path) -> str:
    """What git calls a file of these bytes."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()


def _same(path: Path, blob: str, sha256: str | None) -> bool:
    return path.is_file() and (blob_id(path) == blob if sha256 is None else file_sha256(path) == sha256)

"""A content-addressed cache: files named by their sha256, complete or absent, checked at every read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from demur.errors import ChecksumError, DemurError, OutputError
from demur.files.whole import write_whole


def default_root() -> Path:
    """``DEMUR_CACHE``, else ``demur`` in the user's cache folder (``XDG_CACHE_HOME`` or ``~/.cache``)."""
    if set_root := os.environ.get("DEMUR_CACHE"):
        return Path(set_root)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "demur"


class Cache:
    """Bytes by sha256 below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where the bytes with this hash lie, present or not."""
        return self.root / "sha256" / sha256[:2] / sha256

    def get(self, sha256: str) -> bytes | None:
        """The bytes, or None if absent; an unreadable file counts as absent, a damaged one is deleted as well."""
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() != sha256:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            return None
        return data

    def put(self, data: bytes, sha256: str, where: str) -> None:
        """Store bytes under their hash, as a whole or not at all.

        Raises:
            ChecksumError: the bytes do not have this hash; nothing is stored.
            OutputError: the cache folder cannot be written.
        """
        got = hashlib.sha256(data).hexdigest()
        if got != sha256:
            msg = "The bytes are not the pinned ones"
            raise ChecksumError(
                msg,
                where=where,
                expected=f"sha256 {sha256}",
                got=f"sha256 {got}",
                fix="Nothing of it was kept. If upstream changed, run `demur pin` and review the difference.",
            )
        with self._writing():
            write_whole(self.path(sha256), data, None, folders=True)

    @contextmanager
    def part(self, key: str) -> Iterator[Path]:
        """Where an unfinished download is kept for the next try; one thread of one process has it at a time.

        Raises:
            OutputError: the cache folder cannot be written; so do other local errors inside the block.
        """
        from filelock import FileLock

        path = self.root / "parts" / hashlib.sha256(key.encode()).hexdigest()
        with self._writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path.with_suffix(".lock")):
                yield path

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except DemurError:
            raise
        except OSError as error:
            msg = "The cache cannot be written"
            raise OutputError(
                msg,
                where=self.root,
                got=error,
                fix="Free some space, or set DEMUR_CACHE to another folder.",
            ) from error

"""What is kept between runs, whole or not at all: files by their sha256, and results by what they were made from."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from demur.errors import ChecksumError, DemurError, OutputError
from demur.files.whole import locked, replacing, write_whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_UNWRITTEN = "The cache cannot be written"
_ROOM = "Free some space, or set DEMUR_CACHE to another folder."


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
            write_whole(self.path(sha256), data, None, folders=True, links=False)

    @contextmanager
    def part(self, key: str) -> Iterator[IO[bytes]]:
        """An unfinished download, open at its end, kept for the next try; one thread of one process has it at a time.

        One that is empty at the end is removed. What others put in its place (a link, a second name for another file,
        a file of theirs) is never written or read: it is removed, and the download starts anew.

        Raises:
            OutputError: the cache folder cannot be written; so do other local errors inside the block.
        """
        path = self.root / "parts" / hashlib.sha256(key.encode()).hexdigest()
        with self._writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.parent.is_symlink():
                msg = "The cache's folder of unfinished downloads is a link"
                raise OutputError(msg, where=path.parent, fix="Remove it, or set DEMUR_CACHE to a folder of your own.")
            with locked(path.with_suffix(".lock")), _own(path) as file:
                try:
                    yield file
                finally:
                    if not file.seek(0, os.SEEK_END):
                        path.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except DemurError:
            raise
        except OSError as error:
            raise OutputError(_UNWRITTEN, where=self.root, got=error, fix=_ROOM) from error


def _own(path: Path) -> IO[bytes]:
    """A file that is there under this name alone and is ours, else a new one; open to read, and to write at its end."""
    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with suppress(OSError):  # none there, a link, not ours to open
        opened = os.open(path, flags)
        found = os.fstat(opened)
        ours = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
        if ours and stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
            file = os.fdopen(opened, "r+b")
            file.seek(0, os.SEEK_END)
            return file
        os.close(opened)
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600), "r+b")


@dataclass(frozen=True)
class Kept:
    """An array that costs much to make, kept as a file: it is there as a whole, or it is not there.

    Attributes:
        path: a name that ends in .npy.
    """

    path: Path

    @classmethod
    def under(cls, what: str, digest: str) -> Kept:
        """The array in the cache that was made from what has this digest.

        Args:
            what: the folder, such as "activations".
            digest: of all that the array hangs on.
        """
        return cls(default_root() / what / f"{digest}.npy")

    @property
    def unfinished(self) -> Kept:
        """Where a run keeps the array while it lacks values, for the next run to go on with."""
        return Kept(self.path.with_suffix(".part.npy"))

    def load(self, *, mapped: bool = False) -> NDArray[Any] | None:
        """The array, None where it is not there or damaged; ``mapped`` leaves it on disk until it is read."""
        import numpy as np

        with suppress(OSError, ValueError, EOFError):
            found: NDArray[Any] = np.load(self.path, mmap_mode="r" if mapped else None)
            return found
        return None

    def keep(self, values: NDArray[Any]) -> None:
        """Keep an array, in place of the one that is there."""
        import numpy as np

        with replacing(self.path, _UNWRITTEN, folders=True, links=False, fix=_ROOM) as part, part.open("wb") as file:
            np.save(file, values)

    @contextmanager
    def filled(self, shape: tuple[int, ...], dtype: np.typing.DTypeLike) -> Iterator[NDArray[Any]]:
        """Give an array on disk to fill, which memory need not hold; it is kept when the block ends well."""
        import numpy as np

        with replacing(self.path, _UNWRITTEN, folders=True, links=False, fix=_ROOM) as part:
            found = np.lib.format.open_memmap(part, mode="w+", dtype=dtype, shape=shape)
            yield found
            found.flush()

    def drop(self) -> None:
        """Forget the array."""
        self.path.unlink(missing_ok=True)

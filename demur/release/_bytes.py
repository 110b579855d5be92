"""The files of a store: in a folder on this machine, written whole and to the disk, or on a file system of fsspec's."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demur.errors import DemurError, FetchError, OutputError, UsageError
from demur.files.remote import named
from demur.files.web import options, warned
from demur.files.whole import locked, replacing, write_whole

_CHUNK = 1 << 20
_UNREAD = ("The store cannot be read", "Check the address and your access to it, and run the command again.")
_UNWRITTEN = ("The store cannot be written", "Nothing was released; run the command again, and it goes on.")


@dataclass(frozen=True)
class Bytes:
    """Files below a root, by their paths from there.

    Attributes:
        root: a folder's path, or a URL.
        fs: the file system, of fsspec; None for a folder.
        path: the root, as that file system calls it.
        near: whether it lies on this machine.
    """

    root: str
    fs: Any
    path: str
    near: bool

    @classmethod
    def of(cls, root: str | Path) -> Bytes:
        """A folder's, or a URL's.

        Raises:
            UsageError: there is no way to read such a URL.
        """
        if isinstance(root, Path):
            return cls(str(root), None, str(root), True)
        try:
            from fsspec.core import url_to_fs

            warned(root)
            fs, path = url_to_fs(root, **options(root))
        except ModuleNotFoundError as error:
            msg = "No way to read URLs"
            raise UsageError(msg, where=named(root), got=error.msg, fix="Run `pip install 'demur[remote]'`.") from error
        except (ImportError, ValueError) as error:
            msg = "No way to read such a URL"
            fix = "Install the fsspec package for it."
            raise UsageError(msg, where=named(root), got=type(error).__name__, fix=fix) from error
        if root.startswith(("file://", "local://")):
            return cls.of(Path(path))
        return cls(root, fs, str(path).rstrip("/"), root.startswith("memory://"))

    @property
    def local(self) -> Path | None:
        """The folder, where it is one."""
        return Path(self.path) if self.fs is None else None

    def chunks(self, name: str, size: int) -> Iterator[bytes]:
        """A file's bytes, of a longer one one more than ``size``.

        Raises:
            FetchError: there is no such file, or it cannot be read.
        """
        left = size + 1
        with self._doing(FetchError, name, *_UNREAD), self._open(name) as file:
            while left and (data := file.read(min(left, _CHUNK))):
                left -= len(data)
                yield data

    def get(self, name: str, size: int) -> bytes | None:
        """A small file, None where there is none.

        Raises:
            FetchError: it cannot be read.
        """
        try:
            return b"".join(self.chunks(name, size))
        except FetchError as error:
            found = error.__cause__
            cause = found and found.__cause__  # a server that nobody reaches is no such file, to fsspec
            if isinstance(found, FileNotFoundError) and (cause is None or getattr(cause, "status", None) == 404):
                return None
            raise

    def listed(self, below: str) -> set[str]:
        """Paths of all files below a prefix that ends in a slash, or below the root; from there.

        Raises:
            FetchError: it cannot be listed.
        """
        if self.local is not None:
            top = self.local / below
            return {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file() or path.is_symlink()}
        top_path = f"{self.path}/{below}"
        with self._doing(FetchError, below, *_UNREAD):
            self.fs.invalidate_cache()
            found = [str(path) for path in self.fs.find(top_path.rstrip("/"))]
        return {path.removeprefix(top_path) for path in found if path.startswith(top_path)}

    def write(self, data: bytes, name: str) -> None:
        """Write a small file in one step.

        Raises:
            OutputError: it cannot be written.
        """
        if self.local is not None:
            write_whole(self.local / name, data, _UNWRITTEN[0], folders=True, fix=_UNWRITTEN[1])
            return
        with self._doing(OutputError, name, *_UNWRITTEN):
            self.fs.pipe_file(f"{self.path}/{name}", data)

    def put(self, source: Path, name: str) -> None:
        """Copy a file there.

        Raises:
            OutputError: it cannot be written.
        """
        if self.local is not None:
            place = self.local / name
            with replacing(place, _UNWRITTEN[0], folders=True, fix=_UNWRITTEN[1]) as part:
                shutil.copyfile(source, part)
            return
        with self._doing(OutputError, name, *_UNWRITTEN):
            self.fs.put_file(str(source), f"{self.path}/{name}")

    def remove(self, names: Iterable[str]) -> None:
        """Delete files.

        Raises:
            OutputError: one cannot be deleted.
        """
        for name in names:
            with self._doing(OutputError, name, *_UNWRITTEN):
                if self.local is not None:
                    (self.local / name).unlink(missing_ok=True)
                else:
                    self.fs.rm_file(f"{self.path}/{name}")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other releases on this machine out of a folder.

        Raises:
            OutputError: one is under way, or the folder cannot be written.
        """
        from filelock import Timeout

        lock: AbstractContextManager[object] = nullcontext()
        if self.local is not None:
            with self._doing(OutputError, "", *_UNWRITTEN):
                self.local.parent.mkdir(parents=True, exist_ok=True)
            lock = locked(self.local.with_name(f".{self.local.name}.lock"), timeout=0)
        try:
            with lock:
                yield
        except Timeout:
            msg = "Another release is writing this store"
            raise OutputError(msg, where=named(self.root), fix="Wait for it, and run the command again.") from None

    def _open(self, name: str) -> Any:
        return (self.local / name).open("rb") if self.local is not None else self.fs.open(f"{self.path}/{name}", "rb")

    @contextmanager
    def _doing(self, kind: type[DemurError], name: str, what: str, fix: str) -> Iterator[None]:
        """Turn what a file system raises, each has errors of its own, into ours; theirs may quote what signs a URL."""
        try:
            yield
        except Exception as error:
            if isinstance(error, DemurError):
                raise
            where = f"{named(self.root)}/{name}"
            raise kind(what, where=where, got=type(error).__name__, fix=fix) from error

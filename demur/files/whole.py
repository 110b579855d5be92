"""Writing a file as a whole or not at all: beside its place, on the disk, then into its place in one step."""

from __future__ import annotations

import glob
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from demur.errors import DemurError, OutputError

_OLD = 24 * 3600  # seconds after which a half-written file is one that a killed run left


@contextmanager
def replacing(
    path: Path,
    what: str | None = "The file cannot be written",
    *,
    folders: bool = False,
    links: bool = True,
    fix: str | None = None,
) -> Iterator[Path]:
    """Give a path in the same folder to write; when the block ends well, that file takes the place of ``path``.

    If the block fails or is interrupted, ``path`` stays as it was, and nothing stays beside it; what a killed run left
    is swept by a later one. A link stays one: the file that it means is replaced. What is no file, as a pipe or a
    terminal, is written as it is.

    Args:
        path: the file.
        what: the error's first line; with None, errors of the system stay what they are.
        folders: make those that are missing above it.
        links: follow a link; without, it is replaced itself, which is for folders that others may have written to.
        fix: what the error advises.

    Raises:
        OutputError: the folder or the file cannot be written.
    """
    try:
        if folders:
            path.parent.mkdir(parents=True, exist_ok=True)
        if links and (path.absolute().is_relative_to("/dev") or (path.exists() and not path.is_file())):
            yield path
            return
        place = Path(os.path.realpath(path)) if links else path
        stem = f".{place.name[:100]}."
        part = place.with_name(f"{stem}{uuid.uuid4().hex}.part")
        _sweep(place.parent, stem)
        try:
            yield part
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.replace(place)
            sync_folder(place.parent)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except DemurError:
        raise
    except OSError as error:
        if what is None:
            raise
        raise OutputError(what, where=path, got=error.strerror or type(error).__name__, fix=fix) from error


def write_whole(
    path: Path,
    data: bytes | str,
    what: str | None = "The file cannot be written",
    *,
    folders: bool = False,
    links: bool = True,
    fix: str | None = None,
) -> None:
    """Write bytes, or a text in UTF-8, as `replacing` does.

    Raises:
        OutputError: the folder or the file cannot be written.
    """
    with replacing(path, what, folders=folders, links=links, fix=fix) as part:
        part.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)


def write_all(folder: Path, texts: Mapping[str, str], what: str | None = "The file cannot be written") -> None:
    """Write files of a folder, by their names, as `replacing` does; none takes its place before all are written.

    Raises:
        OutputError: the folder or a file cannot be written.
    """
    with ExitStack() as written:
        for name, text in texts.items():
            written.enter_context(replacing(folder / name, what)).write_text(text, encoding="utf-8")


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, so that a rename outlives a power loss; where systems can do that."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


@contextmanager
def locked(place: Path, timeout: float = -1) -> Iterator[None]:
    """Hold a lock for the length of a block; its file goes with it.

    Whoever waits looks whether the file that it locked is still the one in this place, and else tries again.

    Args:
        place: the lock's file.
        timeout: seconds to wait for others; below 0, as long as it takes.

    Raises:
        filelock.Timeout: others hold it.
    """
    from filelock import FileLock

    with FileLock(place, timeout=timeout):
        try:
            yield
        finally:
            with suppress(OSError):
                place.unlink()


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock of a file that is read, changed and written back as a whole, so that of two changes none is lost.

    Raises:
        OutputError: there is no place for the lock beside the file.
    """
    place = Path(os.path.realpath(path))
    with ExitStack() as opened:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            opened.enter_context(locked(place.with_name(f".{place.name}.lock")))
        except OSError as error:
            msg = "The file cannot be written"
            raise OutputError(msg, where=path, got=error.strerror or type(error).__name__) from error
        yield


def _sweep(folder: Path, stem: str) -> None:
    for left in folder.glob(f"{glob.escape(stem)}{'?' * 32}.part"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _OLD:
                left.unlink()

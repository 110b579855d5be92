"""Writing a folder so that its last good content is never lost: lock, stage beside it, swap in one step."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from demur.errors import BusyError, DemurError, OutputError
from demur.files.whole import locked, sync_folder

_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_AT_FDCWD = -100
MARKS = ("manifest.json", "splits.lock")  # what every built folder holds, and few others


@contextmanager
def staged(out: Path, marks: tuple[str, ...] = MARKS) -> Iterator[Path]:
    """Give an empty folder to fill; when the block ends well, it takes the place of ``out`` in one step.

    Args:
        out: the folder. One that holds anything else than such an output is refused.
        marks: files by which an earlier output is known.

    If the block fails, is interrupted or killed, ``out`` stays as it was; what a killed run left is swept by the next.

    Raises:
        OutputError: the folder cannot be written, another build is writing it, or it holds something else.
    """
    with held(out, lambda place: _refuse_foreign(place, marks)) as place, swapped(place) as stage:
        yield stage


def straight(out: Path) -> Path:
    """The same folder, without a ``..`` in its path: what stands before one need not be there.

    Example:
        >>> straight(Path("out")), ".." in straight(Path("gone/../out")).parts
        (PosixPath('out'), False)
    """
    return out.resolve() if ".." in out.parts else out


@contextmanager
def held(out: Path, refuse: Callable[[Path], None], who: str = "build") -> Iterator[Path]:
    """Lock a folder's place for the length of a block; what a killed run left beside it is put back, or swept.

    Args:
        out: the folder, there or not.
        refuse: raises where the folder holds what must not be replaced.
        who: what the message calls the other run.

    Yields:
        The folder's real place.

    Raises:
        OutputError: the folder cannot be written, or another run is writing it.
    """
    from filelock import Timeout

    out = _place(out)
    lock, stage, old = _beside(out)
    with ExitStack() as opened:
        with _told(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            try:
                opened.enter_context(locked(lock, timeout=0))
            except Timeout:
                msg = f"Another {who} is writing this folder"
                raise BusyError(msg, where=out, fix="Wait for it, or name another folder with --out.") from None
            if old.exists() and not out.exists():
                old.rename(out)  # a run was killed between the two renames of `_swap`
            refuse(out)
            if out.is_mount():
                msg = "The output folder is a mount point, which cannot be replaced as a whole"
                raise OutputError(msg, where=out, fix="Name a folder inside it with --out.")
            shutil.rmtree(stage, ignore_errors=True)
        yield out


def _place(out: Path) -> Path:
    """Where a folder really lies.

    Raises:
        OutputError: its links go round, or it is the folder that the command runs in, or one above that.
    """
    try:
        place = out.resolve()
    except (RuntimeError, OSError) as error:
        msg = "The output folder cannot be found: a link leads back to itself"
        raise OutputError(msg, where=out) from error
    if Path.cwd().is_relative_to(place):  # swapped as a whole, it would be gone below our feet
        msg = "The output folder is the one that this command runs in, or one above it"
        raise OutputError(msg, where=place, fix="Name a folder inside it, or run the command from elsewhere.")
    return place


@contextmanager
def swapped(out: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of a `held` one when the block ends well.

    Raises:
        OutputError: the folder cannot be written.
    """
    _, stage, old = _beside(out)
    with _told(out):
        stage.mkdir()
        try:
            yield stage
            _sync(stage)
            if out.exists():
                shutil.copymode(out, stage)
            _swap(stage, out, old)
            sync_folder(out.parent)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def _beside(out: Path) -> tuple[Path, Path, Path]:
    """The lock, the folder that is filled, and the last good content where a swap takes two steps."""
    lock, stage, old = (out.with_name(f".{out.name}.{what}") for what in ("lock", "staging", "old"))
    return lock, stage, old


@contextmanager
def _told(out: Path) -> Iterator[None]:
    """Give errors of the system that concern the output their name."""
    try:
        yield
    except OSError as error:
        if isinstance(error, DemurError) or not _concerns(error, out, *_beside(out)):
            raise
        msg = "The output cannot be written"
        raise OutputError(
            msg,
            where=_written(error) or out,
            got=error.strerror,
            fix="The last good output is untouched. Free some space, or choose another --out.",
        ) from error


def _refuse_foreign(out: Path, marks: tuple[str, ...]) -> None:
    """A build replaces its folder as a whole, so a folder that no build wrote is left alone."""
    if not out.exists() or (out.is_dir() and (not any(out.iterdir()) or all((out / name).exists() for name in marks))):
        return
    msg = "The output folder holds something that Demur did not build"
    raise OutputError(
        msg,
        where=out,
        expected=f"a new or empty folder, or one with {' and '.join(marks)}",
        fix="Name another folder with --out: a build replaces the whole folder.",
    )


def _concerns(error: OSError, *ours: Path) -> bool:
    """Whether an error came from writing the output; Arrow's (a full disk) name no file."""
    name = _written(error)
    if not isinstance(name, str):
        return error.errno is not None
    path = Path(name).absolute()
    return any(path.is_relative_to(one) or one.is_relative_to(path) for one in ours)


def _written(error: OSError) -> object:
    """The file that an error is about: where one is copied, the disk is full at the copy."""
    return error.filename if error.filename2 is None else error.filename2


def _sync(folder: Path) -> None:
    """Files and the folders that name them are on the disk before they take a place there."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        elif path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)


def _swap(stage: Path, out: Path, old: Path) -> None:
    if not out.exists():
        stage.rename(out)
    elif sys.platform == "linux" and _exchange(stage, out):
        pass  # the old content now lies at ``stage`` and is removed with it
    else:
        shutil.rmtree(old, ignore_errors=True)
        out.rename(old)
        try:
            stage.rename(out)
        except BaseException:
            old.rename(out)
            raise
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, two: Path) -> bool:
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return renameat2 is not None and renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(two), _EXCHANGE) == 0

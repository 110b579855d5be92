"""Files at URLs of any file system that fsspec knows: fetched to a private folder that is gone afterwards, bounded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from demur.errors import FetchError, UsageError
from demur.files.reading import SUFFIXES, kind_of
from demur.files.temporary import temporary
from demur.files.web import options, warned

MAX_BYTES = 4 * 2**30
"""Bytes that are fetched for one command, at most."""

MAX_FILES = 10_000
"""Files of a folder, at most."""

_CHUNK = 1 << 20
_PAGES = (".json", ".txt")  # may say something of the rows beside them


def is_url(path: str | Path) -> bool:
    """Whether it is a URL, and no path.

    Example:
        >>> is_url("s3://bucket/train.jsonl"), is_url("data/train.jsonl")
        (True, False)
    """
    return isinstance(path, str) and "://" in path


def local(places: Sequence[str | Path]) -> list[Path]:
    """Places on this machine, where no other will do.

    Raises:
        UsageError: one is a URL.
    """
    for each in places:
        if is_url(each):
            msg = "This works on files of this machine only"
            raise UsageError(msg, where=named(str(each)), fix="Fetch the files first, or check the URL as it is.")
    return [*map(Path, places)]


def named(url: str) -> str:
    """A URL as messages show it: without names and passwords, and without a query, which may sign it.

    Example:
        >>> named("https://me:secret@example.org/rows.csv?token=abc")
        'https://example.org/rows.csv'
    """
    user = r"(?<=//)[^/@]*@" if url.startswith("http") else r"(?<=//)[^/@:]*:[^/@]*@"  # elsewhere it may be a container
    return re.sub(user, "", re.split(r"[?#]", url, maxsplit=1)[0])


def reachable(url: str, offline: bool) -> str:
    """The same URL.

    Raises:
        UsageError: it leads over the network, which is to be left alone.
    """
    if offline and urlsplit(url).scheme not in ("file", "local", "memory"):
        msg = "A URL over the network, with --offline"
        raise UsageError(msg, where=named(url), fix="Copy it here, and name that, or leave --offline out.")
    return url


@contextmanager
def fetched(
    paths: Sequence[str | Path],
    wanted: Callable[[str], bool] = lambda name: kind_of(Path(name)) is not None,
    away: dict[Path, str] | None = None,
) -> Iterator[tuple[list[Path], dict[Path, str]]]:
    """The same files on this machine, as long as the block runs.

    Args:
        paths: of which URLs are fetched; the others stay what they are.
        wanted: which files of a folder are fetched, by their names; in a folder that ``demur build`` wrote, all.
        away: gets the URL of every file of rows, for others to read: of those an empty file stands here.

    Yields:
        Their paths in order, and for each fetched file what it is called.

    Raises:
        UsageError: no such file, a file of another kind, no way to read such a URL, or too much.
        FetchError: it could not be fetched.
    """
    names: dict[Path, str] = {}
    with temporary("fetched") as folder:
        places = []
        room = MAX_BYTES
        for number, path in enumerate(paths):
            if not is_url(path):
                places.append(Path(path))
                continue
            top = folder / str(number)
            place, found = _listed(str(path), top, wanted)
            for each, (fs, remote) in found.items():
                url = str(fs.unstrip_protocol(remote))
                names[each] = named(url)
                if away is not None and kind_of(each) is not None:
                    away[each] = url
                    if kind_of(each) not in _PAGES:
                        each.parent.mkdir(parents=True, exist_ok=True)
                        each.touch()
                        continue
                room -= _copied(fs, remote, each, room, names[each])
            places.append(place)
        yield places, names


def _listed(url: str, top: Path, wanted: Callable[[str], bool]) -> tuple[Path, dict[Path, tuple[Any, str]]]:
    """Where a URL's file or folder is to lie, and where each file comes from."""
    fs, remote = _system(url)
    called = named(url)
    web = urlsplit(url).scheme in ("http", "https")
    try:
        if not (url.endswith("/") if web else fs.isdir(remote)):
            name = PurePosixPath(named(remote)).name
            if kind_of(Path(name)) is None:
                msg = "Unknown kind of file"
                fix = "The URL of a folder ends in a slash." if web else None
                raise UsageError(msg, where=called, expected=", ".join(SUFFIXES), fix=fix)
            return top / name, {top / name: (fs, remote)}
        within = remote.rstrip("/") + "/"
        inside = sorted(path for path in fs.find(remote) if path.startswith(within))
        if not inside:
            raise FileNotFoundError
    except UsageError:
        raise
    except Exception as error:  # every file system has errors of its own
        raise _failed(called, error) from error
    below = {path: PurePosixPath(named(path[len(within) :])) for path in inside}
    built = PurePosixPath("manifest.json") in below.values()
    chosen = {
        top.joinpath(*inner.parts): (fs, path)
        for path, inner in below.items()
        if (built or wanted(inner.name)) and not any(part.startswith(".") for part in inner.parts)
    }
    if len(chosen) > MAX_FILES:
        msg = "The folder holds too many files"
        raise UsageError(msg, where=called, expected=f"at most {MAX_FILES:,}", got=f"{len(chosen):,}")
    top.mkdir(parents=True)
    return top, chosen


def _system(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ModuleNotFoundError as error:
        msg = "No way to read URLs"
        raise UsageError(msg, where=named(url), got=error.msg, fix="Run `pip install 'demur[remote]'`.") from error
    warned(url)
    try:
        fs, path = url_to_fs(url, **options(url))
    except (ImportError, ValueError) as error:
        msg = "No way to read such a URL"
        raise UsageError(msg, where=named(url), got=error, fix="Install the fsspec package for it.") from error
    return fs, str(path)


def _copied(fs: Any, remote: str, place: Path, room: int, called: str) -> int:
    """Fetch a file; how many bytes it has."""
    place.parent.mkdir(parents=True, exist_ok=True)
    copied = 0
    try:
        with fs.open(remote, "rb") as source, place.open("wb") as target:
            while data := source.read(_CHUNK):
                copied += len(data)
                if copied > room:
                    break
                target.write(data)
    except Exception as error:
        raise _failed(called, error) from error
    if copied > room:
        msg = "There is too much to fetch"
        raise UsageError(msg, where=called, expected=f"at most {MAX_BYTES:,} bytes", fix="Copy it here, and name that.")
    return copied


def _failed(called: str, error: Exception) -> UsageError | FetchError:
    cause = error.__cause__  # a server that nobody reaches is no such file, to fsspec
    if isinstance(error, FileNotFoundError) and (cause is None or getattr(cause, "status", None) == 404):
        msg = "There is no such file or folder"
        return UsageError(msg, where=called)
    msg = "It could not be fetched"
    return FetchError(
        msg, where=called, got=type(cause or error).__name__, fix="Check the address and your access to it."
    )

"""Mirror folders, which hold files of every carrier as ``carrier/address/revision/path``; ``DEMUR_MIRROR`` names them.

It names several, folders and URLs of stores, as a PATH does; folders are asked first. ``demur fetch --to DIR`` writes
one. They are tried before any network; a mirror that this carrier itself carries, such
as the rows of a team that publishes none, lies in a mirror folder and nowhere else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol, Self

from demur.errors import FetchError, PinError, UsageError
from demur.files.kept import Cache
from demur.files.remote import is_url
from demur.files.stored import Stored
from demur.sources.carriers.carrier import Carrier, Exact

_NAME = r"[A-Za-z0-9_][\w.-]*"
_PLACES = re.compile(
    rf"[a-z][a-z0-9+.-]*://[^{os.pathsep}]*(?:{os.pathsep}\d+(?=[/{os.pathsep}]|$)[^{os.pathsep}]*)?|[^{os.pathsep}]+"
)
"""The places in a list: in URLs, the separator stands after the scheme and before a port as well."""


class File(Carrier):
    """Files below ``file/ADDRESS/REVISION`` of a mirror folder, whose revisions are any names."""

    order = 0
    address = rf"^{_NAME}(/{_NAME})*$"
    revision = rf"^{_NAME}$"

    def head(self, address: str, cache: Cache) -> Exact:
        """Never found: mirror folders were asked before."""
        raise self._absent(address)

    def fetch(self, address: str, exact: Exact, files: Mapping[str, str | None], cache: Cache) -> dict[str, bytes]:
        """Never found: mirror folders were asked before."""
        raise self._absent(address)

    def page(self, address: str) -> str:
        """None: it is on no web."""
        return ""

    def _absent(self, address: str) -> FetchError:
        msg = "no mirror folder holds it"
        return FetchError(msg, where=f"{self.scheme}:{address}", fix="Set DEMUR_MIRROR to the folder that does.")


class Place(Protocol):
    """What a mirror folder is to its readers: a `pathlib.Path`, or a place in a store."""

    @property
    def name(self) -> str:
        """The last part of its path."""

    def __truediv__(self, below: str, /) -> Self: ...

    def is_file(self) -> bool:
        """Whether it is a file."""

    def read_bytes(self) -> bytes:
        """What a file holds."""

    def glob(self, pattern: str, /) -> Iterable[Self]:
        """What lies in it."""


def mirror_folders() -> tuple[Path, ...]:
    """The folders that ``DEMUR_MIRROR`` names.

    Raises:
        UsageError: one is not there.
    """
    folders = tuple(Path(place) for place in _named() if not is_url(place))
    for folder in folders:
        if not folder.is_dir():
            raise _vanished(folder)
    return folders


def mirror_stores() -> tuple[Stored, ...]:
    """The URLs that ``DEMUR_MIRROR`` names beside folders."""
    return tuple(Stored(place) for place in _named() if is_url(place))


def there(store: Stored) -> Stored:
    """The same store.

    Raises:
        UsageError: it is not there.
        FetchError: nobody answers.
    """
    if not store.exists():
        raise _vanished(store)
    return store


def _named() -> list[str]:
    return _PLACES.findall(os.environ.get("DEMUR_MIRROR", ""))


def _vanished(place: object) -> UsageError:
    msg = "A mirror folder is not there"
    return UsageError(
        msg, where=place, expected="what DEMUR_MIRROR names", fix="Put it back, or leave it out of DEMUR_MIRROR."
    )


def newest(places: Iterable[Place], below: str, revision: str, names: Iterable[str]) -> tuple[Place, Exact] | None:
    """The place and the revision that the first of the mirror folders has with all these files, if any has.

    Args:
        places: the mirror folders.
        below: where a mirror lies in each, without its revision.
        revision: the pattern of its carrier's revisions.
        names: of the files, as they lie there.

    Raises:
        PinError: it holds several.
    """
    names = tuple(names)
    for place in places:
        base = place / below
        found = [
            each
            for each in sorted(base.glob("*"), key=lambda each: each.name)
            if re.fullmatch(revision, each.name) and all((each / name).is_file() for name in names)
        ]
        if len(found) > 1:
            msg = "A mirror folder holds several commits"
            raise PinError(msg, where=base, expected="one", got=len(found), fix="Leave the one to pin.")
        if found:
            return found[0], Exact(found[0].name)
    return None


def read(paths: Mapping[str, Place]) -> dict[str, bytes] | None:
    """Bytes of files of a mirror folder; None if one of them is not there.

    Raises:
        FetchError: a file is there but cannot be read.
    """
    if not all(path.is_file() for path in paths.values()):
        return None
    try:
        return {name: path.read_bytes() for name, path in paths.items()}
    except FetchError:
        raise
    except OSError as error:
        msg = "A file of the mirror folder cannot be read"
        raise FetchError(msg, where=error.filename, got=error.strerror) from error

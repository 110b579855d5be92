"""The protocol of a carrier: from an address to an exact revision, and from there to bytes.

Carriers know nothing of mirrors and pins: they are handed addresses, revisions and paths, and give bytes, which
whoever asked for them proves. What they keep for the next run lies in the cache.
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from demur.files.kept import Cache

MAX_FILE = 64 * 2**20  # bytes of one file, which is held in memory
MAX_OWN = 2**30  # of one that somebody keeps in a place of their own
COMMIT = r"^[0-9a-f]{40}$"
SHA256 = r"^[0-9a-f]{64}$"


@dataclass(frozen=True)
class Exact:
    """What an address stands for at one moment, and for ever.

    Attributes:
        revision: a full commit, an exact version, or whatever else never moves.
        archive: name of the one file that holds all others, of a carrier of archives.
        sha256: of that archive.
    """

    revision: str
    archive: str | None = None
    sha256: str | None = None


class Carrier(ABC):
    """One way in which the files of a source travel."""

    order: ClassVar[int] = 100
    """Of the mirrors of one source, those whose carrier has a lower number are tried first."""
    address: ClassVar[str]
    """The pattern of its addresses."""
    revision: ClassVar[str] = COMMIT
    """The pattern of its exact revisions."""
    archives: ClassVar[bool] = False
    """Whether it packs the files in one archive; a pin then holds that archive's name and sha256 as well, and
    ``demur pin`` needs the archive, which a mirror folder does not hold."""

    root: Path = Path()
    """The project's folder, which relative paths are below."""

    @property
    def scheme(self) -> str:
        """Its name in declarations, pins and mirror folders: that of its file."""
        return type(self).__module__.rpartition(".")[2]

    @abstractmethod
    def head(self, address: str, cache: Cache) -> Exact:
        """What ``demur pin`` pins: the exact revision that an address stands for now.

        Raises:
            FetchError: nobody answers, or nothing is there.
        """

    @abstractmethod
    def fetch(self, address: str, exact: Exact, files: Mapping[str, str | None], cache: Cache) -> dict[str, bytes]:
        """Bytes of files at an exact revision; a hint is no proof, that is the caller's to make.

        Args:
            address: as declared.
            exact: as `head` gave it, now or long ago.
            files: the path of every file, with its sha256 if it is known.
            cache: for archives, and for parts of files that are resumed later.

        Raises:
            FetchError: a file was not given.
        """

    @abstractmethod
    def page(self, address: str) -> str:
        """The web page of the origin, or an empty text."""

    def folder(self, address: str) -> str:
        """Its address as a path below a mirror folder, without the revision."""
        return address

    def named(self, address: str) -> tuple[str, ...]:
        """The files that an address stands for where a declaration names none."""
        return ()

    def here(self, address: str) -> bool:
        """Whether its files lie on this machine: they are read anew each time, and need no network."""
        return False

    def stop(self) -> None:  # noqa: B027 - most carriers have nothing to end
        """End what is under way, for a command that is interrupted."""


class Placed(Carrier):
    """A carrier whose addresses say where a file lies now, and nothing of what it holds: only its bytes fix it.

    Its revisions are the sha256 of a file, or of the hashes of several. Further files lie beside the one of the
    address, or below it where it ends in a slash.
    """

    revision = SHA256
    personal: ClassVar[str]
    """The pattern of addresses that tell of one machine, or that open what is closed: they are for private mirrors."""

    def head(self, address: str, cache: Cache) -> Exact:
        """Nothing but the bytes themselves tells it: see `content`."""
        return Exact("")

    def named(self, address: str) -> tuple[str, ...]:
        """The last part of the address."""
        name = re.split(r"[?#]", address, maxsplit=1)[0].rpartition("/")[2]
        return (name,) if name else ()

    def page(self, address: str) -> str:
        """None, unless it is on the web."""
        return ""

    def folder(self, address: str) -> str:
        """Its address, with what no path may hold left out."""
        parts = re.split(r"/+", re.sub(r"[^\w./-]", "_", address))
        return "/".join(part for part in parts if part.strip("."))

    def beside(self, address: str, name: str) -> str:
        """Where a file lies."""
        return address if (name,) == self.named(address) else f"{address.rpartition('/')[0]}/{name}".lstrip("/")


def content(files: Mapping[str, bytes]) -> Exact:
    """The revision of files that only their bytes fix.

    Example:
        >>> content({"a.csv": b"q"}).revision == hashlib.sha256(b"q").hexdigest()
        True
    """
    hashes = [hashlib.sha256(data).hexdigest() for _, data in sorted(files.items())]
    return Exact(hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest())

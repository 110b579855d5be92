"""The protocol of a carrier: from an address to an exact revision, and from there to bytes.

Carriers know nothing of mirrors and pins: they are handed addresses, revisions and paths, and give bytes, which
whoever asked for them proves. What they keep for the next run lies in the cache.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from demur.files.kept import Cache

MAX_FILE = 64 * 2**20  # bytes of one file, which is held in memory
COMMIT = r"^[0-9a-f]{40}$"


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

    def stop(self) -> None:  # noqa: B027 - most carriers have nothing to end
        """End what is under way, for a command that is interrupted."""

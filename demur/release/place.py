"""A place of releases, the Hub or a store: what it holds now, and each step of a release to it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from demur.errors import DemurError


@dataclass(frozen=True)
class State:
    """What a place holds now.

    Attributes:
        head: commit of the default branch; in a store, that of the last release, empty where there is none.
        tags: version -> commit, oldest version first; other tags are left out.
        private: whether only its owners see it; None in a store, which has no such setting.
        gated: ``auto``, ``manual`` or False; None in a store, which has no gate.
    """

    head: str
    tags: dict[str, str]
    private: bool | None
    gated: str | bool | None

    @property
    def latest(self) -> str | None:
        """The highest version that is tagged."""
        return next(reversed(self.tags), None)


class Place(Protocol):
    """The versions of one data set. A commit is the Hub's; in a store it is the sha256 of the version's manifest."""

    @property
    def repo(self) -> str:
        """Its name, as messages show it."""

    @property
    def key(self) -> str:
        """A file name that no other place has."""

    @property
    def published(self) -> str | None:
        """Its name, as a released manifest may tell it to everybody; None for a store, which lies where it lies."""

    @property
    def near(self) -> bool:
        """Whether it lies on this machine, so that reading it leaves the network alone."""

    def state(self) -> State | None:
        """Versions and settings; None where nothing is there, or nothing that one may see."""

    def missing(self) -> DemurError:
        """The error for a place where nothing is."""

    def commit_of(self, version: str) -> str:
        """The commit that a version's tag names; an error names the versions that there are."""

    def download(self, revision: str, to: Path | None = None) -> Path:
        """The folder of all files of a commit: below an empty folder, or by default where they are kept."""

    def cached(self, revision: str) -> Path | None:
        """The folder of a commit that was downloaded before; the network is left alone."""

    def read(self, revision: str, name: str) -> bytes | None:
        """One file of a commit, None where it holds none of that name."""

    def files(self, revision: str) -> set[str]:
        """Paths that stand in the way of the next release unless it has them, too."""

    def held(self) -> AbstractContextManager[object]:
        """Keep others on this machine from releasing to it while the block runs, where that can be."""

    def create(self, private: bool) -> None:
        """Make it; one that exists is left as it is."""

    def gate(self) -> None:
        """Let nobody read the files who has not asked and been let in by hand."""

    def publish(self) -> None:
        """Let everybody see it."""

    def commit(self, folder: Path, gone: Sequence[str], parent: str, message: str) -> str:
        """Put a folder's files there on top of a head, without a tag; the new commit. A message is a title, or more."""

    def tag(self, version: str, commit: str) -> None:
        """Name a commit; a tag that is there never moves."""

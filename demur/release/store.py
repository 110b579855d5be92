"""A store: a folder, or a prefix on any file system that fsspec knows, that holds the versions of one data set.

Below it lie ``v1.2.0/...`` and ``index.json``. A version is released by being listed there, which is the last step: its
files are written and read back before. A version's commit is the sha256 of its manifest, and all follows from that.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from demur.errors import ChecksumError, DemurError, FetchError, OutputError, UsageError, nearest
from demur.files.digest import file_sha256
from demur.files.folder import staged
from demur.files.kept import default_root
from demur.files.remote import is_url, named
from demur.release._bytes import Bytes
from demur.release.index import NAME as INDEX
from demur.release.index import Index, Listed, Unfinished, read_index
from demur.release.place import State
from demur.sets.manifest_file import NAME, parse_manifest, read_manifest

FOLDER = "folder:"
_MAX = 64 * 2**20
"""Bytes of an index or a manifest, at most; every other file has the size that the manifest says."""


def is_store(text: str) -> bool:
    """Whether it names a store, and no repository on the Hub.

    Example:
        >>> is_store("folder:releases"), is_store("s3://bucket/sets"), is_store("owner/name")
        (True, True, False)
    """
    return text.startswith(FOLDER) or is_url(text)


@dataclass(frozen=True)
class Store:
    """The versions of one data set in a store.

    Attributes:
        repo: its place, as messages show it.
        name: of the data set.
        at: what lies there.
    """

    repo: str
    name: str
    at: Bytes

    @classmethod
    def of(cls, text: str, writing: bool = False) -> Store:
        """The store that ``folder:DIR/NAME`` or a URL names, whose last part is the data set's name.

        Raises:
            UsageError: no such name, no way to read such a URL, or none to write it.
        """
        text = text.rstrip("/")
        name = re.split(r"[:/]", text)[-1]
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or (is_url(text) and re.search(r"[?#]|::", text)):
            msg = "Not a data set in a store"
            raise UsageError(msg, expected="folder:DIR/NAME, or a URL that ends in its NAME", got=named(text))
        if writing and text.startswith(("http://", "https://")):
            msg = "A web server is only read from"
            raise UsageError(
                msg, where=named(text), fix="Release to the folder or bucket that it serves, or to the Hub."
            )
        if text.startswith(FOLDER):
            return cls(text, name, Bytes.of(Path(text.removeprefix(FOLDER)).expanduser().absolute()))
        return cls(named(text), name, Bytes.of(text))

    @property
    def key(self) -> str:
        """A file name that no other place has."""
        return f"store-{hashlib.sha256(self.at.root.encode()).hexdigest()[:32]}"

    @property
    def published(self) -> None:
        """No manifest names a path or a bucket; and a store may be copied elsewhere, whole."""
        return

    @property
    def near(self) -> bool:
        """Whether it lies on this machine."""
        return self.at.near

    def state(self) -> State | None:
        """Its versions; None where there is no index.

        Raises:
            FetchError: the store cannot be read.
            ManifestError: its index is broken.
        """
        index = self._index()
        return State(index.head, index.tags, None, None) if index else None

    def missing(self) -> DemurError:
        """The error for a store that is not there."""
        msg = "There is no release in the store, or you may not read it"
        return UsageError(msg, where=self.repo, expected=INDEX, fix="Look at the path: it ends in the data set's name.")

    def commit_of(self, version: str) -> str:
        """The sha256 of a version's manifest.

        Raises:
            UsageError: no such store or version; the versions that there are are named.
        """
        tags = self._given().tags
        if version not in tags:
            msg = f"There is no version {version}"
            raise UsageError(msg, where=self.repo, got=", ".join(tags) or "no release", fix=nearest(version, tags))
        return tags[version]

    def download(self, revision: str, to: Path | None = None) -> Path:
        """All files of a version, each with the size and sha256 of its manifest.

        Args:
            revision: the sha256 of its manifest.
            to: an empty folder; by default a cache, and for a folder on this machine the version itself.

        Raises:
            FetchError: a file is missing or another one, or the store cannot be read.
        """
        version = self._version_of(revision)
        if to is None and self.at.local is not None:
            folder = self.at.local / version
            self._same(f"{version}/{NAME}", revision, file_sha256(folder / NAME) if (folder / NAME).is_file() else None)
            return folder
        folder = (to or default_root() / "stores") / revision
        if to is None and (folder / NAME).is_file():
            return folder
        with staged(folder, (NAME,)) as stage:
            self._fetch(f"{version}/{NAME}", stage / NAME, revision, _MAX)
            for name, entry in read_manifest(stage).files.items():
                self._fetch(f"{version}/{name}", stage / name, entry.sha256, entry.bytes)
        return folder

    def cached(self, revision: str) -> Path | None:
        """The folder of a version that was downloaded before."""
        folder = default_root() / "stores" / revision
        return folder if folder.is_dir() else None

    def read(self, revision: str, name: str) -> bytes | None:
        """One file of a version, proven; None where it holds none of that name."""
        version = self._version_of(revision)
        text = self._proven(f"{version}/{NAME}", revision, _MAX)
        if name == NAME:
            return text
        entry = parse_manifest(text, f"{self.repo}/{version}/{NAME}").files.get(name)
        return self._proven(f"{version}/{name}", entry.sha256, entry.bytes) if entry else None

    def files(self, revision: str) -> set[str]:
        """None: every version has its own prefix."""
        return set()

    def held(self) -> AbstractContextManager[object]:
        """A lock beside a folder on this machine; an object store has none.

        Raises:
            OutputError: another release holds it.
        """
        return self.at.held()

    def create(self, private: bool) -> None:
        """Write an index without versions, by which the prefix is known; one that exists is left.

        Raises:
            OutputError: something else lies there, or the store cannot be written.
        """
        if self._index() is not None:
            return
        if found := self.at.listed(""):
            msg = "The store holds something that Demur did not release"
            raise OutputError(msg, where=self.repo, got=f"{len(found)} files", fix="Name another folder or prefix.")
        self._write(Index(name=self.name))

    def gate(self) -> None:
        """Impossible.

        Raises:
            UsageError: always.
        """
        msg = "A store has no gate"
        raise UsageError(msg, where=self.repo, fix="Release to the Hub.")

    def publish(self) -> None:
        """Impossible.

        Raises:
            UsageError: always.
        """
        msg = "A store is opened by whoever keeps the folder or the bucket"
        raise UsageError(msg, where=self.repo, fix="Leave --public out.")

    def commit(self, folder: Path, gone: Sequence[str], parent: str, message: str) -> str:
        """Write a version's files below its prefix, the manifest last; nothing lists them yet.

        Returns:
            The sha256 of its manifest.

        Raises:
            OutputError: somebody released meanwhile, foreign files stand in the way, or the store cannot be written.
        """
        manifest = read_manifest(folder)
        assert manifest.release is not None  # noqa: S101 - it was dressed
        index, begun = self._given(), Unfinished(version=manifest.release.version, manifest=file_sha256(folder / NAME))
        version, left = begun.version, index.unfinished
        if index.head != parent:
            msg = "Somebody released to the store in the meantime"
            raise OutputError(
                msg, where=self.repo, got=next(reversed(index.tags), None), fix="Run the command again: it plans anew."
            )
        found = self.at.listed(f"{version}/")
        if found and (left is None or left.version != version):
            msg = f"Files that no release wrote lie below {version}/"
            raise OutputError(msg, where=self.repo, got=f"{len(found)} files", fix="Look who put them there.")
        self._write(index.model_copy(update={"unfinished": begun}))
        files = [*manifest.files, NAME]
        gone = [f"{version}/{name}" for name in sorted(found - set(files))]
        if left is not None and left.version != version:  # a killed run's, of what the set was then
            gone += [f"{left.version}/{name}" for name in sorted(self.at.listed(f"{left.version}/"))]
        self.at.remove(gone)
        for name in files:
            self.at.put(folder / name, f"{version}/{name}")
        return begun.manifest

    def tag(self, version: str, commit: str) -> None:
        """List a version in the index, which is written whole and read back.

        Raises:
            OutputError: another version is being written, that one is listed with another manifest, or the store
                cannot be written.
        """
        index = self._given()
        if index.tags.get(version) == commit:
            return
        if index.unfinished != Unfinished(version=version, manifest=commit):
            msg = "Somebody else is releasing to the store"
            raise OutputError(msg, where=self.repo, expected=f"{version} being written", fix="Run the command again.")
        manifest = parse_manifest(self._proven(f"{version}/{NAME}", commit, _MAX), f"{self.repo}/{version}/{NAME}")
        assert manifest.release is not None  # noqa: S101 - it was dressed
        entry = Listed(
            version=version,
            manifest=commit,
            date=manifest.release.changelog[0].date,
            files=len(manifest.files) + 1,
            bytes=sum(each.bytes for each in manifest.files.values()),
        )
        made = index.model_copy(update={"versions": (*index.versions, entry), "unfinished": None})
        self._write(made)
        if self._index() != made:
            msg = "The index is not the one that was written"
            raise OutputError(msg, where=f"{self.repo}/{INDEX}", fix="Look who else writes there, and run it again.")

    def _index(self) -> Index | None:
        data = self.at.get(INDEX, _MAX)
        return None if data is None else read_index(data, f"{self.repo}/{INDEX}")

    def _given(self) -> Index:
        if (index := self._index()) is None:
            raise self.missing()
        return index

    def _write(self, index: Index) -> None:
        self.at.write(index.as_bytes(), INDEX)

    def _version_of(self, revision: str) -> str:
        """The version whose manifest has this sha256, listed or being written."""
        index = self._given()
        for each in (*index.versions, *([index.unfinished] if index.unfinished else [])):
            if each.manifest == revision:
                return each.version
        msg = "There is no such version in the store"
        raise FetchError(msg, where=self.repo, expected=f"manifest {revision}", got=", ".join(index.tags))

    def _fetch(self, name: str, place: Path, sha256: str, size: int) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with place.open("wb") as file:
            for data in self.at.chunks(name, size):
                digest.update(data)
                file.write(data)
        self._same(name, sha256, digest.hexdigest())

    def _proven(self, name: str, sha256: str, size: int) -> bytes:
        data = b"".join(self.at.chunks(name, size))
        self._same(name, sha256, hashlib.sha256(data).hexdigest())
        return data

    def _same(self, name: str, sha256: str, got: str | None) -> None:
        if got == sha256:
            return
        msg = "A file of the store is not the one that was released"
        fix = "A release never changes: ask whoever keeps the store. Nothing was taken over."
        where = f"{self.repo}/{name}"
        raise ChecksumError(msg, where=where, expected=f"sha256 {sha256}", got=got or "no file", fix=fix)

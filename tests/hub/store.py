"""Repositories with git-like commits in one SQLite file; the bytes of LFS objects in a folder beside it."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

ATTRIBUTES = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n*.arrow filter=lfs diff=lfs merge=lfs -text\n"
_SCHEMA = """
PRAGMA synchronous = OFF; -- it has to outlive its process, not the machine
CREATE TABLE IF NOT EXISTS repos (id TEXT PRIMARY KEY, private INTEGER NOT NULL, gated TEXT);
CREATE TABLE IF NOT EXISTS commits (oid TEXT PRIMARY KEY, repo TEXT NOT NULL, parent TEXT, message TEXT NOT NULL,
  date TEXT NOT NULL, tree TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refs (repo TEXT NOT NULL, name TEXT NOT NULL, oid TEXT NOT NULL, PRIMARY KEY (repo, name));
CREATE TABLE IF NOT EXISTS blobs (oid TEXT PRIMARY KEY, data BLOB NOT NULL);
"""
_EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class Conflict(Exception):
    """What is to be made exists already, or the branch has moved."""


@dataclass(frozen=True)
class File:
    """One file of a tree.

    Attributes:
        oid: git's hash of the content, or of the pointer that stands for an LFS object.
        sha256: of an LFS object; None for a regular file.
    """

    oid: str
    size: int
    sha256: str | None = None

    @property
    def etag(self) -> str:
        return self.sha256 or self.oid


@dataclass(frozen=True)
class Repo:
    id: str
    private: bool
    gated: str | None


@dataclass(frozen=True)
class Commit:
    oid: str
    parent: str | None
    message: str
    date: str
    tree: Mapping[str, File]


class Store:
    """What the Hub keeps; used from the server's thread and from the test's."""

    def __init__(self, folder: Path) -> None:
        self._lfs = folder / "lfs"
        self._lfs.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(folder / "hub.sqlite", check_same_thread=False)
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def create(self, repo: str, *, private: bool = False) -> None:
        """Make a repository whose first commit says which files are LFS objects, as the real Hub does.

        Raises:
            Conflict: the repository exists.
        """
        with self._lock, self._db:
            if self.repo(repo):
                raise Conflict(repo)
            self._db.execute("INSERT INTO repos VALUES (?, ?, NULL)", (repo, private))
            tree = {".gitattributes": self._blob(ATTRIBUTES)}
            self._point(repo, "heads/main", self._commit(repo, None, tree, "initial commit"))

    def repo(self, repo: str) -> Repo | None:
        with self._lock:
            row = self._db.execute("SELECT id, private, gated FROM repos WHERE id = ?", (repo,)).fetchone()
        return Repo(row[0], bool(row[1]), row[2]) if row else None

    def settings(self, repo: str, *, private: bool, gated: str | None) -> None:
        with self._lock, self._db:
            self._db.execute("UPDATE repos SET private = ?, gated = ? WHERE id = ?", (private, gated, repo))

    def refs(self, repo: str, kind: str) -> dict[str, str]:
        """Name -> commit of the ``heads`` or the ``tags``."""
        with self._lock:
            rows = self._db.execute("SELECT name, oid FROM refs WHERE repo = ? ORDER BY name", (repo,)).fetchall()
        return {name.removeprefix(f"{kind}/"): oid for name, oid in rows if name.startswith(f"{kind}/")}

    def resolve(self, repo: str, revision: str) -> Commit | None:
        """The commit that a branch, a tag, a full reference or a full commit hash names."""
        names = [f"heads/{revision}", f"tags/{revision}", revision.removeprefix("refs/")]
        with self._lock:
            for name in names:
                found = self._db.execute("SELECT oid FROM refs WHERE repo = ? AND name = ?", (repo, name)).fetchone()
                if found:
                    return self._read(repo, found[0])
            return self._read(repo, revision)

    def history(self, repo: str, revision: str) -> list[Commit]:
        """The commit and its ancestors, newest first."""
        found, commit = [], self.resolve(repo, revision)
        while commit:
            found.append(commit)
            commit = self.resolve(repo, commit.parent) if commit.parent else None
        return found

    def commit(
        self,
        repo: str,
        branch: str,
        *,
        changes: Mapping[str, File | bytes],
        deleted: Iterable[str] = (),
        message: str,
        parent: str | None = None,
    ) -> str:
        """One commit on top of a branch, all or nothing.

        Raises:
            Conflict: ``parent`` is given and is not the head of the branch.
            KeyError: no such branch, or a deleted file that is not there.
        """
        with self._lock, self._db:
            head = self.refs(repo, "heads")[branch]
            if parent not in (None, head):
                raise Conflict(head)
            base = self._read(repo, head)
            tree = dict(base.tree) if base else {}
            for path in deleted:
                del tree[path]
            tree |= {path: self._blob(made) if isinstance(made, bytes) else made for path, made in changes.items()}
            oid = self._commit(repo, head, tree, message)
            self._point(repo, f"heads/{branch}", oid)
            return oid

    def push(self, repo: str, files: Mapping[str, bytes], message: str = "by somebody else") -> str:
        """What another person commits on main while a test is at work."""
        return self.commit(repo, "main", changes=files, message=message)

    def name(self, repo: str, kind: str, name: str, oid: str) -> None:
        """Make a branch (``heads``) or a tag (``tags``).

        Raises:
            Conflict: it exists.
        """
        with self._lock, self._db:
            if name in self.refs(repo, kind):
                raise Conflict(name)
            self._point(repo, f"{kind}/{name}", oid)

    def unname(self, repo: str, kind: str, name: str) -> bool:
        """Delete a branch or a tag; whether it was there."""
        with self._lock, self._db:
            done = self._db.execute("DELETE FROM refs WHERE repo = ? AND name = ?", (repo, f"{kind}/{name}"))
        return done.rowcount == 1

    def read(self, file: File, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes of a file, or some of them."""
        if file.sha256:
            with (self._lfs / file.sha256).open("rb") as data:
                data.seek(start)
                return data.read((file.size if stop is None else stop) - start)
        with self._lock:
            row = self._db.execute("SELECT data FROM blobs WHERE oid = ?", (file.oid,)).fetchone()
        return bytes(row[0])[start:stop]

    def file(self, repo: str, revision: str, path: str) -> bytes:
        """A whole file of a revision, for a test to look at."""
        commit = self.resolve(repo, revision)
        assert commit, f"no revision {revision} in {repo}"
        return self.read(commit.tree[path])

    def object(self, sha256: str) -> File | None:
        """An LFS object that was uploaded."""
        path = self._lfs / sha256
        if not path.is_file():
            return None
        size = path.stat().st_size
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
        return File(git_hash(pointer.encode()), size, sha256)

    def upload(self, sha256: str, data: bytes) -> bool:
        """Keep an LFS object, if the bytes are what the hash says."""
        if hashlib.sha256(data).hexdigest() != sha256:
            return False
        handle, name = tempfile.mkstemp(dir=self._lfs, prefix="incoming-")
        with os.fdopen(handle, "wb") as part:
            part.write(data)
        Path(name).replace(self._lfs / sha256)
        return True

    def _blob(self, data: bytes) -> File:
        file = File(git_hash(data), len(data))
        self._db.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?)", (file.oid, data))
        return file

    def _commit(self, repo: str, parent: str | None, tree: Mapping[str, File], message: str) -> str:
        number = self._db.execute("SELECT count(*) FROM commits").fetchone()[0]
        date = (_EPOCH + datetime.timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        kept = json.dumps({path: astuple(tree[path]) for path in sorted(tree)})
        oid = hashlib.sha1(json.dumps([repo, parent, kept, message, date]).encode(), usedforsecurity=False).hexdigest()
        self._db.execute("INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?)", (oid, repo, parent, message, date, kept))
        return oid

    def _point(self, repo: str, name: str, oid: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO refs VALUES (?, ?, ?)", (repo, name, oid))

    def _read(self, repo: str, oid: str) -> Commit | None:
        row = self._db.execute(
            "SELECT oid, parent, message, date, tree FROM commits WHERE repo = ? AND oid = ?", (repo, oid)
        ).fetchone()
        if row is None:
            return None
        oid, parent, message, date, tree = row
        return Commit(oid, parent, message, date, {path: File(*kept) for path, kept in json.loads(tree).items()})


def git_hash(data: bytes) -> str:
    """What git calls a blob with these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()

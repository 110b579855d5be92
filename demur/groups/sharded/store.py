"""Results of tasks in a folder that every worker sees: local, shared, or any fsspec URL; whole or not there at all."""

from __future__ import annotations

import posixpath
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from demur.errors import OutputError

_DONE = ".done"


def is_local(fs: Any) -> bool:
    """Whether a file system is this machine's."""
    return "file" in (fs.protocol if isinstance(fs.protocol, tuple) else (fs.protocol,))


def absolute(url: str) -> str:
    """A URL, or a path as the workers need it: they run in other folders.

    Example:
        >>> absolute("memory://rows/a.parquet"), absolute("/data/rows")
        ('memory:///rows/a.parquet', 'file:///data/rows')
    """
    from fsspec.core import url_to_fs

    fs, path = url_to_fs(url)
    return str(fs.unstrip_protocol(path))


@dataclass(frozen=True)
class Store:
    """A work folder.

    A task saves its files, each with one record batch per part (a bucket, or a shard) so that another task reads only
    its own part, and then a mark. Files come into place by a rename: a killed task leaves nothing that counts.

    Example:
        >>> store = Store("memory://doctest")
        >>> store.save("square", 3, {"square-3": [pa.record_batch({"value": [9]})]})
        >>> sorted(store.finished("square")), store.load("square-3", 0)["value"].to_pylist()
        ([3], [9])
    """

    url: str

    @cached_property
    def place(self) -> tuple[Any, str]:
        """The file system and the folder's path on it."""
        from fsspec.core import url_to_fs

        fs, path = url_to_fs(self.url)
        return fs, path

    def path(self, name: str) -> str:
        """The path of a file in the folder."""
        return posixpath.join(self.place[1], name)

    def save(self, stage: str, number: int, files: Mapping[str, Iterable[pa.RecordBatch]]) -> None:
        """Write a task's files, and then the mark that the task is finished."""
        fs, folder = self.place
        fs.makedirs(folder, exist_ok=True)
        for name, batches in files.items():
            with self._replacing(name) as file:
                parts = iter(batches)
                batch = next(parts)
                with pa.ipc.new_file(file, batch.schema) as writer:
                    writer.write_batch(batch)
                    for part in parts:
                        writer.write_batch(part)
        with self._replacing(f"{stage}-{number}{_DONE}") as file:
            file.write(b"done")

    @contextmanager
    def _replacing(self, name: str) -> Iterator[Any]:
        fs, _ = self.place
        part = self.path(f"{name}.{uuid.uuid4().hex}.part")  # two workers may do the same task when one was given up
        try:
            with fs.open(part, "wb") as file:
                yield file
            fs.mv(part, self.path(name))
        except BaseException:
            with suppress(OSError):
                fs.rm(part)
            raise

    def finished(self, stage: str) -> set[int]:
        """The numbers of a stage's finished tasks."""
        fs, folder = self.place
        fs.invalidate_cache(folder)
        if not fs.exists(folder):
            return set()
        names = (posixpath.basename(path) for path in fs.ls(folder, detail=False))
        marks = (name.removesuffix(_DONE) for name in names if name.endswith(_DONE))
        return {int(mark.removeprefix(f"{stage}-")) for mark in marks if mark.rpartition("-")[0] == stage}

    def load(self, name: str, part: int) -> pa.RecordBatch:
        """One part of a file; the others are not read."""
        with self._reading(name) as reader:
            return reader.get_batch(part)

    def batches(self, name: str) -> Iterator[pa.RecordBatch]:
        """All parts of a file, one after another."""
        with self._reading(name) as reader:
            for part in range(reader.num_record_batches):
                yield reader.get_batch(part)

    @contextmanager
    def _reading(self, name: str) -> Iterator[Any]:
        fs, _ = self.place
        path = self.path(name)
        try:
            # Read, not mapped: pages of a map would count as the memory of every worker that touches them.
            with pa.OSFile(path) if is_local(fs) else fs.open(path, "rb") as file, pa.ipc.open_file(file) as reader:
                yield reader
        except FileNotFoundError as error:
            msg = "The result of a task is missing in the work folder"
            raise OutputError(
                msg,
                where=path,
                expected="a folder that the driver and all workers share",
                fix="Name one with --work, and run again.",
            ) from error
        except pa.ArrowInvalid as error:
            msg = "A file in the work folder is broken"
            raise OutputError(msg, where=path, fix="Delete the work folder, and run again.") from error

    def remove(self) -> None:
        """Delete the folder with all that is in it."""
        fs, folder = self.place
        with suppress(FileNotFoundError):
            fs.rm(folder, recursive=True)

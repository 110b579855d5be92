"""Results of tasks in a folder that every worker sees: local, shared, or any fsspec URL; whole or not there at all."""

from __future__ import annotations

import json
import posixpath
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from demur.errors import DemurError, OutputError

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
    its own part, and then a mark, which names the files and their sizes. Files come into place by a rename: a killed
    task leaves nothing that counts. Nor does a mark whose files are gone, as after a kill while the folder goes.

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
        """Write a task's files, and then the mark that the task is finished; where that fails, none of them stays.

        Raises:
            OutputError: the folder cannot be written.
        """
        fs, folder = self.place
        sizes = {}
        try:
            fs.makedirs(folder, exist_ok=True)
            for name, batches in files.items():
                with self._replacing(name) as file:
                    parts = iter(batches)
                    batch = next(parts)
                    with pa.ipc.new_file(file, batch.schema) as writer:
                        writer.write_batch(batch)
                        for part in parts:
                            writer.write_batch(part)
                    sizes[name] = file.tell()
            with self._replacing(f"{stage}-{number}{_DONE}") as file:
                file.write(json.dumps(sizes).encode())
        except DemurError:
            raise
        except OSError as error:
            for name in sizes:  # without a mark they would only fill the disk
                with suppress(OSError):
                    fs.rm(self.path(name))
            msg = "The work folder cannot be written"
            got = error.strerror or type(error).__name__
            fix = "Free some space, or name another folder with --work. The next run resumes."
            raise OutputError(msg, where=folder, got=got, fix=fix) from error

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
        """The numbers of a stage's finished tasks, whose files are all there."""
        fs, folder = self.place
        fs.invalidate_cache(folder)
        if not fs.exists(folder):
            return set()
        there = {posixpath.basename(each["name"]): each["size"] for each in fs.ls(folder, detail=True)}
        marks = [name for name in there if name.endswith(_DONE) and name.rpartition("-")[0] == stage]
        said = fs.cat([self.path(mark) for mark in marks], on_error="omit") if marks else {}
        whole = [posixpath.basename(path) for path, sizes in said.items() if _sizes(sizes).items() <= there.items()]
        return {int(mark.removeprefix(f"{stage}-").removesuffix(_DONE)) for mark in whole}

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


def _sizes(mark: bytes) -> dict[str, int]:
    """The files that a mark names; what is broken names one that is nowhere."""
    try:
        sizes = json.loads(mark)
    except ValueError:
        sizes = None
    return sizes if isinstance(sizes, dict) else {"": 0}

"""Labels as Parquet shards beside the shards of the input, and the work folder, which is gone after a good end."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from demur.errors import OutputError, printable
from demur.files.folder import held, swapped
from demur.groups.group import MEMBERS
from demur.groups.sharded.inputs import Shard
from demur.groups.sharded.store import Store, absolute, is_local

_LABELS = re.compile(r"labels-\d{5,}-of-\d{5,}\.parquet")
_WORK = "_work"
_PART = ".part"


class Output:
    """The folder of one run, locked (if it is local) while the block runs; a good end removes the work folder.

    A local folder is swapped as a whole. Other file systems have no such step: there, each file is.

    Attributes:
        work: the folder for the results of tasks.

    Raises:
        OutputError: the folder cannot be written, holds something else, or another run is writing it.
    """

    def __init__(self, out: str, work: str | None, key: str) -> None:
        from fsspec.core import url_to_fs

        self.fs, self.folder = url_to_fs(out)
        self._inside = posixpath.join(absolute(out), _WORK)
        self.work = posixpath.join(absolute(work) if work else self._inside, key)
        self._open = ExitStack()

    def __enter__(self) -> Output:
        if is_local(self.fs):
            self._open.enter_context(held(Path(self.folder), self._refuse_foreign, "run"))
            return self
        try:
            self._refuse_foreign()
            self.fs.makedirs(self.folder, exist_ok=True)
        except OutputError:
            raise
        except OSError as error:
            msg = "The output folder cannot be written"
            raise OutputError(msg, where=self.folder, got=error.strerror, fix="Choose another --out.") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._open:
            if kind is None:
                Store(self.work).remove()
                Store(self._inside).remove()  # also what killed runs with other parameters left

    def _refuse_foreign(self, *_: Path) -> None:
        if not self.fs.exists(self.folder):
            return
        foreign = [name for name in self._names() if name != _WORK and not _LABELS.fullmatch(name.removesuffix(_PART))]
        if foreign:
            msg = "The output folder holds something that is not a grouping"
            raise OutputError(
                msg,
                where=self.folder,
                expected="a new or empty folder, or one with labels-*.parquet",
                got=f"{len(foreign)} other entries",
                fix="Name another folder with --out: a run replaces the whole folder.",
            )

    def _names(self) -> list[str]:
        self.fs.invalidate_cache(self.folder)
        return [posixpath.basename(path.rstrip("/")) for path in self.fs.ls(self.folder, detail=False)]

    def write(self, tables: Iterable[pa.Table], shards: Sequence[Shard]) -> None:
        """Replace the folder's labels: for each shard a file with the rows of it that share a group.

        Tables (of `demur.groups.group.MEMBERS`) are ordered by row; few are held at a time.

        What the labels are about stands in each file's metadata: ``source``, ``row_groups``, ``first_row``, ``rows``.
        """
        if is_local(self.fs):
            with swapped(Path(self.folder).resolve()) as stage:
                _write(tables, shards, lambda name: (stage / name).open("wb"))
            return
        _write(tables, shards, lambda name: self.fs.open(self._path(name + _PART), "wb"))
        names = {_name(shard, shards) for shard in shards}
        for name in sorted({*self._names()} - {name + _PART for name in names} - {_WORK}):
            self.fs.rm(self._path(name))
        for name in sorted(names):
            self.fs.mv(self._path(name + _PART), self._path(name))

    def _path(self, name: str) -> str:
        return posixpath.join(self.folder, name)


def _name(shard: Shard, shards: Sequence[Shard]) -> str:
    return f"labels-{shard.number:05d}-of-{len(shards):05d}.parquet"


def _write(tables: Iterable[pa.Table], shards: Sequence[Shard], opened: Callable[[str], Any]) -> None:
    """Write each shard's labels to the file that is opened for its name."""
    held = MEMBERS.empty_table()
    more = iter(tables)
    for shard in shards:
        end = shard.first + shard.rows
        while not len(held) or held["row"][-1].as_py() < end:
            table = next(more, None)
            if table is None:
                break
            held = pa.concat_tables([held, table]).combine_chunks()
        facts = {
            "source": printable(shard.path),
            "row_groups": ",".join(map(str, shard.groups)),
            "first_row": str(shard.first),
            "rows": str(shard.rows),
        }
        here = int(np.searchsorted(held["row"].to_numpy(), end))
        with opened(_name(shard, shards)) as file:
            pq.write_table(held.slice(0, here).replace_schema_metadata(facts), file, compression="zstd")
        held = held.slice(here)

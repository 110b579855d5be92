"""Labels as Parquet shards beside the shards of the input, and the work folder, which is gone after a good end."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from demur.errors import OutputError
from demur.groups.sharded.inputs import Shard
from demur.groups.sharded.store import Store, absolute, is_local

_LABELS = re.compile(r"labels-\d{5,}-of-\d{5,}\.parquet")
_WORK = "_work"
_PART = ".part"


class Output:
    """The folder of one run, locked (if it is local) while the block runs; a good end removes the work folder.

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
        try:
            self._lock()
            self._refuse_foreign()
            self.fs.makedirs(self.folder, exist_ok=True)
        except OSError as error:
            self._open.close()
            if isinstance(error, OutputError):
                raise
            msg = "The output folder cannot be written"
            raise OutputError(msg, where=self.folder, got=error.strerror, fix="Choose another --out.") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            Store(self.work).remove()
            Store(self._inside).remove()  # also what killed runs with other parameters left
        self._open.close()

    def _lock(self) -> None:
        if not is_local(self.fs):
            return
        from filelock import FileLock, Timeout

        place = Path(self.folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._open.enter_context(FileLock(place.with_name(f".{place.name}.lock"), timeout=0))
        except Timeout:
            msg = "Another run is writing this folder"
            raise OutputError(msg, where=place, fix="Wait for it, or name another folder with --out.") from None

    def _refuse_foreign(self) -> None:
        if not self.fs.exists(self.folder):
            return
        names = [posixpath.basename(path.rstrip("/")) for path in self.fs.ls(self.folder, detail=False)]
        foreign = [name for name in names if name != _WORK and not _LABELS.fullmatch(name.removesuffix(_PART))]
        if foreign:
            msg = "The output folder holds something that is not a grouping"
            raise OutputError(
                msg,
                where=self.folder,
                expected="a new or empty folder, or one with labels-*.parquet",
                got=f"{len(foreign)} other entries",
                fix="Name another folder with --out: a run replaces the whole folder.",
            )

    def write(self, table: pa.Table, shards: Sequence[Shard]) -> None:
        """Replace the folder's labels: for each shard a file with the rows of it that share a group.

        What the labels are about stands in each file's metadata: ``source``, ``row_groups``, ``first_row``, ``rows``.
        """
        rows = table["row"].to_numpy()
        names = [f"labels-{shard.number:05d}-of-{len(shards):05d}.parquet" for shard in shards]
        for name, shard in zip(names, shards, strict=True):
            first, last = np.searchsorted(rows, [shard.first, shard.first + shard.rows])
            facts = {
                "source": shard.path,
                "row_groups": ",".join(map(str, shard.groups)),
                "first_row": str(shard.first),
                "rows": str(shard.rows),
            }
            with self.fs.open(self._path(name + _PART), "wb") as file:
                labels = table.slice(first, last - first).replace_schema_metadata(facts)
                pq.write_table(labels, file, compression="zstd")
        self.fs.invalidate_cache(self.folder)
        for path in self.fs.ls(self.folder, detail=False):
            if _LABELS.fullmatch(posixpath.basename(path)):
                self.fs.rm(path)
        for name in names:
            self.fs.mv(self._path(name + _PART), self._path(name))

    def _path(self, name: str) -> str:
        return posixpath.join(self.folder, name)

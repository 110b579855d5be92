"""Tasks over parts of files: each is done once, wherever it runs, and what it gives is kept in a folder."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TypeAlias

import pyarrow as pa

from demur.errors import OutputError, UsageError
from demur.files.bounds import bounds, within
from demur.files.kept import default_root
from demur.files.spans import Span, identity
from demur.groups.sharded.engine import Engine, open_engine
from demur.groups.sharded.store import Store, absolute, is_local
from demur.progress import track

ROWS = 100_000
"""Rows of a part, about, if nobody says."""

_STAGE = "map"


class Mapper(Protocol):
    """What is done with each part: a value that can be sent to another machine, whose ``repr`` says all of it."""

    def read(self, span: Span) -> pa.Table:
        """What a part gives; its schema may say more in its metadata."""
        ...


Task: TypeAlias = tuple[Mapper, Span]


@dataclass
class Work:
    """Where tasks run, and where what they give is kept.

    Attributes:
        engine: runs them.
        folder: of all runs, which every worker sees; a run has one inside, by what it is asked.
        rows: of a part, about.
        tasks: of the run.
        resumed: those of them that an earlier run had finished.
        stores: what was written.
        given: files for all tasks.
    """

    engine: Engine
    folder: str
    rows: int = ROWS
    tasks: int = 0
    resumed: int = 0
    stores: list[Store] = field(default_factory=list)
    given: dict[str, Store] = field(default_factory=dict)

    def map(self, tasks: Sequence[Task]) -> Iterator[pa.Table]:
        """What each part gives, in order; only what no earlier run has given is done."""
        store = Store(posixpath.join(self.folder, _key(tasks)))
        self.stores.append(store)
        done = store.finished(_STAGE)
        calls = [
            (store.url, number, mapper, span, code_digest(), asdict(bounds()), self.engine.threads)
            for number, (mapper, span) in enumerate(tasks)
            if number not in done
        ]
        self.tasks += len(tasks)
        self.resumed += len(tasks) - len(calls)
        for _ in track(self.engine.map(_do, calls), _STAGE, len(calls)):
            pass
        for number in range(len(tasks)):
            yield pa.Table.from_batches(store.batches(f"{_STAGE}-{number}"))

    def keep(self, name: str, content: bytes) -> str:
        """A file for all tasks, such as an index; its path or URL, which says what it holds."""
        store = Store(posixpath.join(self.folder, "given"))
        fs, _ = store.place
        stem, _, suffix = name.rpartition(".")
        path = store.path(f"{stem}-{hashlib.sha256(content).hexdigest()[:16]}.{suffix}")
        self.given[path] = store
        try:
            fs.makedirs(posixpath.dirname(path), exist_ok=True)
            if not fs.exists(path):
                fs.pipe_file(path + ".part", content)
                fs.mv(path + ".part", path)
        except OSError as error:
            msg = "The work folder cannot be written"
            raise OutputError(msg, where=path, got=error.strerror, fix="Name another one with --work.") from error
        return path if is_local(fs) else str(fs.unstrip_protocol(path))

    def forget(self) -> None:
        """Remove all that was kept: nobody goes on from here."""
        for store in self.stores:
            store.remove()
        for path, store in self.given.items():
            with suppress(FileNotFoundError):
                store.place[0].rm(path)


@contextmanager
def opened_work(
    engine: str = "serial",
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    work: str | None = None,
    shard_rows: int | None = None,
) -> Iterator[Work]:
    """An engine and a work folder for the length of a block; a good end removes what the run kept there.

    Args:
        engine: "serial" or "dask" (see `demur.groups.sharded.open_engine`).
        scheduler: address of a running scheduler.
        workers: processes of a local cluster, or how many to wait for.
        work: a folder or URL that all workers see; by default one in the user's cache, for workers of this machine.
        shard_rows: rows of a part, about.

    Raises:
        UsageError: options that do not fit together.
        EngineError: no scheduler answers, or Dask is not installed.
    """
    if scheduler and not work:
        msg = "Workers elsewhere need a folder that they share"
        raise UsageError(msg, where="--work", fix="Name one with --work: a shared folder, or a URL.")
    if find_spec("fsspec") is None:
        msg = "Parts are kept by fsspec, which is not installed"
        raise UsageError(msg, fix="pip install 'demur[scale]'")
    with _roomy(engine), open_engine(engine, scheduler=scheduler, workers=workers) as opened:
        made = Work(opened, absolute(work) if work else str(default_root() / "work"), shard_rows or ROWS)
        yield made
        made.forget()


@contextmanager
def _roomy(engine: str) -> Iterator[None]:
    """Processes of a local cluster keep memory for the next batch: to ask for it anew takes a third of their time."""
    if engine == "serial" or find_spec("distributed") is None:
        yield
        return
    import dask
    import distributed  # noqa: F401 - brings its settings

    name = "distributed.nanny.pre-spawn-environ"
    kept = {each: value for each, value in dask.config.get(name).items() if each != "MALLOC_TRIM_THRESHOLD_"}
    with dask.config.set({name: kept}):
        yield


def _do(
    url: str, number: int, mapper: Mapper, span: Span, code: str, most: Mapping[str, int], threads: int | None
) -> None:
    """One task, on whatever machine."""
    if code_digest() != code:
        msg = "A worker runs another version of Demur than the driver"
        raise UsageError(
            msg, where=Path(__file__).parent, expected=code, got=code_digest(), fix="Install the same one."
        )
    if threads is not None:  # a process of its own, beside others
        os.environ.setdefault("NUMBA_NUM_THREADS", str(threads))
    with within(most):
        table = mapper.read(span).combine_chunks()
    empty = [pa.RecordBatch.from_pylist([], schema=table.schema)]
    Store(url).save(_STAGE, number, {f"{_STAGE}-{number}": table.to_batches() or empty})


def _key(tasks: Sequence[Task]) -> str:
    """What results depend on, as a name for their folder."""
    files = [identity(path) for path in dict.fromkeys(span.path for _, span in tasks)]
    return hashlib.sha256(repr((code_digest(), bounds(), files, tasks)).encode()).hexdigest()[:16]


@cache
def code_digest() -> str:
    """A digest of all code that results depend on."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(each for each in root.rglob("*.py") if "_project" not in each.parts):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]

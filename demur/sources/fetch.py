"""Pin -> bytes, through the first place that has them.

Order: files of this machine; the cache; mirror folders (``DEMUR_MIRROR``); the carriers, in their own order. Every
file's sha256 is checked wherever it came from, and the canonical rows of every mirror must have the source's digest.
A file of this machine that has changed is an error, whatever else would have the pinned bytes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from demur.errors import ChecksumError, DemurError, FetchError, PinError, UsageError
from demur.files.digest import rows_digest
from demur.files.kept import Cache, default_root
from demur.files.stored import Stored
from demur.files.whole import write_whole
from demur.sources import carriers
from demur.sources.carriers import file
from demur.sources.formats import read_rows
from demur.sources.mirror import FilePin, Mirror, Pin
from demur.sources.source import Raw, Source

_Get = Callable[[], dict[str, bytes] | None]


@dataclass(frozen=True)
class Places:
    """Where bytes may come from.

    Attributes:
        cache: kept across runs.
        folders: mirror folders, laid out as ``carrier/address/revision/path``.
        stores: mirror folders in stores; with ``offline`` only those of this machine.
        offline: whether the network is left alone.
    """

    cache: Cache = field(default_factory=lambda: Cache(default_root()))
    folders: tuple[Path, ...] = field(default_factory=file.mirror_folders)
    offline: bool = False
    stores: tuple[Stored, ...] = field(default_factory=file.mirror_stores)

    def __post_init__(self) -> None:
        reached = tuple(file.there(store) for store in self.stores if not (self.offline and store.networked))
        object.__setattr__(self, "stores", reached)

    @property
    def mirrors(self) -> tuple[file.Place, ...]:
        """All mirror folders, in the order they are asked."""
        return (*self.folders, *self.stores)


@dataclass(frozen=True)
class Fetched:
    """The canonical rows of one source, the mirror they came through, its files, and what went wrong on the way."""

    source: Source
    mirror: Mirror
    pin: Pin
    place: str
    files: dict[str, bytes]
    rows: list[Raw]
    failures: tuple[DemurError, ...] = ()


def fetch(source: Source, places: Places) -> Fetched:
    """Bytes and canonical rows of one source, from the first place that has them.

    Raises:
        PinError: the source has no pin, its declaration names files that the pin does not know, or a file of this
            machine has other bytes than the pinned ones.
        FetchError: no place gave its bytes; every failure is listed.
        ChecksumError: bytes came, but nowhere the pinned ones.
        FormatError: the bytes are the pinned ones but do not read as declared.
    """
    failures: list[DemurError] = []
    for mirror, pin, place, get in _ways(source, places):
        try:
            files = get()
        except FetchError as error:
            failures.append(mirror.unnamed(error))
            continue
        except UsageError as error:
            raise mirror.unnamed(error) from None
        if files is not None:
            rows = read_rows(source, mirror, files)
            _prove(source, mirror, rows)
            return Fetched(source, mirror, pin, place, files, rows, tuple(failures))
    mismatch = next((error for error in failures if isinstance(error, ChecksumError)), None)
    kind = ChecksumError if mismatch else FetchError
    msg = f"Source {source.name!r} could not be fetched"
    raise kind(
        msg,
        where="cache, mirror folders" + ("" if places.offline else ", network"),
        expected=mismatch.expected if mismatch else f"one of {', '.join(mirror.id for mirror, _ in source.pinned())}",
        got="\n            ".join(error.brief for error in failures) or "not there, and --offline forbids the network",
        fix=mismatch.fix
        if mismatch
        else "Put the file where it is declared, declare where it is, or set DEMUR_MIRROR to a folder that has it."
        if all(mirror.here for mirror, _ in source.pinned())
        else "Check the network, or set DEMUR_MIRROR to a folder made by `demur fetch --all --to DIR`.",
    )


def fetch_all(sources: Sequence[Source], places: Places, workers: int = 4) -> Iterator[Fetched]:
    """Fetch sources in parallel, yielding them in the order given; the first failure is raised, later work is dropped.

    What is under way when a source fails is finished, and kept in the cache. An interrupt waits for nothing: the
    threads are daemons, because those of an executor would hold up the exit until a slow mirror answers.
    """
    results: list[Future[Fetched]] = [Future() for _ in sources]
    todo = deque(zip(sources, results, strict=True))

    def work() -> None:
        while todo:
            with suppress(IndexError):  # another thread took the last one
                source, result = todo.popleft()
                try:
                    result.set_result(fetch(source, places))
                except BaseException as error:  # raised where the result is asked for
                    result.set_exception(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(workers, len(sources)))]
    for thread in threads:
        thread.start()
    patience: float | None = None
    try:
        for result in results:
            while not result.done():
                wait([result], _LOOKS)  # an endless wait would sleep through a signal that came just before it
            yield result.result()
    except (KeyboardInterrupt, GeneratorExit):
        carriers.stop()
        patience = 0.5
        raise
    finally:
        todo.clear()
        for thread in threads:
            thread.join(patience)


_LOOKS = 0.2  # seconds


def store(fetched: Fetched, to: Path) -> list[Path]:
    """Write a source's files below a mirror folder, as ``DEMUR_MIRROR`` expects them.

    Raises:
        OutputError: the folder cannot be written.
    """
    paths = {name: to / fetched.pin.path(fetched.mirror.called(name)) for name in fetched.files}
    for name, path in paths.items():
        write_whole(path, fetched.files[name], "The mirror folder cannot be written", folders=True)
    return list(paths.values())


def _ways(source: Source, places: Places) -> Iterator[tuple[Mirror, Pin, str, _Get]]:
    """Every mirror at every place, the best first, with what gives its files, or None where they are not."""
    pinned = source.pinned()
    for mirror, pin in pinned:
        if unknown := sorted({mirror.called(name) for name in mirror.paths} - set(pin.files)):
            msg = f"The pin of {source.name!r} does not know a declared file"
            raise PinError(msg, where=mirror.id, expected=unknown[0], fix=f"Run `demur pin {source.name}`.")
    ways = {mirror.id: partial(_asked, source, mirror, pin, places.cache) for mirror, pin in pinned}
    for mirror, pin in pinned:
        if mirror.here:
            yield mirror, pin, mirror.carrier, ways[mirror.id]
    for mirror, pin in pinned:
        if not mirror.here or source.recorded:
            yield mirror, pin, "cache", partial(_cached, _hashes(mirror, pin), places.cache)
    for folder in places.mirrors:
        for mirror, pin in pinned:
            read = partial(file.read, {name: folder / pin.path(mirror.called(name)) for name in mirror.paths})
            yield mirror, pin, str(folder), partial(_proven, read, mirror, pin, str(folder), places.cache)
    for mirror, pin in () if places.offline else pinned:
        if not mirror.here:
            yield mirror, pin, mirror.carrier, ways[mirror.id]


def _asked(source: Source, mirror: Mirror, pin: Pin, cache: Cache) -> dict[str, bytes] | None:
    """The files as the carrier gives them.

    Raises:
        PinError: they lie on this machine, and have changed since they were pinned.
    """
    carrier = mirror.via
    carrier.root = source.root
    asked = partial(carrier.fetch, mirror.address, pin.exact, _hashes(mirror, pin), cache)
    if not mirror.here:
        return _proven(asked, mirror, pin, mirror.carrier, cache)
    files = asked()
    pins = {mirror.called(name): (pin.files[mirror.called(name)], FilePin.of(data)) for name, data in files.items()}
    changed = {name: both for name, both in pins.items() if both[0] != both[1]}
    if changed and not source.recorded:
        name, (was, now) = next(iter(changed.items()))
        msg = f"A local file of {source.name!r} is not the one that was pinned"
        raise PinError(
            msg,
            where=f"{mirror.id} {name}" + (f" and {len(changed) - 1} more" if len(changed) > 1 else ""),
            expected=was,
            got=now,
            fix=f"If the change is meant, run `demur pin {source.name}`; if not, put the old file back.",
        )
    return _proven(lambda: files, mirror, pin, mirror.carrier, cache)


def _hashes(mirror: Mirror, pin: Pin) -> dict[str, str]:
    return {name: pin.files[mirror.called(name)].sha256 for name in mirror.paths}


def _cached(hashes: dict[str, str], cache: Cache) -> dict[str, bytes] | None:
    found = {name: data for name, sha256 in hashes.items() if (data := cache.get(sha256)) is not None}
    return found if len(found) == len(hashes) else None


def _proven(get: _Get, mirror: Mirror, pin: Pin, place: str, cache: Cache) -> dict[str, bytes] | None:
    """The files of a place that proves nothing itself, each proven by its sha256 and cached."""
    files = get()
    for name, data in (files or {}).items():
        called = mirror.called(name)
        cache.put(data, pin.files[called].sha256, f"{mirror.id} {called} ({place})")
    return files


def _prove(source: Source, mirror: Mirror, rows: list[Raw]) -> None:
    assert source.pin is not None  # noqa: S101 - a source without pins has no mirror to fetch from
    digest = rows_digest(rows)
    if (len(rows), digest) != (source.pin.rows, source.pin.digest):
        msg = f"The canonical rows of {source.name!r} are not the pinned ones"
        raise ChecksumError(
            msg,
            where=mirror.id,
            expected=f"{source.pin.rows} rows, digest {source.pin.digest}",
            got=f"{len(rows)} rows, digest {digest}",
            fix="A mirror or the declaration's columns changed: compare the mirrors, then run `demur pin`.",
        )

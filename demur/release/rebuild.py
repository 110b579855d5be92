"""``demur rebuild``: build again from a manifest, and name the first difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from demur.errors import ManifestError
from demur.files.digest import file_sha256
from demur.files.temporary import temporary
from demur.project import Project
from demur.sets.builder import builder_of
from demur.sets.manifest import FileEntry, Manifest, environment
from demur.sets.manifest_file import read_manifest
from demur.sets.pipeline import build
from demur.sources.fetch import Places
from demur.sources.pins import SourcePin


@dataclass(frozen=True)
class Difference:
    """One way in which the rebuilt data set is not the recorded one."""

    where: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True)
class Rebuilt:
    """The manifest that was read, and every difference, the most telling first; none means equal bytes."""

    manifest: Manifest
    differences: tuple[Difference, ...]


def rebuild(project: Project, path: Path, places: Places | None = None, lock: Path | None = None) -> Rebuilt:
    """Build a manifest's data set again from its own pins, in a folder of its own, and compare every file.

    Raises:
        ManifestError: the manifest is broken, or it was made with a lock file that is not the given one.
        DemurError: the build failed.
    """
    recorded = read_manifest(path)
    given = file_sha256(lock) if lock else None
    if given != recorded.lock_sha256:
        msg = "The build used another lock file"
        raise ManifestError(
            msg,
            where=path,
            expected=recorded.lock_sha256 or "none",
            got=given or "none",
            fix="Name it with --lock.",
        )
    pins = {each.name: SourcePin(rows=each.rows, digest=each.digest, mirrors=each.pins) for each in recorded.sources}
    project = replace(project, recorded=pins)
    with temporary("rebuild") as folder:
        builder, out = builder_of(project, recorded.name), folder / recorded.name
        configs = [config.name for config in recorded.configs]
        again = build(project, builder, out, places, recorded.added_sources, lock, configs).manifest
        if recorded.release is not None:
            from demur.release.dress import dress

            again = dress(out, recorded.release, builder, project, folder / "release")
    return Rebuilt(recorded, tuple(_differences(recorded, again)))


def _differences(recorded: Manifest, again: Manifest) -> list[Difference]:
    """Environment first, then what the manifest says of rows and terms, then the files: causes before effects."""
    one, two = (manifest.model_dump(mode="json", exclude={"environment", "files"}) for manifest in (recorded, again))
    return [
        *(
            Difference(f"environment {name}", value, environment().get(name, "absent"))
            for name, value in sorted(recorded.environment.items())
            if value != environment().get(name)
        ),
        *_unequal("manifest.json", one, two),
        *(
            _file_difference(name, recorded.files.get(name), again.files.get(name))
            for name in sorted(recorded.files.keys() | again.files.keys())
            if recorded.files.get(name) != again.files.get(name)
        ),
    ]


def _unequal(where: str, one: Any, two: Any) -> Iterator[Difference]:
    """The innermost values that differ, each with its path."""
    if isinstance(one, dict) and isinstance(two, dict):
        for key in sorted(one.keys() | two.keys()):
            yield from _unequal(f"{where} {key}", one.get(key, "absent"), two.get(key, "absent"))
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for number, (left, right) in enumerate(zip(one, two, strict=True)):
            yield from _unequal(f"{where}[{number}]", left, right)
    elif one != two:
        yield Difference(
            where, *(f"{len(each)} entries" if isinstance(each, list) else str(each) for each in (one, two))
        )


def _file_difference(name: str, one: FileEntry | None, two: FileEntry | None) -> Difference:
    if one is None or two is None:
        return Difference(name, "present" if one else "absent", "present" if two else "absent")
    if one.content != two.content:
        said = (f"{each.rows} rows, content {each.content}" for each in (one, two))
        return Difference(f"{name} (rows)", *said)
    said = (f"{each.bytes} bytes, {each.rows} rows, sha256 {each.sha256}" for each in (one, two))
    return Difference(f"{name} (bytes)", *said)

"""The set that a release is made of: built now, on the splits of the last release, or a folder that is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from demur.errors import ManifestError, UsageError
from demur.project import Project
from demur.release.place import Place
from demur.sets.builder import builder_of
from demur.sets.manifest_file import read_manifest
from demur.sets.pipeline import build
from demur.sources.fetch import Places


def made(
    place: Place,
    project: Project,
    name: str,
    work: Path,
    *,
    folder: Path | None = None,
    configs: Sequence[str] = (),
    places: Places | None = None,
    warn: Callable[[str], object],
) -> Path:
    """The built folder to release.

    Args:
        place: of its releases; splits that it published do not move.
        project: where the builder lies.
        name: of the builder.
        work: an empty folder, to build in.
        folder: one that was built before; None builds now.
        configs: to build; none takes those that need not be asked for.
        places: where sources may come from.
        warn: told what the build warns of.

    Raises:
        UsageError: there is no such builder, or the folder holds another data set.
        DemurError: the build fails, or the place does not answer.
    """
    builder = builder_of(project, name)
    if folder is None:
        state = place.state()
        lock = splits_at(place, state.tags[state.latest], work / "lock") if state and state.latest else None
        done = build(project, builder, work / name, places, None, lock, configs)
        for warning in done.warnings:
            warn(warning)
        return done.out
    if (got := read_manifest(folder).name) != name:
        msg = "The folder holds another data set"
        raise UsageError(msg, where=folder, expected=name, got=got)
    return folder


def splits_at(place: Place, commit: str, to: Path) -> Path:
    """The splits of the release at a commit, written to a file.

    Raises:
        ManifestError: the release has none.
        DemurError: the place does not answer.
    """
    text = place.read(commit, "splits.lock")
    if text is None:
        msg = "The last release holds no splits"
        raise ManifestError(msg, where=f"{place.repo} at {commit}", expected="splits.lock", fix="Look who changed it.")
    to.write_bytes(text)
    return to

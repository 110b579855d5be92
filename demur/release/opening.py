"""Open a set: a folder on this machine, or exactly one version on the Hub or in a store."""

from __future__ import annotations

from pathlib import Path

from demur.release.pull import pull
from demur.release.reference import Ref
from demur.sets.folder import BuiltSet


def load(place: str | Path, *, offline: bool = False) -> BuiltSet:
    """Open a folder that ``demur build`` wrote, or a version that was released.

    Args:
        place: a folder, or ``owner/name@v1.2.0``, ``folder:DIR/NAME@v1.2.0``, a store's URL with a version: which is
            downloaded once and proven file by file.
        offline: leave the network alone; the version was pulled before, or it is an error.

    Raises:
        ManifestError: no readable manifest, or files that are not those of the manifest.
        HubError, FetchError, UsageError: no such version, or its place does not answer.
    """
    if isinstance(place, str) and "@" in place and not Path(place).exists():
        ref = Ref.parse(place)
        return BuiltSet.open(pull(ref, ref.place, offline).folder)
    return BuiltSet.open(place)

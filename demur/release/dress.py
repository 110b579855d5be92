"""From a built folder to a release: the card gets version and changelog, and croissant.json is made.

It is a function of the built folder and the `Release` alone, so a rebuilt release has the same bytes.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from demur.files.digest import file_sha256
from demur.project import Project
from demur.release.croissant import NAME as CROISSANT
from demur.release.croissant import write_croissant
from demur.sets.builder import Builder
from demur.sets.card import write_card
from demur.sets.manifest import FileEntry, Manifest, Release
from demur.sets.manifest_file import read_manifest, write_manifest

CARD = "README.md"


def dress(built: Path, release: Release, builder: Builder, project: Project, to: Path) -> Manifest:
    """Copy a built folder to ``to`` and make a release of it.

    Args:
        built: what ``demur build`` wrote.
        release: repository, version, changelog.
        builder: the declaration it was built from.
        project: where the card's template lies.
        to: a folder that does not exist yet.

    Raises:
        ManifestError: the folder has no manifest, or mlcroissant does not accept the description.
        UsageError: mlcroissant is not installed.
    """
    shutil.copytree(built, to)
    manifest = read_manifest(built).model_copy(update={"release": release})
    only = builder.only([config.name for config in manifest.configs])
    write_card(only, manifest, project, to)
    write_croissant(manifest, builder.summary, to)
    made = {
        name: FileEntry(sha256=file_sha256(to / name), bytes=(to / name).stat().st_size) for name in (CARD, CROISSANT)
    }
    manifest = manifest.model_copy(update={"files": dict(sorted({**manifest.files, **made}.items()))})
    write_manifest(manifest, to)
    return manifest

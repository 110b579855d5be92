"""Whether a folder holds what its manifest says: every file by sha256, every table by the digest of its rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from demur.files.bounds import TooLarge
from demur.files.digest import content_digest, file_sha256
from demur.files.reading import bounded_table
from demur.release.rebuild import Difference
from demur.sets.manifest import FileEntry, Manifest
from demur.sets.manifest_file import HOSTED, NAME, read_manifest


def proof(folder: Path) -> tuple[Manifest, list[Difference]]:
    """Compare a folder with its own manifest.

    Returns:
        The manifest, and every difference: a file that is missing, that nobody listed, or that is another one.

    Raises:
        ManifestError: there is no readable manifest.
    """
    manifest = read_manifest(folder)
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    found = [
        Difference(name, "listed in the manifest", "present")
        for name in sorted(present - manifest.files.keys() - HOSTED - {NAME})
    ]
    for name, entry in sorted(manifest.files.items()):
        found += [Difference(name, "present", "missing")] if name not in present else _file(folder / name, name, entry)
    return manifest, found


def _file(path: Path, name: str, entry: FileEntry) -> list[Difference]:
    if (got := file_sha256(path)) != entry.sha256:
        return [Difference(name, f"sha256 {entry.sha256}", got)]
    if entry.content is None:
        return []
    try:
        content = content_digest(bounded_table(path))
    except TooLarge as error:
        return [Difference(name, "a table of the size that its file has", str(error))]
    except (pa.ArrowException, OSError) as error:
        return [Difference(name, "a Parquet file", type(error).__name__)]
    return [] if content == entry.content else [Difference(name, f"rows with digest {entry.content}", content)]

"""A folder that Demur built: its manifest, its files, and the rows of each config with the place of every row."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from demur.errors import ManifestError
from demur.manifest import ConfigEntry, Manifest, read_manifest
from demur.project import bundled
from demur.record import Frozen

REQUIRED = ("README.md", "conflicts.parquet", "rejects.parquet", "schema.json", "splits.lock")
"""Files that every build writes, beside the manifest and the rows."""


@dataclass(frozen=True)
class Folder:
    """A built folder.

    Attributes:
        models: the schemas of all kinds of row.
    """

    path: Path
    manifest: Manifest
    models: dict[str, type[Frozen]] = field(repr=False)

    @property
    def model(self) -> type[Frozen]:
        """The schema of its rows."""
        return self.models[self.manifest.kind]

    def model_of(self, config: ConfigEntry) -> type[Frozen]:
        """The schema of a config's rows, which may be references to rows."""
        return self.models[config.references or self.manifest.kind]

    @cached_property
    def configs(self) -> dict[str, pa.Table]:
        """The rows of each config, all its files in order.

        Raises:
            ArrowException, OSError: a file cannot be read.
        """
        return {
            config.name: pa.concat_tables(
                [pq.read_table(file) for file in self.shards(config.name)], promote_options="default"
            )
            for config in self.manifest.configs
        }

    @cached_property
    def whole(self) -> dict[str, pa.Table]:
        """The configs whose rows hold their texts."""
        return {entry.name: self.configs[entry.name] for entry in self.manifest.configs if entry.references is None}

    def shards(self, config: str) -> list[Path]:
        """The Parquet files of a config."""
        return sorted((self.path / config).glob("*.parquet"))

    def present(self, name: str) -> Path:
        """The path of a file of the folder."""
        return self.path / name

    def place(self, config: str, row: int) -> tuple[str, int]:
        """The file, below the folder, and the row in it, of a row of a config."""
        for name, rows in self._lengths[config]:
            if row < rows:
                return name, row
            row -= rows
        msg = f"config {config} has no such row"
        raise IndexError(msg)

    @cached_property
    def _lengths(self) -> dict[str, list[tuple[str, int]]]:
        return {
            config.name: [
                (path.relative_to(self.path).as_posix(), pq.read_metadata(path).num_rows)
                for path in self.shards(config.name)
            ]
            for config in self.manifest.configs
        }


def read(path: Path) -> Folder:
    """Open a folder that ``demur build`` wrote; its rows are read when they are asked for.

    Raises:
        ManifestError: there is no readable manifest, or its kind of row is unknown.
    """
    path = path if path.is_dir() else path.parent
    manifest, models = read_manifest(path), bundled().schemas()
    for kind in (manifest.kind, *(config.references for config in manifest.configs)):
        if kind is not None and kind not in models:
            msg = "Unknown kind of row"
            raise ManifestError(msg, where=path, expected=", ".join(sorted(models)), got=kind)
    return Folder(path, manifest, models)

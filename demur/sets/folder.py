"""A folder that Demur built: its manifest, its files, and the rows of each config with the place of every row.

A `BuiltSet` is opened once and handed on; what it reads, it reads when it is asked for, and keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from demur.errors import ManifestError, UsageError, nearest
from demur.files.reading import bounded_table
from demur.files.strict import read_table
from demur.project import bundled
from demur.records.row import Row
from demur.sets.kind import Kind, facts_of, kind_of, stated_of
from demur.sets.manifest import ConfigEntry, Manifest
from demur.sets.manifest_file import NAME, read_manifest
from demur.sources import declared

REQUIRED = ("README.md", "conflicts.parquet", "rejects.parquet", "schema.json", "splits.lock")
"""Files that every build writes, beside the manifest and the rows."""


@dataclass(frozen=True)
class BuiltSet:
    """A built set.

    Attributes:
        path: its folder.
    """

    path: Path

    @classmethod
    def open(cls, path: Path | str | BuiltSet) -> BuiltSet:
        """Open a folder that ``demur build`` wrote (or its manifest).

        Raises:
            ManifestError: there is no readable manifest, its kind of set or row is unknown, or it does not state what
                that kind states.
        """
        if isinstance(path, BuiltSet):
            return path
        path = Path(path)
        made = cls(path.parent if path.name == NAME else path)
        made.stated  # noqa: B018 - what cannot be read is told now
        for config in made.manifest.configs:
            made.facts(config)
        for name in filter(None, {made.manifest.row, *(config.references for config in made.manifest.configs)}):
            made._model(name)
        return made

    @cached_property
    def manifest(self) -> Manifest:
        """What the folder says of itself."""
        return read_manifest(self.path)

    @cached_property
    def kind(self) -> type[Kind]:
        """The kind of set."""
        return kind_of(self.manifest.kind)

    @property
    def model(self) -> type[Row]:
        """The schema of its rows."""
        return self._model(self.manifest.row)

    def model_of(self, config: ConfigEntry) -> type[Row]:
        """The schema of a config's rows, which may be references to rows."""
        return self._model(config.references or self.manifest.row)

    def _model(self, name: str) -> type[Row]:
        """A schema of rows: one that came with Demur, or one of the kind's own package."""
        own, project = self.kind.rows(), bundled()
        if name in own:
            return own[name]
        found = declared.schema(project, name) if name in project.stems("schemas") else None
        if found is None or not issubclass(found, Row):
            known = {name for name, model in declared.schemas(project).items() if issubclass(model, Row)}
            msg = "Unknown kind of row"
            raise ManifestError(msg, where=self.path, expected=", ".join(sorted({*known, *own})), got=name)
        return found

    @cached_property
    def stated(self) -> Any:
        """What the manifest states of the kind's declaration, typed."""
        return stated_of(self.manifest)

    def facts(self, config: ConfigEntry) -> Any:
        """What the manifest states of a config, typed."""
        return facts_of(self.manifest, config)

    @cached_property
    def configs(self) -> dict[str, pa.Table]:
        """The rows of each config, all its files in order.

        Raises:
            ArrowException, OSError: a file cannot be read.
        """
        return {
            config.name: pa.concat_tables(
                [bounded_table(file) for file in self.shards(config.name)], promote_options="default"
            )
            for config in self.manifest.configs
        }

    @cached_property
    def whole(self) -> dict[str, pa.Table]:
        """The configs whose rows hold their texts."""
        return {entry.name: self.configs[entry.name] for entry in self.manifest.configs if entry.references is None}

    def rows(self, config: str | None = None) -> pa.Table:
        """The rows of one config, by default the first.

        Raises:
            UsageError: no such config.
        """
        names = [each.name for each in self.manifest.configs]
        if config is not None and config not in names:
            msg = f"No config {config!r}"
            raise UsageError(msg, where=self.path, fix=nearest(config, names))
        if not names:
            msg = "The set has no config"
            raise ManifestError(msg, where=self.path, fix="Build it again.")
        return self.configs[config or names[0]]

    def table(self, name: str) -> pa.Table:
        """A table beside the rows, such as ``rejects.parquet``."""
        return bounded_table(self.path / name)

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


def is_built(path: Path) -> bool:
    """Whether Demur built a folder (or the file is its manifest)."""
    return (path / NAME).is_file() if path.is_dir() else path.name == NAME


def read_set(path: Path, config: str | None = None) -> pa.Table:
    """All rows of a Parquet file, or of a config of a built folder, by default its first one.

    Raises:
        UsageError: no such config.
        FormatError: the file cannot be read.
        ManifestError: a folder that ``demur build`` did not write.
    """
    if path.is_dir():
        return BuiltSet.open(path).rows(config)
    return read_table(path)

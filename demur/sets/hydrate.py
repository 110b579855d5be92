"""Hydration: the texts of references come back from their pinned sources, each proven by its hash.

Nothing is taken on trust: the source's rows must have the digest of its pin, the row the hash of the lineage, and the
prompt the hash of the reference. Whoever hydrates is bound by the source's own license.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import TypeAdapter, ValidationError

from demur.curation.curated import curate
from demur.curation.project import Curation
from demur.errors import ManifestError, UsageError, issues, shown
from demur.files.digest import file_sha256, text_sha256
from demur.files.folder import staged
from demur.files.parquet import write_parquet
from demur.project import Project
from demur.records.schema import arrow_schema
from demur.sets.builder import builder_of
from demur.sets.folder import BuiltSet
from demur.sets.manifest import ConfigEntry, Manifest
from demur.sets.manifest_file import NAME
from demur.sources import declared
from demur.sources.collect import collect
from demur.sources.fetch import Places
from demur.sources.pins import SourcePin
from demur.sources.watched import watched

MADE = "hydrated.json"
"""Says which manifest the rows were restored from."""

Key = tuple[str, str, int]


@dataclass(frozen=True)
class Hydrated:
    """What came back: rows by config, every one of them proven, and the folder that holds them."""

    rows: Mapping[str, int]
    out: Path


def hydrate(project: Project, folder: Path, out: Path, places: Places | None = None) -> Hydrated:
    """Restore the texts of every config of references in a folder.

    Args:
        project: where the sources are declared; their pins are the manifest's.
        folder: a built folder, or a release that was pulled.
        out: gets the Parquet files by config and split; it is replaced as a whole.
        places: where sources may come from.

    Raises:
        UsageError: the folder holds no references.
        ManifestError: a row is not in its source, or is another one there.
        DemurError: a source cannot be fetched.
    """
    built = BuiltSet.open(folder)
    manifest = built.manifest
    configs = [config for config in manifest.configs if config.references]
    if not configs:
        msg = "There is nothing to hydrate"
        raise UsageError(msg, where=folder, expected="a config of references", got="configs with their texts")
    names = sorted({name for config in configs for name in config.sources})
    items = _items(project, manifest, names, places or Places())
    rows = {}
    with staged(out, (MADE,)) as stage:
        for config in configs:
            full = restored(_as_declared(built, config), items)
            for split in config.rows:
                part = full.filter(pc.equal(full["split"], split))
                write_parquet(part, stage / config.name / f"{split}-00000-of-00001.parquet", manifest.canary)
            rows[config.name] = full.num_rows
        said = {"name": manifest.name, "manifest_sha256": file_sha256(folder / NAME), "rows": rows}
        (stage / MADE).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    return Hydrated(rows, out)


def _as_declared(built: BuiltSet, config: ConfigEntry) -> pa.Table:
    """The references of a config: of their schema, whole, and in the manifest's splits.

    Raises:
        ManifestError: other columns than a reference has, a value that its schema does not allow, or other splits.
    """
    rows, model = built.rows(config.name), built.model_of(config)
    expected = arrow_schema(model)
    if not rows.schema.equals(expected):
        more = sorted({*rows.schema.names} ^ {*expected.names})
        msg = "The references have other columns than their schema"
        raise ManifestError(msg, where=f"{built.path} {config.name}", got=", ".join(map(shown, more)) or "other types")
    try:
        TypeAdapter(list[model]).validate_json(json.dumps(rows.to_pylist()))  # type: ignore[valid-type]
    except ValidationError as error:
        msg = "A reference is not what its schema says"
        raise ManifestError(msg, where=f"{built.path} {config.name}", got=issues(error)[0]) from None
    found = {shown(name): count for name, count in Counter(rows["split"].to_pylist()).items()}
    if found != (stated := {shown(name): count for name, count in config.rows.items() if count}):
        msg = "The references stand in other splits than the manifest says"
        raise ManifestError(msg, where=f"{built.path} {config.name}", expected=stated, got=found)
    return rows


def _items(project: Project, manifest: Manifest, names: list[str], places: Places) -> pa.Table:
    """Items of the sources as the builder makes them, texts included, from the manifest's own pins."""
    entries = {each.name: each for each in manifest.sources}
    pins = {
        name: SourcePin(rows=each.rows, digest=each.digest, mirrors=each.pins)
        for name, each in entries.items()
        if name in names
    }
    project = replace(project, recorded=pins)
    sources = [declared.source_of(project, name) for name in names]
    fetched = list(watched(sources, places))
    records, _ = collect(fetched, declared.schemas(project)[sources[0].kind], declared.crosswalk(project))
    builder = builder_of(project, manifest.name)
    made = builder.to_rows(curate(records, Curation(), builder.trust).records)  # what was curated, the references say
    wanted = arrow_schema(builder.kind.row)
    return made.select([name for name in wanted.names if name in made.column_names])


def restored(references: pa.Table, items: pa.Table) -> pa.Table:
    """References with the columns that they lack, from the items they refer to.

    Raises:
        ManifestError: a reference's row is not among the items, or its hashes are others.
    """
    rows = items.to_pylist()
    places = {_key(row): number for number, row in enumerate(rows)}
    full = []
    for reference in references.to_pylist():
        number = places.get(_key(reference))
        where = f"{reference['source']} row {reference['lineage']['row']} ({reference['record_id']})"
        if number is None:
            msg = "A reference's row is not in its source"
            raise ManifestError(msg, where=where, fix="The source's row function changed: use the Demur that built it.")
        row = rows[number]
        for what, expected, got in (
            ("row", reference["lineage"]["row_sha256"], row["lineage"]["row_sha256"]),
            ("prompt", reference["prompt_sha256"], text_sha256(row["prompt"])),
        ):
            if expected != got:
                msg = f"The {what} is not the one that was referred to"
                raise ManifestError(msg, where=where, expected=f"sha256 {expected}", got=f"sha256 {got}")
        kept = {name: value for name, value in reference.items() if name not in ("prompt_sha256", "pin")}
        full.append({**row, **kept})
    return pa.Table.from_pylist(full, schema=_schema(items, references))


def _schema(items: pa.Table, references: pa.Table) -> pa.Schema:
    """The items' columns and then those that only the build knows: split, group and the like."""
    more = [field for field in references.schema if field.name not in (*items.column_names, "prompt_sha256", "pin")]
    return pa.schema([*items.schema, *more])


def _key(row: Mapping[str, Any]) -> Key:
    return row["source"], row["record_id"], row["lineage"]["row"]

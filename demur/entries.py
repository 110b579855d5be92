"""What a build says of itself: the parts of its manifest, from declarations and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from demur.builder import Builder
from demur.fetch import Fetched
from demur.kinds import ContrastParameters, Overlap, TrainingParameters
from demur.manifest import (
    ConfigEntry,
    FileEntry,
    GroupsEntry,
    Parameters,
    SourceEntry,
)
from demur.output import content_digest, file_sha256
from demur.queries.draw import overlaps
from demur.source import Source
from demur.training.near import protected_prompts


def config_entry(
    name: str,
    names: tuple[str, ...],
    license: str,
    sources: Mapping[str, Source],
    candidates: int,
    items: pa.Table,
    rejects: pa.Table,
    **facts: Any,
) -> ConfigEntry:
    """One config: its terms, how many rows and rejects it has, and the facts of its kind of set."""
    return ConfigEntry(
        name=name,
        sources=names,
        license=license,
        use_limits=tuple(sorted({limit for each in names for limit in sources[each].use_limits})),
        candidates=candidates,
        rows=dict(sorted(Counter(items["split"].to_pylist()).items())),
        rejects=dict(sorted(Counter(rejects["reason"].to_pylist()).items())),
        **facts,
    )


def parameters(builder: Builder) -> Parameters:
    """What the builder declares, in the manifest's words; the refusals themselves by their hash."""
    declared, training = builder.training, None
    if declared:
        training = TrainingParameters(
            **declared.model_dump(exclude={"bank"}),
            refusals_sha256=declared.bank.sha256,
            refusals=sum(map(len, declared.bank.refusals.values())),
            protected=protected_prompts(),
        )
    names = Parameters.model_fields.keys() - {"training", "contrast"}  # these two are put in other words
    mining = None
    if builder.contrast:
        mining = ContrastParameters(
            **builder.contrast.model_dump(exclude={"settings"}),
            **builder.contrast.settings.model_dump(exclude={"threshold"}),
        )
    return Parameters(**{name: getattr(builder, name) for name in names}, training=training, contrast=mining)


def overlaps_entry(builder: Builder, items: Mapping[str, pa.Table], built: list[ConfigEntry]) -> tuple[Overlap, ...]:
    """What the draws of several seeds share; nothing where nothing is drawn by seed."""
    if builder.queries is None:
        return ()
    return overlaps(builder.queries, items, {entry.name: entry for entry in built})


def groups_entry(group_ids: list[str], reasons: pa.Table) -> GroupsEntry:
    """How the records group."""
    largest, chained = pc.max(reasons["size"]).as_py() or 1, pc.sum(reasons["chained"]).as_py() or 0
    return GroupsEntry(groups=len(set(group_ids)), near_duplicates=len(reasons), largest=largest, chained=chained)


def source_entry(fetched: Fetched, records: pa.Table) -> SourceEntry:
    """One source: its terms and pins, and how many rows and records it gave."""
    source = fetched.source
    assert source.pin is not None  # noqa: S101 - it was fetched through a pin
    count = pc.sum(pc.equal(pc.struct_field(records["lineage"], "source"), source.name)).as_py() or 0
    declared = {
        name: getattr(source, name) for name in ("name", "title", "homepage", "license", "use_limits", "citation")
    }
    return SourceEntry(
        **declared, rows=len(fetched.rows), records=count, digest=source.pin.digest, pins=source.pin.mirrors
    )


def file_entries(stage: Path, tables: Mapping[Path, pa.Table]) -> dict[str, FileEntry]:
    """What every file of the folder is; of tables also their rows."""
    entries = {}
    for path in sorted(stage.rglob("*")):
        if path.is_file():
            table = tables.get(path)
            facts = {} if table is None else {"rows": table.num_rows, "content": content_digest(table)}
            entries[path.relative_to(stage).as_posix()] = FileEntry(
                sha256=file_sha256(path), bytes=path.stat().st_size, **facts
            )
    return entries

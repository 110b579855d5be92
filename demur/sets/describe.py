"""What a build says of itself: the parts of its manifest, from declarations and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from demur.curation.curated import Curated
from demur.curation.project import Curation
from demur.files.digest import content_digest, file_sha256
from demur.records.licenses import License
from demur.sets.builder import Builder
from demur.sets.kind import Made
from demur.sets.manifest import (
    ConfigEntry,
    CurationEntry,
    FileEntry,
    GroupsEntry,
    Parameters,
    SourceEntry,
    StaleEntry,
)
from demur.sources.fetch import Fetched
from demur.sources.source import Source


def config_entry(
    builder: Builder, name: str, license: License, sources: Mapping[str, Source], candidates: int, made: Made
) -> ConfigEntry:
    """One config: its terms, where its records went, and the facts of its kind of set."""
    names = builder.sources_of(name)
    declared = next(each for each in builder.configs if each.name == name)
    return ConfigEntry(
        name=name,
        sources=names,
        license=license.id,
        terms=license.terms if license.own else None,
        use_limits=tuple(sorted({limit for each in names for limit in sources[each].use_limits})),
        candidates=candidates,
        used=made.used,
        rows=dict(sorted(Counter(made.rows["split"].to_pylist()).items())),
        rejects=dict(sorted(Counter(made.rejects["reason"].to_pylist()).items())),
        basis=dict(sorted(Counter(made.rows["basis"].to_pylist()).items()))
        if "basis" in made.rows.column_names
        else {},
        references=schema_name(builder.row_model(declared)) if declared.references else None,
        facts=made.facts.model_dump(mode="json"),
    )


def schema_name(model: type) -> str:
    """The name that the manifest has for a schema: that of its module."""
    return model.__module__.rpartition(".")[2]


def parameters(builder: Builder) -> Parameters:
    """What the builder declares, in the manifest's words."""
    return Parameters(
        near_duplicate=builder.near_duplicate,
        splits=builder.splits,
        seed=builder.seed,
        stated=builder.kind.statement().model_dump(mode="json"),
    )


def curation_entry(
    order: Sequence[str], curation: Curation, curated: Curated, links: pa.Table, fetched: Sequence[Fetched]
) -> CurationEntry:
    """What people decided and readers said, and what of it was left undone."""
    sources = Counter(lineage["source"] for lineage in curated.records["lineage"].to_pylist())
    pins = {each.source.name: each.source.pin.digest for each in fetched if each.source.pin}
    return CurationEntry(
        order=tuple(order),
        files=dict(sorted(curation.files.items())),
        effects=dict(curated.effects),
        stale=tuple(
            StaleEntry(record_id=each.decision.record_id, action=each.decision.action, why=each.why)
            for each in curated.stale
        ),
        encoders=tuple(each.name for each in curation.pairs.readings) if curation.pairs.sources else (),
        joined=links.num_rows,
        uncovered={
            name: count for name, count in sorted(sources.items()) if not curation.pairs.covers(name, pins[name])
        },
    )


def groups_entry(group_ids: list[str], reasons: pa.Table) -> GroupsEntry:
    """How the records group."""
    largest, chained = pc.max(reasons["size"]).as_py() or 1, pc.sum(reasons["chained"]).as_py() or 0
    return GroupsEntry(groups=len(set(group_ids)), near_duplicates=len(reasons), largest=largest, chained=chained)


SOURCE_SAYS = (
    "name", "title", "homepage", "license", "use_limits", "origins", "copyright", "model_written",
)  # fmt: skip
"""What a manifest takes over from the declaration of a source."""


def source_entry(fetched: Fetched, records: pa.Table) -> SourceEntry:
    """One source: its terms and pins, and how many rows and records it gave."""
    source = fetched.source
    assert source.pin is not None  # noqa: S101 - it was fetched through a pin
    count = pc.sum(pc.equal(pc.struct_field(records["lineage"], "source"), source.name)).as_py() or 0
    return SourceEntry(
        **{name: getattr(source, name) for name in SOURCE_SAYS},
        terms=source.own_terms,
        citation=source.cited(),
        rows=len(fetched.rows),
        records=count,
        digest=source.pin.digest,
        pins=source.pin.mirrors,
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

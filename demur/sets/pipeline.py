"""The pipeline, on one page: fetch -> map and validate -> group -> split -> make the rows of each config -> write.

Arrow tables travel between the steps; each step gives its table and says what it left out. Only one step, the kind's
`make`, differs by the kind of set.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.curation.by_whom import FILE as BY_WHOM
from demur.curation.curated import curate, different_texts, links_of, same_texts, sides, split_off
from demur.curation.project import Curation, curation_of
from demur.errors import UsageError
from demur.files.digest import file_sha256
from demur.files.folder import staged
from demur.files.parquet import write_parquet, write_shards
from demur.groups import splits
from demur.groups.duplicates import CONFLICTS, conflicts
from demur.groups.group import group
from demur.groups.heads import heads_of
from demur.project import GONE, Project, pick
from demur.records.record import ACCESS_TIERS, Access, record_id
from demur.records.rejects import of_config
from demur.records.schema import json_schema
from demur.sets import describe
from demur.sets.builder import Builder
from demur.sets.card import write_card
from demur.sets.door import at_the_door
from demur.sets.figures import write_figures
from demur.sets.kind import Config, Given, Made
from demur.sets.manifest import FORMAT, Manifest, MoveEntry, environment
from demur.sets.manifest_file import write_manifest
from demur.sets.notice import write_notice
from demur.sets.references import as_references
from demur.sets.terms import admitted, license_of_config, trainable
from demur.sources import declared
from demur.sources.collect import collect
from demur.sources.fetch import Fetched, Places
from demur.sources.source import Source
from demur.sources.watched import watched
from demur.text.compiled import uncompiled

FEW = 12_000
"""Rows of sources below which a build is done sooner than its kernels are compiled."""


@dataclass(frozen=True)
class Build:
    """What was built, where it lies, through which mirrors, and how long it took in seconds."""

    manifest: Manifest
    out: Path
    mirrors: Mapping[str, str]
    seconds: float
    warnings: tuple[str, ...] = field(default=())


def build(
    project: Project,
    builder: Builder,
    out: Path,
    places: Places | None = None,
    added: Mapping[str, tuple[str, ...]] | None = None,
    lock: Path | None = None,
    configs: Sequence[str] = (),
    curation: Curation | None = None,
) -> Build:
    """Build one data set into a folder; on any failure the folder keeps its last good content.

    Args:
        project: where sources, crosswalk and cards are declared.
        builder: what to build.
        out: the folder; it is replaced as a whole.
        places: where sources may come from.
        added: config -> names of further sources.
        lock: assignments of an earlier release, which pin the splits.
        configs: names of the configs to build; by default all that need not be asked for.
        curation: what people decided and readers said; by default the project's own.

    Raises:
        DemurError: one of its kinds, each with what to do.
    """
    started = time.monotonic()
    added = {config: tuple(sorted(names)) for config, names in sorted((added or {}).items())}
    for name, more in added.items():
        builder = builder.with_sources(name, more)
    builder = builder.only(configs)
    every = declared.sources(project, builder.sources)
    sources = {name: pick(every, name, "source", f"{builder.name} in {project.root}", GONE) for name in builder.sources}
    licenses = {config.name: license_of_config(builder, config.name, sources) for config in builder.configs}
    _fit(builder, sources.values())
    locked = splits.read_lock(lock) if lock else {}
    curation = curation_of(project) if curation is None else curation

    with staged(out) as stage, ExitStack() as light:
        fetched = list(watched(list(sources.values()), places or Places()))
        light.enter_context(uncompiled(small=sum(len(each.rows) for each in fetched) < FEW))
        model = declared.schema(project, builder.kind.record)
        records, unmapped = collect(fetched, model, declared.crosswalk(project))
        curated = curate(records, curation, builder.trust)
        records, heads = heads_of(builder.kind.linked(curated.records))
        own = records.take(heads.rows)
        links = links_of(own, curation)
        groups, reasons = group(own, builder.near_duplicate, links, different_texts(curation))
        assigned, moves = splits.assign(
            _keys(own, builder), _codes(groups), builder.splits, own["record_id"].to_pylist(), locked
        )
        ids = records["record_id"].to_pylist()
        group_ids, assigned = heads.spread(groups, ids), heads.spread(assigned, [next(iter(builder.splits))] * len(ids))
        records = records.append_column("group_id", pa.array(group_ids)).append_column("split", pa.array(assigned))
        clashes = _clashes(records.take(heads.rows), builder)
        whole, (records, left) = records, split_off(records)
        unmapped = pa.concat_tables([unmapped, left])
        records = builder.kind.prepare(records)
        made = {
            config.name: _made(builder, config, records, unmapped, clashes, locked, curation)
            for config in builder.configs
        }
        files: dict[Path, pa.Table] = {}
        published: dict[str, Made] = {}
        for config in builder.configs:
            rows = made[config.name].rows
            if config.references:  # what stands there instead of texts may be read by anybody
                rows = as_references(rows, builder.row_model(config), sources)
            published[config.name] = replace(made[config.name], rows=rows)
            for split in builder.splits:
                part = rows.filter(pc.equal(rows["split"], split))
                files |= write_shards(part, stage / config.name, split, builder.canary)
        order = [(name, "ascending") for name in ("config", "source", "row", "record_id", "reason")]
        rejects = pa.concat_tables([each.rejects for each in made.values()]).sort_by(order)
        extra = {"rejects.parquet": rejects, "conflicts.parquet": clashes, "groups.parquet": reasons}
        extra[BY_WHOM] = curated.by_whom
        for name, table in extra.items():
            write_parquet(table, stage / name)
            files[stage / name] = table
        manifest = Manifest(
            format=FORMAT,
            name=builder.name,
            kind=builder.kind.name,
            row=describe.schema_name(builder.kind.row),
            title=builder.title,
            parameters=describe.parameters(builder),
            added_sources=added,
            lock_sha256=file_sha256(lock) if lock else None,
            sources=tuple(describe.source_entry(each, whole) for each in fetched),
            configs=tuple(
                describe.config_entry(
                    builder, name, licenses[name], sources, _candidates(builder, name, records, unmapped), each
                )
                for name, each in published.items()
            ),
            groups=describe.groups_entry(group_ids, reasons),
            label_conflicts=clashes.num_rows,
            across=tuple(
                each.model_dump(mode="json")
                for each in builder.kind.across(made, {name: builder.sources_of(name) for name in made})
            ),
            curation=describe.curation_entry(builder.trust, curation, curated, links, fetched),
            moves=tuple(MoveEntry(record_id=move.record_id, was=move.was, now=move.now) for move in moves),
            access=_access(published, builder),
            environment=environment(),
            canary=builder.canary,
            files={},
        )
        first = builder.configs[0]
        write_figures(published[first.name].rows, builder.row_model(first), first.name, stage)
        _write_pages(builder, manifest, project, stage)
        (stage / "splits.lock").write_text(splits.write_lock(ids, assigned), encoding="utf-8")
        manifest = manifest.model_copy(update={"files": describe.file_entries(stage, files)})
        write_manifest(manifest, stage)
    mirrors = {each.source.name: f"{each.mirror.id} ({each.place})" for each in fetched}
    warnings = (*_warnings(fetched), *(f"stale decision, not applied: {each}" for each in curated.stale))
    return Build(manifest, out, mirrors, time.monotonic() - started, warnings)


def _fit(builder: Builder, sources: Iterable[Source]) -> None:
    """Make sure that the sources give what the kind needs, may be used for it, and are pinned, before any fetch."""
    for source in sources:
        if source.kind != builder.kind.record:
            msg = "The sources are not of one kind"
            raise UsageError(
                msg,
                where=f"{builder.name}: {source.name}",
                expected=f"sources of kind {builder.kind.record}",
                got=source.kind,
            )
        if builder.kind.trains:
            trainable([source])
        source.pinned()


def _clashes(records: pa.Table, builder: Builder) -> pa.Table:
    """Opposite labels of near-identical prompts. Labels of responses contradict nothing: another may well differ."""
    if builder.kind.record == "response":
        return CONFLICTS.empty_table()
    return conflicts(records, sides(records), builder.near_duplicate)


def _made(
    builder: Builder,
    config: Config,
    records: pa.Table,
    unmapped: pa.Table,
    clashes: pa.Table,
    locked: Mapping[str, str],
    curation: Curation,
) -> Made:
    """The rows of one config by its kind, and all rejects, those of the sources' row functions among them."""
    names = builder.sources_of(config.name)
    mine = records.filter(_of(records, names))
    given = Given(
        name=builder.name,
        config=config.name,
        splits=tuple(builder.splits),
        near_duplicate=builder.near_duplicate,
        seed=builder.seed,
        conflicts=clashes,
        locked=locked,
        to_rows=at_the_door(builder.to_rows, builder.kind, f"{builder.name}/{config.name}"),
        same=dict(same_texts(curation)),
        apart=different_texts(curation),
        opposites=curation.opposites,
        opposed=curation.opposed,
    )
    mine, unlicensed = admitted(mine, config)
    made = builder.kind.make(mine, given)
    rejects = [of_config(unmapped, config.name, names), unlicensed, made.rejects]
    return replace(made, rejects=pa.concat_tables(rejects))


def _of(records: pa.Table, names: Sequence[str]) -> pa.ChunkedArray:
    return pc.is_in(pc.struct_field(records["lineage"], "source"), pa.array(names, pa.string()))


def _candidates(builder: Builder, config: str, records: pa.Table, unmapped: pa.Table) -> int:
    names = builder.sources_of(config)
    return (pc.sum(_of(records, names)).as_py() or 0) + sum(
        source in names for source in unmapped["source"].to_pylist()
    )


def _access(made: Mapping[str, Made], builder: Builder) -> Access:
    """The strictest tier of any row that is published with its texts."""
    tiers: list[Access] = [
        tier
        for config in builder.configs
        if not config.references
        for tier in made[config.name].rows["access"].unique().to_pylist()
    ]
    return max([ACCESS_TIERS[0], *tiers], key=ACCESS_TIERS.index)


def _write_pages(builder: Builder, manifest: Manifest, project: Project, stage: Path) -> None:
    """Everything that people read: schemas, NOTICE, what the kind brings, and the card."""
    kind = builder.kind
    (stage / "schema.json").write_text(json_schema(kind.row), encoding="utf-8")
    if kind.reference and any(config.references for config in builder.configs):
        (stage / "schema-references.json").write_text(json_schema(kind.reference), encoding="utf-8")
    write_notice(manifest, stage)
    for name, data in kind.beside(builder.title, builder.summary, manifest).items():
        (stage / name).write_bytes(data)
    write_card(builder, manifest, project, stage)


def _warnings(fetched: Sequence[Fetched]) -> Iterable[str]:
    return (f"{each.source.name}: {error.what} ({error.where})" for each in fetched for error in each.failures)


def _keys(records: pa.Table, builder: Builder) -> list[str]:
    """What the split of each record hangs on: its pair, or its prompt, which several responses may share."""
    columns = (records[name].to_pylist() for name in ("pair_id", "prompt", "record_id"))
    of_prompts = builder.kind.record == "prompt"
    return [
        pair or (id if of_prompts or prompt is None else record_id("prompt", prompt))
        for pair, prompt, id in zip(*columns, strict=True)
    ]


def _codes(group_ids: list[str]) -> np.ndarray:
    return np.unique(np.array(group_ids, dtype=np.str_), return_inverse=True)[1]

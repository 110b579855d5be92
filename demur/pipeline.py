"""The pipeline, on one page: fetch -> map and validate -> group -> split -> make the items of each config -> write.

Arrow tables travel between the steps; each step gives its table and says what it left out. Only one step, `_made`,
differs by the kind of set: evaluation items are records without their duplicates, training rows are made of several.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur import entries, splits
from demur.balance import balance
from demur.builder import Builder
from demur.card import write_card
from demur.collect import REJECTS, collect, label_values, rejected
from demur.companions import write_evaluation, write_notice
from demur.contrast.compose import pair_up
from demur.dedup import CONFLICTS, conflicts, deduplicate, group
from demur.errors import LicenseError, UsageError
from demur.fetch import Places, fetch_all
from demur.licences import LICENSES, combine, of_references
from demur.manifest import (
    FORMAT,
    ConfigEntry,
    Manifest,
    MoveEntry,
    environment,
    write_manifest,
)
from demur.output import file_sha256, staged, write_parquet, write_shards
from demur.progress import track
from demur.project import Project
from demur.queries.compare import compare
from demur.queries.draw import draw
from demur.record import ACCESS_TIERS, Frozen, record_id
from demur.references import as_references
from demur.schema import arrow_schema, json_schema
from demur.source import Source
from demur.training.compose import compose
from demur.training.near import near_records


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

    Raises:
        DemurError: one of its kinds, each with what to do.
    """
    started = time.monotonic()
    added = {config: tuple(sorted(names)) for config, names in sorted((added or {}).items())}
    for name, more in added.items():
        builder = builder.with_sources(name, more)
    builder = builder.only(configs)
    sources = {name: project.source(name) for name in builder.sources}
    licenses = {config.name: _license(builder, config.name, sources) for config in builder.configs}
    kind = _kind(sources.values())
    if builder.training:
        _trainable(sources.values())
    for source in sources.values():
        source.pinned()  # an unpinned source is told before anything is fetched
    locked = splits.read_lock(lock) if lock else {}

    with staged(out) as stage:
        fetched = list(track(fetch_all(list(sources.values()), places or Places()), "sources fetched", len(sources)))
        records, mapping_rejects = collect(fetched, project.schemas()[kind], project.crosswalk())
        group_ids, reasons = group(records, builder.near_duplicate)
        keys = _keys(records, kind)
        assigned, moves = splits.assign(
            keys, _codes(group_ids), builder.splits, records["record_id"].to_pylist(), locked
        )
        records = records.append_column("group_id", pa.array(group_ids)).append_column("split", pa.array(assigned))
        harmful = label_values(records, "harmful")
        near = near_records(records) if builder.training else {}
        # Labels of responses contradict nothing: another response to the prompt may well differ.
        clashes = CONFLICTS.empty_table() if kind == "response" else conflicts(records, harmful, builder.near_duplicate)

        access = ACCESS_TIERS[0]
        rejects: list[pa.Table] = []
        rows: dict[str, pa.Table] = {}
        built: list[ConfigEntry] = []
        files: dict[Path, pa.Table] = {}
        for config in builder.configs:
            names = builder.sources_of(config.name)
            mine = pc.is_in(pc.struct_field(records["lineage"], "source"), pa.array(names))
            made = _made(builder, config.name, records.filter(mine), harmful.filter(mine), near, clashes, locked)
            items, dropped = made.items, made.rejects
            if config.references:  # what stands there instead of texts may be read by anybody
                items = as_references(items, builder.row_model(config), sources)
            else:
                access = max([access, *items["access"].unique().to_pylist()], key=ACCESS_TIERS.index)
            dropped = pa.concat_tables([_of_config(mapping_rejects, config.name, names), dropped])
            for split in builder.splits:
                part = items.filter(pc.equal(items["split"], split))
                files |= write_shards(part, stage / config.name, split, builder.canary)
            candidates = sum(mine.to_pylist()) + sum(
                source in names for source in mapping_rejects["source"].to_pylist()
            )
            built.append(
                entries.config_entry(
                    config.name,
                    names,
                    licenses[config.name],
                    sources,
                    candidates,
                    items,
                    dropped,
                    references=_module(builder.row_model(config)) if config.references else None,
                    **made.facts,
                )
            )
            rejects.append(dropped)
            rows[config.name] = items

        order = [(name, "ascending") for name in ("config", "source", "row", "record_id", "reason")]
        extra = {
            "rejects.parquet": pa.concat_tables(rejects).sort_by(order),
            "conflicts.parquet": clashes,
            "groups.parquet": reasons,
        }
        for name, table in extra.items():
            write_parquet(table, stage / name)
            files[stage / name] = table
        (stage / "schema.json").write_text(json_schema(builder.item), encoding="utf-8")
        if builder.reference and any(config.references for config in builder.configs):
            (stage / "schema-references.json").write_text(json_schema(builder.reference), encoding="utf-8")
        (stage / "splits.lock").write_text(
            splits.write_lock(records["record_id"].to_pylist(), assigned), encoding="utf-8"
        )
        manifest = Manifest(
            format=FORMAT,
            name=builder.name,
            kind=_module(builder.item),
            title=builder.title,
            parameters=entries.parameters(builder),
            added_sources=added,
            lock_sha256=file_sha256(lock) if lock else None,
            sources=tuple(entries.source_entry(each, records) for each in fetched),
            configs=tuple(built),
            groups=entries.groups_entry(group_ids, reasons),
            label_conflicts=clashes.num_rows,
            overlaps=entries.overlaps_entry(builder, rows, built),
            moves=tuple(MoveEntry(record_id=move.record_id, was=move.was, now=move.now) for move in moves),
            access=access,
            environment=environment(),
            canary=builder.canary,
            files={},
        )
        write_notice(manifest, stage)
        write_evaluation(builder, manifest, stage)
        write_card(builder, manifest, project, stage)
        manifest = manifest.model_copy(update={"files": entries.file_entries(stage, files)})
        write_manifest(manifest, stage)
    mirrors = {each.source.name: f"{each.mirror.id} ({each.place})" for each in fetched}
    warnings = tuple(f"{each.source.name}: {error.what} ({error.where})" for each in fetched for error in each.failures)
    return Build(manifest, out, mirrors, time.monotonic() - started, warnings)


@dataclass(frozen=True)
class _Made:
    """The items of one config, what is in none, and what the manifest states of this kind of set."""

    items: pa.Table
    rejects: pa.Table
    facts: dict[str, Any] = field(default_factory=dict)


def _made(
    builder: Builder,
    config: str,
    records: pa.Table,
    harmful: pa.ChunkedArray,
    near: Mapping[str, Mapping[str, Any]],
    clashes: pa.Table,
    locked: Mapping[str, str],
) -> _Made:
    """Make the items of one config: the one step that differs by the kind of set."""
    if builder.training:
        composed = compose(builder, builder.training, config, builder.to_items(records), near, locked)
        return _Made(composed.items, composed.rejects, {"training": composed.counts})
    if builder.comparisons:
        compared = compare(builder, config, builder.to_items(records))
        return _Made(compared.items, compared.rejects, {"comparisons": compared.counts})
    unique, dropped = _unique(builder, config, records, harmful, clashes, locked)
    if builder.contrast:
        paired = pair_up(builder, builder.contrast, config, unique)
        return _Made(paired.items, pa.concat_tables([dropped, paired.rejects]), {"baseline": paired.baseline})
    if builder.queries:
        drawn = draw(builder, builder.queries, config, records, unique)
        return _Made(drawn.items, pa.concat_tables([dropped, drawn.rejects]), {"queries": drawn.counts})
    items, surplus = _balanced(builder, config, unique)
    return _Made(items, pa.concat_tables([dropped, surplus]))


def _balanced(builder: Builder, config: str, unique: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The items of an evaluation set, and the rows that its balance does not draw."""
    made, surplus = builder.to_items(unique), REJECTS.empty_table()
    if builder.balance:
        drawn = pa.array(balance(made, builder.balance, builder.seed))
        surplus = rejected(unique.filter(pc.invert(drawn)), config, "not-sampled")
        made = made.filter(drawn)
    schema = arrow_schema(builder.item)
    return made.select(schema.names).cast(schema), surplus


def _unique(
    builder: Builder,
    config: str,
    records: pa.Table,
    harmful: pa.ChunkedArray,
    clashes: pa.Table,
    locked: Mapping[str, str],
) -> tuple[pa.Table, pa.Table]:
    """One record of every set of near-duplicates, and what was left out: unknown or contradictory labels, the rest."""
    contradicted = clashes.filter(pc.equal(clashes["record_id"], clashes["twin"]))["record_id"].combine_chunks()
    unknown = pc.equal(harmful, "unknown")
    clash = pc.and_not(pc.is_in(records["record_id"], contradicted), unknown)
    rejects = [
        rejected(records.filter(unknown), config, "label-unknown"),
        rejected(records.filter(clash), config, "label-conflict"),
    ]
    kept = []
    for value in ("yes", "no"):
        rows = pc.and_(pc.equal(harmful, value), pc.invert(clash))
        unique, dropped = deduplicate(records.filter(rows), config, builder.near_duplicate, locked)
        kept.append(unique)
        rejects.append(dropped)
    return pa.concat_tables(kept).sort_by("record_id"), pa.concat_tables(rejects)


def _license(builder: Builder, config: str, sources: Mapping[str, Source]) -> str:
    """The license of a config, computed from its sources; a config that promises commercial use must allow it."""
    declared = next(each for each in builder.configs if each.name == config)
    mine = {name: sources[name].license for name in builder.sources_of(config)}
    if declared.references:
        return of_references(mine, f"{builder.name}/{config}").id
    for name in mine:
        if "no_redistribution" in sources[name].use_limits:
            msg = f"Source {name!r} may not be redistributed (use limit no_redistribution)"
            raise LicenseError(
                msg, where=f"{builder.name}/{config}", fix="Put it into a config of references, or leave it out."
            )
    if declared.commercial:
        for name, license in mine.items():
            if not LICENSES[license].commercial:
                msg = f"Source {name!r} does not allow commercial use"
                raise LicenseError(
                    msg,
                    where=f"{builder.name}/{config}",
                    expected="a license that allows commercial use",
                    got=license,
                    fix="Move the source to a config that does not promise it.",
                )
    return combine(mine, f"{builder.name}/{config}").id


def _module(model: type[Frozen]) -> str:
    """The name that the manifest has for a schema: that of its module."""
    return model.__module__.rpartition(".")[2]


def _trainable(sources: Iterable[Source]) -> None:
    """Make sure that no source of training rows is for evaluation only, or declared unfit for training."""
    for source in sources:
        if limits := sorted({"eval_only", "no_sft"} & {*source.use_limits}):
            msg = f"Source {source.name!r} is not for training"
            raise LicenseError(
                msg,
                expected="no use limit against training",
                got=", ".join(limits),
                fix="Leave it out; the builder's left_out says why.",
            )


def _kind(sources: Iterable[Source]) -> str:
    kinds = {source.kind for source in sources}
    if len(kinds) != 1:
        msg = "The sources are not of one kind"
        raise UsageError(msg, expected="one kind of record", got=", ".join(sorted(kinds)))
    return kinds.pop()


def _keys(records: pa.Table, kind: str) -> list[str]:
    """What the split of each record hangs on: its pair, or its prompt, which several responses may share."""
    columns = (records[name].to_pylist() for name in ("pair_id", "prompt", "record_id"))
    return [
        pair or (id if kind == "prompt" or prompt is None else record_id("prompt", prompt))
        for pair, prompt, id in zip(*columns, strict=True)
    ]


def _codes(group_ids: list[str]) -> np.ndarray:
    return np.unique(np.array(group_ids, dtype=np.str_), return_inverse=True)[1]


def _of_config(rejects: pa.Table, config: str, sources: tuple[str, ...]) -> pa.Table:
    mine = rejects.filter(pc.is_in(rejects["source"], pa.array(sources)))
    return mine.set_column(0, REJECTS.field("config"), pa.repeat(config, len(mine)))

"""What the commands show: tables of counts for people. No text of any row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from demur.source import Source
from demur.stats import FACETS
from demur.taxonomy import HAZARDS

if TYPE_CHECKING:
    from demur.manifest import ConfigEntry, Manifest
    from demur.pipeline import Build
    from demur.queries.declared import Queries


def source_rows(sources: Iterable[Source]) -> list[dict[str, Any]]:
    """One line of facts about every source, for people and programs alike."""
    return [
        {
            "name": source.name,
            "title": source.title,
            "kind": source.kind,
            "license": source.license,
            "use_limits": list(source.use_limits),
            "rows": source.pin.rows if source.pin else None,
            "pinned": [pin.mirror for pin in source.pin.mirrors] if source.pin else [],
            "mirrors": [mirror.id for mirror in source.mirrors],
            "status": "not pinned" if source.pin is None else "quarantined" if source.quarantined else "ready",
        }
        for source in sources
    ]


def source_table(rows: Sequence[dict[str, Any]]) -> str:
    """The table of sources in Markdown, as ``demur sources`` prints it and the README shows it."""
    lines = ["| source | kind | license | rows | carriers | status |", "|---|---|---|--:|---|---|"]
    for row in rows:
        carriers = ", ".join(dict.fromkeys(id.partition(":")[0] for id in row["mirrors"]))
        lines.append(
            f"| {row['name']} | {row['kind']} | {row['license']} | {row['rows'] or ''} | {carriers} | {row['status']} |"
        )
    return "\n".join(lines)


def build_summary(done: Build) -> None:
    """Print what was built: rows by source, hazard and split, rejects by reason, where it lies, how long it took."""
    from demur.stats import stats

    manifest, console = done.manifest, Console()
    if manifest.parameters.queries:
        query_table(manifest, manifest.parameters.queries)
    else:
        stats_tables(stats(done.out))
    for config in manifest.configs:
        rows, rejects = sum(config.rows.values()), sum(config.rejects.values())
        made = config.training
        used = f"{config.used} used" if config.used != rows else f"{rows} rows"
        console.print(
            f"{config.name}: license {config.license}; {config.candidates} candidates = {used} + {rejects} rejects"
        )
        if made:
            console.print(
                f"{config.name}: {rows} rows = 3 x {made.triples} triples + {made.answered} answered; triples with "
                f"both sides published: {made.published}, with a refusal of ours: {made.project_written}"
            )
            console.print(
                f"{config.name}: refusals begin in {made.distinct_openings} ways, "
                f"at most {made.most_common_opening} of {made.triples} alike"
            )
        if config.comparisons:
            console.print(f"{config.name}: {rows} rows = 3 x {config.comparisons.queries} queries")
    if special := manifest.parameters.training or manifest.parameters.comparisons:
        for source, reason in special.left_out.items():
            console.print(f"left out: {source}: {reason}")
    groups = manifest.groups
    console.print(
        f"groups: {groups.groups}; sets of near-duplicates: {groups.near_duplicates}, the largest of {groups.largest}, "
        f"{groups.chained} held together by a chain (groups.parquet)"
    )
    if manifest.label_conflicts:
        console.print(
            f"label conflicts between near-identical prompts: {manifest.label_conflicts} pairs (conflicts.parquet)"
        )
    for move in manifest.moves:
        console.print(f"moved: {move.record_id} from {move.was} to {move.now}: its group merged")
    console.print(f"{manifest.name}: {len(manifest.files) + 1} files in {done.out}, built in {done.seconds:.1f} s")


def query_table(manifest: Manifest, declared: Queries) -> None:
    """Print where the rows of query sets come from, how many each seed drew, and how much the draws share."""
    from demur.queries.draw import shortfalls

    shared = {
        (config, each.set, each.side): each.shared.values() for each in manifest.overlaps for config in each.configs
    }
    console = Console(width=None if Console().is_terminal else 160)
    for configs in _alike(manifest):
        first = configs[0].queries or {}
        lengths = [f"below {length}" for length in declared.lengths]
        table = Table(
            "set", "side", "labelled", *lengths, "unique below", *(each.name for each in configs), "two share",
            title="queries", title_justify="left",
        )  # fmt: skip
        for column in table.columns[2:]:
            column.justify = "right"
        for name, found in first.items():
            for side, each in found.sides.items():
                drawn = [str((config.queries or {})[name].sides[side].drawn) for config in configs]
                both = shared.get((configs[0].name, name, side), ())
                table.add_row(
                    name, side, str(each.labelled), *map(str, each.within.values()),
                    f"{each.unique[str(found.length)]} < {found.length}", *drawn,
                    f"{min(both)}-{max(both)}" if both else "",
                )  # fmt: skip
            table.add_section()
        console.print(table)
        for line in shortfalls(declared, first):
            console.print(line)


def _alike(manifest: Manifest) -> list[list[ConfigEntry]]:
    """The configs, those with the same sources together."""
    found: dict[tuple[str, ...], list[ConfigEntry]] = {}
    for config in manifest.configs:
        found.setdefault(config.sources, []).append(config)
    return list(found.values())


def stats_tables(counted: dict[str, Any]) -> None:
    """Print one table for every config, and its rejects."""
    console = Console(width=100)
    for config, counts in counted.items():
        splits = list(counts["split"])
        table = Table("", *splits, "all", title=f"{config}: rows", title_justify="left")
        for column in table.columns[1:]:
            column.justify = "right"
        for facet in (*FACETS, "source", "hazard"):
            for value, by_split in counts.get(facet, {}).items():
                name = f"{value} {HAZARDS.get(value, '')}".strip() if facet == "hazard" else value
                table.add_row(
                    f"{facet}: {name}", *(str(by_split.get(split, 0)) for split in splits), str(sum(by_split.values()))
                )
            table.add_section()
        table.add_row("rows", *(str(counts["split"][split]) for split in splits), str(counts["rows"]))
        console.print(table)
        rejects = ", ".join(f"{reason} {count}" for reason, count in counts["rejects"].items())
        console.print(f"{config}: rejects: {rejects or 'none'}\n")

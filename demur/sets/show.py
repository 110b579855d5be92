"""What the commands show: tables of counts for people. No text of any row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from demur.project import DEMUR, Declared, Project
from demur.records.hazards import HAZARDS
from demur.sets.builder import origins
from demur.sets.folder import BuiltSet
from demur.sets.pipeline import Build
from demur.sets.stats import stats
from demur.sources import declared
from demur.sources.source import Source


def source_rows(
    sources: Iterable[Source], owners: Mapping[str, Declared[Source]] | None = None
) -> list[dict[str, Any]]:
    """One line of facts about every source, for people and programs alike; ``from`` says whose it is."""
    owners = owners or {}
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
            "from": owners[source.name].by if source.name in owners else DEMUR,
            "status": "not pinned" if source.pin is None else "quarantined" if source.quarantined else "ready",
        }
        for source in sources
    ]


def source_table(rows: Sequence[dict[str, Any]]) -> str:
    """The table of sources in Markdown, as ``demur sources`` prints it and the README shows it."""
    several = any(row["from"] != DEMUR for row in rows)
    head = ["source", "kind", "license", "rows", "carriers", "status", *(["from"] if several else [])]
    lines = [_line(head), _line(["--:" if name == "rows" else "---" for name in head]).replace(" ", "")]
    for row in rows:
        carriers = ", ".join(dict.fromkeys(id.partition(":")[0] for id in row["mirrors"]))
        lines.append(
            _line(
                str(cell or "")
                for cell in ({**row, "source": row["name"], "carriers": carriers}[name] for name in head)
            )
        )
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def told(project: Project) -> Iterator[str]:
    """What a project takes the place of, a line each."""
    if project.is_alone:
        return
    owners = (("source", declared.origins(project)), ("builder", origins(project)))
    for what, found in owners:
        for name, each in found.items():
            if each.over:
                yield f"{what} {name}: the project's own takes the place of {each.over}'s"
    for package in ("builders", "builders.sources", "schemas"):
        for stem in project.shadowed(package):
            yield f"{package.replace('.', '/')}/{stem}.py: the project's own takes the place of {DEMUR}'s"


def build_summary(done: Build) -> None:
    """Print what was built: rows by source, hazard and split, rejects by reason, where it lies, how long it took."""
    built, console = BuiltSet.open(done.out), Console(markup=False)
    manifest = built.manifest
    lines = list(built.kind.lines(manifest))
    wide = Console(width=None if console.is_terminal else 160, markup=False)
    if tables := [line for line in lines if not isinstance(line, str)]:  # instead of the counts that any set has
        for table in tables:
            wide.print(table)
    else:
        stats_tables(stats(built))
    for config in manifest.configs:
        rows, rejects = sum(config.rows.values()), sum(config.rejects.values())
        used = f"{config.used} used" if config.used != rows else f"{rows} rows"
        console.print(
            f"{config.name}: license {config.license}; {config.candidates} candidates = {used} + {rejects} rejects"
        )
    for line in lines:
        if isinstance(line, str):
            console.print(line)
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


_NO_FACETS = ("rows", "split", "source", "hazard", "characters", "rejects", "taxonomy")


def _taxonomy_table(console: Console, config: str, counted: dict[str, Any], splits: Sequence[str], rows: int) -> None:
    """Rows by the categories of a taxonomy, and those of none by their hazards."""
    table = Table("", *splits, "all", title=f"{config}: {counted['title']}", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    names = {code: f"{code} {name}" for code, name in counted["names"].items()}
    for section, called in (("rows", names), ("unmapped_by", {})):
        for value, by_split in counted[section].items():
            name = called.get(value) or f"not told by hazard: {value}"
            table.add_row(name, *(str(by_split.get(split, 0)) for split in splits), str(sum(by_split.values())))
        table.add_section()
    console.print(table)
    console.print(f"{config}: {counted['unmapped']} of {rows} rows cannot be told to be in any category of it\n")


def stats_tables(counted: dict[str, Any]) -> None:
    """Print one table for every config, and its rejects."""
    console = Console(width=100, markup=False)
    for config, counts in counted.items():
        splits = list(counts["split"])
        table = Table("", *splits, "all", title=f"{config}: rows", title_justify="left")
        for column in table.columns[1:]:
            column.justify = "right"
        facets = [name for name in counts if name not in _NO_FACETS]
        for facet in (*facets, "source", "hazard"):
            for value, by_split in counts.get(facet, {}).items():
                name = f"{value} {HAZARDS.get(value, '')}".strip() if facet == "hazard" else value
                table.add_row(
                    f"{facet}: {name}", *(str(by_split.get(split, 0)) for split in splits), str(sum(by_split.values()))
                )
            table.add_section()
        table.add_row("rows", *(str(counts["split"][split]) for split in splits), str(counts["rows"]))
        console.print(table)
        if "taxonomy" in counts:
            _taxonomy_table(console, config, counts["taxonomy"], splits, counts["rows"])
        rejects = ", ".join(f"{reason} {count}" for reason, count in counts["rejects"].items())
        console.print(f"{config}: rejects: {rejects or 'none'}\n")

"""The bundled sketch: the project's declared evaluation sources as hashes, and whether it still fits the pins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

from demur.errors import ProjectError
from demur.project import Project
from demur.protected.prompts import CHARACTERS, TRAINING, Background, Protected
from demur.records.record import record_id
from demur.sources import declared
from demur.sources.fetch import Fetched, Places, fetch_all
from demur.sources.watched import watched

_Prompts: TypeAlias = list[tuple[str, str]]


@dataclass(frozen=True)
class Declared:
    """What the sidecars say of the sources' prompts, a table for each role: source -> the reason."""

    protect: dict[str, str]
    training: dict[str, str]
    background: dict[str, str]
    left_out: dict[str, str]


def sketch_path(project: Project) -> Path:
    """Where the sketch of a project lies."""
    return project.root / "builders" / "protected.parquet"


def training_path(project: Project) -> Path:
    """Where the sketch of the prompts lies that only training rows keep apart from."""
    return project.root / "builders" / TRAINING


def declaration(project: Project) -> Declared:
    """What is protected; every source that is pinned must say what becomes of its prompts.

    Raises:
        ProjectError: one does not, or nothing is protected.
    """
    said = {name: each.protection for name, each in declared.sidecars(project).items() if each.protection}
    missing = sorted(name for name, source in declared.sources(project).items() if source.pin and name not in said)
    if missing or not said:
        msg = "The project does not say what is protected"
        raise ProjectError(
            msg,
            where=declared.sidecar_file(project, missing[0]) if missing else project.root / "builders" / "sources",
            got=f"no [protection] of {', '.join(missing) or 'any source'}",
            fix="Protect each of them, or say why not: role and reason.",
        )
    tables: dict[str, dict[str, str]] = {each.name: {} for each in fields(Declared)}
    for name, protection in said.items():
        tables[protection.role][name] = protection.reason
    return Declared(**tables)


def facts(project: Project) -> dict[str, Any]:
    """What a sketch is made of: the digest of every source's canonical rows, and how much of a prompt is kept."""
    tables = declaration(project)
    return {
        "characters": CHARACTERS,
        "protect": _digests(project, tables.protect),
        "background": _digests(project, {**tables.background, **tables.training}),
    }


def training_facts(project: Project) -> dict[str, Any]:
    """The same of the sketch that only training rows keep apart from; its prompts are no background to themselves."""
    tables = declaration(project)
    return {
        "characters": CHARACTERS,
        "protect": _digests(project, tables.training),
        "background": _digests(project, {**tables.protect, **tables.background}),
    }


def build(project: Project, places: Places) -> Protected:
    """The sketch of the protected sources that are pinned.

    Raises:
        DemurError: a source cannot be fetched; a sketch that lacks one would not be noticed.
    """
    made = facts(project)
    prompts, others = _prompts(project, made, places)
    return _sketch(prompts, [*prompts, *others], made)


def build_training(project: Project, places: Places) -> Protected:
    """The same of the prompts that only training rows keep apart from."""
    made = training_facts(project)
    return _sketch(*_prompts(project, made, places), made)


def of_source(project: Project, name: str, places: Places, background: Background) -> Protected:
    """One declared source, fetched and hashed."""
    fetched = next(iter(fetch_all([declared.source_of(project, name)], places)))
    return Protected.from_texts(list(prompts_of(fetched)), name, background=background)


def prompts_of(fetched: Fetched) -> Iterator[str]:
    """The distinct prompts of a source, whatever kind of records it gives."""
    seen: set[str] = set()
    for number, row in enumerate(fetched.rows):
        for record in fetched.source.records_of(row, number):
            prompt = getattr(record, "prompt", None)  # a reject has none
            if prompt and (id := record_id("prompt", prompt)) not in seen:
                seen.add(id)
                yield prompt


def _sketch(prompts: _Prompts, background: _Prompts, made: dict[str, Any]) -> Protected:
    return Protected.from_texts(
        [text for _, text in prompts],
        [name for name, _ in prompts],
        background=Background.of([text for _, text in background]),
        facts=made,
    )


def _prompts(project: Project, made: dict[str, Any], places: Places) -> tuple[_Prompts, _Prompts]:
    """The prompts of the protected sources, and those of the sources that are background only, with their source."""

    def of(part: str) -> _Prompts:
        sources = [declared.source_of(project, name) for name in made[part]]
        counted = list(watched(sources, places, f"{part}: sources"))
        return [(each.source.name, text) for each in counted for text in prompts_of(each)]

    return of("protect"), of("background")


def _digests(project: Project, names: Iterable[str]) -> dict[str, str]:
    sources = declared.sources(project)
    return {name: pin.digest for name in sorted(names) if (pin := sources[name].pin)}

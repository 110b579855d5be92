"""The sources that a project declares, each with its pins, and the records that they give."""

from __future__ import annotations

from pathlib import Path

from demur.project import Project, pick
from demur.records.hazards import Crosswalk, load_crosswalk
from demur.records.record import Frozen
from demur.sources.pins import read_pins
from demur.sources.source import Source


def pins_file(project: Project) -> Path:
    """The file that ``demur pin`` writes."""
    return project.root / "builders" / "sources" / "pins.json"


def crosswalk(project: Project) -> Crosswalk:
    """The table from every source's native categories to the shared hazards."""
    return load_crosswalk(project.root / "builders" / "crosswalk.toml")


def sources(project: Project) -> dict[str, Source]:
    """Every declared source by name, each with its pin.

    Raises:
        ProjectError: a file cannot be loaded, or a name is declared twice.
    """
    pins = {**read_pins(pins_file(project)), **project.recorded}
    found = project.declared("builders.sources", Source)
    return {name: source.model_copy(update={"pin": pins.get(name)}) for name, source in sorted(found.items())}


def source_of(project: Project, name: str) -> Source:
    """One declared source.

    Raises:
        UsageError: there is none of that name.
    """
    return pick(sources(project), name, "source")


def schemas(project: Project) -> dict[str, type[Frozen]]:
    """Every kind of record and row by its file's name, such as ``evaluation_item``."""
    return project.classes("schemas", Frozen)

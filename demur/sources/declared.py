"""The sources that a project declares, each with its pins and its sidecar, and the records that they give."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from demur.errors import ProjectError, nearest
from demur.project import DEMUR, GONE, OWN, Declared, Project, pick
from demur.records.hazards import Crosswalk
from demur.records.record import Frozen
from demur.sources.pins import SourcePin, read_pins
from demur.sources.sidecar import Sidecar, place, read_sidecar
from demur.sources.source import Source

_MOVED = {
    "builders/crosswalk.toml": "Move each of its tables to [hazards]",
    "builders/protected.toml": "Move each of its lines to [protection], as role and reason,",
    "cards/sources.bib": "Move each of its entries to bibtex",
}
"""Tables over all sources that projects once had."""


PACKAGE = "builders.sources"
PINS = "pins.json"


def pins_file(project: Project) -> Path:
    """The file that ``demur pin`` writes."""
    return project.root / "builders" / "sources" / PINS


def pins(project: Project) -> dict[str, SourcePin]:
    """The pin of every source: the manifest's that is rebuilt, else the project's own, else that of what it extends."""
    behind = [folder / PINS for folder in reversed(project.folders(PACKAGE))]
    known = [read_pins(path) for path in (*_beside_packages(project, lambda file: file.with_name(PINS)), *behind)]
    return {name: pin for each in (*known, project.recorded) for name, pin in each.items()}


def sidecar_file(project: Project, name: str) -> Path:
    """Where a source's sidecar lies, or would."""
    return _sidecar_files(project).get(name, project.root / place(name))


def _sidecar_files(project: Project) -> dict[str, Path]:
    """Every sidecar; what a project declares anew does not keep the sidecar of what it takes the place of."""
    found = {path.stem: path for path in _beside_packages(project, lambda file: file.with_suffix(".toml"))}
    for folder in reversed(project.folders(PACKAGE)):
        for path in folder.glob("*.py"):
            found.pop(path.stem, None)
        found |= {path.stem: path for path in folder.glob("*.toml")}
    return {stem.replace("_", "-"): path for stem, path in sorted(found.items())}


def _beside_packages(project: Project, place: Callable[[Path], Path]) -> list[Path]:
    """Files that lie beside the modules of installed packages."""
    if not project.packages or project.is_alone:
        return []
    parts = [part for part in project.parts(PACKAGE) if part.by not in (DEMUR, OWN)]
    files = dict.fromkeys(place(Path(module.__file__ or "")) for part in parts for module in part.modules)
    return [path for path in files if path.is_file()]


def sidecars(project: Project) -> dict[str, Sidecar]:
    """Every sidecar by its source's name.

    Raises:
        ProjectError: one cannot be read, or the project still holds a table that sidecars have taken the place of.
    """
    for old, where in _MOVED.items():
        if (path := project.root / old).exists():
            msg = "A table over all sources is not read any more"
            raise ProjectError(
                msg, where=path, fix=f"{where} of the source's own builders/sources/NAME.toml, and delete the file."
            )
    return {name: read_sidecar(path) for name, path in _sidecar_files(project).items()}


def crosswalk(project: Project) -> Crosswalk:
    """The table from every source's native categories to the shared hazards."""
    return {name: sidecar.hazards for name, sidecar in sidecars(project).items() if sidecar.hazards}


def bibliography(project: Project) -> dict[str, str]:
    """BibTeX entries by key.

    Raises:
        ProjectError: an entry stands in two sidecars, or a key that one cites in none.
    """
    found: dict[str, str] = {}
    known = sidecars(project)
    for name, sidecar in known.items():
        if sidecar.bibtex and sidecar.key:
            if sidecar.key in found:
                msg = f"The BibTeX entry {sidecar.key!r} stands twice"
                fix = f"Say citation = {sidecar.key!r} in one of the two."
                raise ProjectError(msg, where=sidecar_file(project, name), fix=fix)
            found[sidecar.key] = sidecar.bibtex
    for name, sidecar in known.items():
        if sidecar.citation and sidecar.citation not in found:
            msg = f"No BibTeX entry {sidecar.citation!r}"
            raise ProjectError(msg, where=sidecar_file(project, name), fix=nearest(sidecar.citation, found))
    return found


def sources(project: Project, names: Collection[str] = ()) -> dict[str, Source]:
    """Every declared source by name, each with its pin and what its sidecar says.

    Args:
        project: whose.
        names: where these alone are asked for; others may be left out then.

    Raises:
        ProjectError: a file cannot be loaded, a name is declared twice, or a sidecar does not fit its source.
    """
    known = pins(project)
    found = project.named(PACKAGE, Source, names) if names else project.declared(PACKAGE, Source)
    beside = sidecars(project)
    if names and project.is_alone:
        beside = {name: sidecar for name, sidecar in beside.items() if name in found}
    for name, sidecar in beside.items():
        if name not in found:
            msg = f"No source {name!r}"
            raise ProjectError(msg, where=sidecar_file(project, name), fix=nearest(name, found))
        _fits(project, found[name], sidecar)
    return {
        name: source.model_copy(
            update={
                "pin": known.get(name),
                "root": project.root,
                "recorded": name in project.recorded,
                **_said(beside.get(name, Sidecar())),
            }
        )
        for name, source in sorted(found.items())
    }


def _fits(project: Project, source: Source, sidecar: Sidecar) -> None:
    columns = {name for mirror in source.mirrors for pair in mirror.columns.items() for name in pair if name}
    unknown = [name for name in sidecar.columns if name not in columns]
    twice = [name for name in _said(sidecar) if getattr(source, name)]
    if unknown or twice:
        msg = f"The sidecar of {source.name!r} does not fit its declaration"
        raise ProjectError(
            msg,
            where=sidecar_file(project, source.name),
            got=f"column {unknown[0]!r}" if unknown else f"{twice[0]}, which the declaration states as well",
            fix=nearest(unknown[0], columns) if unknown else "State it here alone.",
        )


def _said(sidecar: Sidecar) -> dict[str, Any]:
    """What of a sidecar stands on the `Source` itself."""
    said = {name: getattr(sidecar, name) for name in ("note", "origins", "copyright", "model_written")}
    return {name: value for name, value in {**said, "citation": sidecar.key}.items() if value}


def source_of(project: Project, name: str) -> Source:
    """One declared source.

    Raises:
        UsageError: there is none of that name.
    """
    return pick(sources(project, [name]), name, "source", project.root, GONE)


def origins(project: Project) -> dict[str, Declared[Source]]:
    """Whose every source is, and whose it takes the place of."""
    return project.found(PACKAGE, Source)


def schema(project: Project, name: str) -> type[Frozen]:
    """One of the `schemas`."""
    return project.class_in("schemas", name, Frozen)


def schemas(project: Project) -> dict[str, type[Frozen]]:
    """Every kind of record and row by its file's name, such as ``evaluation_item``."""
    return project.classes("schemas", Frozen)

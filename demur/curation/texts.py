"""The texts that a project's sources hold, by record id: for readers' labels to be held against, and for suspects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from demur.errors import nearest
from demur.files.digest import text_sha256
from demur.progress import track
from demur.project import Project
from demur.records.record import Labeller, Tri, record_id
from demur.sources import declared
from demur.sources.collect import collect
from demur.sources.fetch import Places, fetch_all


@dataclass(frozen=True)
class Place:
    """One row that holds a text.

    Attributes:
        sha256: of the text as this row has it.
        harmful: the source's label of the prompt; unknown where it only labels responses.
        labeller: who gave it.
        native: the source's own labels of the prompt; none where it only labels responses.
    """

    source: str
    row: int
    sha256: str
    harmful: Tri
    labeller: Labeller
    native: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """A text and the rows that hold it; ``text`` is that of the first."""

    record_id: str
    text: str = field(repr=False)
    places: tuple[Place, ...]


def texts_of(project: Project, names: Iterable[str], places: Places | None = None) -> dict[str, Known]:
    """Record id of the prompt -> its text and rows, of all prompts in the sources of these names.

    The prompts of responses count, too; their labels do not, since they are not of the prompt alone.

    Raises:
        DemurError: an unknown or unpinned source, or one that cannot be fetched.
    """
    wanted = [declared.source_of(project, name) for name in sorted({*names})]
    for source in wanted:
        source.pinned()
    schemas, hazards = declared.schemas(project), declared.crosswalk(project)
    found: dict[str, list[tuple[str, Place]]] = {}
    for each in track(fetch_all(wanted, places or Places()), "sources fetched", len(wanted)):
        records, _ = collect([each], schemas[each.source.kind], hazards)
        for row in records.select(["prompt", "labels", "native_labels", "lineage"]).to_pylist():
            if row["prompt"] is not None:
                place = _place(row, prompts=each.source.kind == "prompt")
                found.setdefault(record_id("prompt", row["prompt"]), []).append((row["prompt"], place))
    return {id: Known(id, rows[0][0], tuple(place for _, place in rows)) for id, rows in found.items()}


def _place(row: Mapping[str, object], *, prompts: bool) -> Place:
    text, lineage, labels, native = (row[name] for name in ("prompt", "lineage", "labels", "native_labels"))
    label = next((each for each in labels if prompts and each["name"] == "harmful"), None)  # type: ignore[attr-defined]
    return Place(
        source=lineage["source"],  # type: ignore[index]
        row=lineage["row"],  # type: ignore[index]
        sha256=text_sha256(str(text)),
        harmful=label["value"] if label else "unknown",
        labeller=label["labeller"] if label else "unknown",
        native={each["name"]: each["value"] for each in native} if prompts else {},  # type: ignore[attr-defined]
    )


def unproven(known: Mapping[str, Known], claims: Sequence[tuple[str, str, str]]) -> list[str]:
    """What is wrong with claims that a text is there and unchanged.

    Args:
        known: the texts.
        claims: where the claim is made, record id and sha256.
    """
    wrong = []
    for where, id, sha256 in claims:
        if id not in known:
            wrong.append(f"{where}: no source has a text of {id}")
        elif sha256 not in (have := {place.sha256: place for place in known[id].places}):
            now = ", ".join(f"{place.source} row {place.row} has {other[:12]}" for other, place in have.items())
            wrong.append(f"{where}: the text of {id} changed: expected sha256 {sha256[:12]}, {now}")
    return wrong


def undeclared(project: Project, names: Iterable[str]) -> dict[str, str]:
    """Names that are no sources of the project -> which may be meant."""
    known = declared.sources(project)
    return {name: nearest(name, known) for name in sorted({*names}) if name not in known}

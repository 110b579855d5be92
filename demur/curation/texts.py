"""The texts that a project's sources hold, by record id: for readers' labels to be held against, and for suspects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from demur.curation.lookup import prompts_of, records_of
from demur.errors import nearest
from demur.files.digest import text_sha256
from demur.project import Project
from demur.records.record import Labeller, Tri
from demur.sources import declared
from demur.sources.fetch import Places


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
    wanted = sorted({*names})
    for name in wanted:
        declared.source_of(project, name).pinned()
    return known_of(prompts_of(records_of(project, wanted, places))) if wanted else {}


def known_of(prompts: pa.Table) -> dict[str, Known]:
    """The same of a table of prompts (see `demur.curation.lookup.prompts_of`)."""
    found: dict[str, list[tuple[str, Place]]] = {}
    for row in prompts.select(["record_id", "prompt", "labels", "native_labels", "lineage"]).to_pylist():
        found.setdefault(row["record_id"], []).append((row["prompt"], _place(row)))
    return {id: Known(id, rows[0][0], tuple(place for _, place in rows)) for id, rows in found.items()}


def _place(row: Mapping[str, Any]) -> Place:
    of_prompt = [each for each in row["labels"] if each["name"] == "harmful" and each["scope"] == "prompt"]
    return Place(
        source=row["lineage"]["source"],
        row=row["lineage"]["row"],
        sha256=text_sha256(row["prompt"]),
        harmful=of_prompt[0]["value"] if of_prompt else "unknown",
        labeller=of_prompt[0]["labeller"] if of_prompt else "unknown",
        native={each["name"]: each["value"] for each in row["native_labels"]} if of_prompt else {},
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

"""Find texts by record id in the sources of a project: where they stand, their labels, their words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from demur.curation.curated import prompt_ids
from demur.errors import UsageError, nearest
from demur.files.digest import text_sha256
from demur.project import Project
from demur.sources import declared
from demur.sources.collect import collect
from demur.sources.fetch import Places
from demur.sources.source import Source
from demur.sources.watched import watched


@dataclass(frozen=True)
class Place:
    """One record of a text: where it stands and what its source says."""

    record_id: str
    source: str
    row: int
    native_id: str | None
    text: str
    labels: tuple[dict[str, Any], ...]
    native_labels: tuple[dict[str, Any], ...]
    hazards: tuple[str, ...]
    context: bool
    response: bool

    @property
    def sha256(self) -> str:
        """Of the text, as published."""
        return text_sha256(self.text)


def records_of(project: Project, names: Sequence[str] = (), places: Places | None = None) -> Iterator[pa.Table]:
    """The records of every pinned source, or of those named, source by source."""
    every = declared.sources(project)
    for name in names:
        if name not in every:
            msg = f"No source {name!r}"
            raise UsageError(msg, fix=nearest(name, every))
    wanted: list[Source] = [each for each in every.values() if each.pin and (not names or each.name in names)]
    models, crosswalk = declared.schemas(project), declared.crosswalk(project)
    for fetched in watched(wanted, places or Places(), "sources read"):
        yield collect([fetched], models[fetched.source.kind], crosswalk)[0]


def find(tables: Iterable[pa.Table], wanted: set[str]) -> dict[str, list[Place]]:
    """Every record of these prompts, by record id; each row of a response counts for its prompt."""
    found: dict[str, list[Place]] = {id: [] for id in wanted}
    for table in tables:
        ids = prompt_ids(table)
        rows = [row for row, id in enumerate(ids) if id in wanted]
        for row, record in zip(rows, table.take(pa.array(rows, pa.int64())).to_pylist(), strict=True):
            if record["prompt"] is not None:
                found[ids[row]].append(_place(ids[row], record))
    return found


def prompts_of(tables: Iterable[pa.Table], wanted: set[str] | None = None) -> pa.Table:
    """One table of prompts: those of responses among them, under the record id of the prompt, with labels of it alone.

    Args:
        tables: records of any kind.
        wanted: ids of prompts; by default all.
    """
    parts = []
    for table in tables:
        ids = pa.array(prompt_ids(table), pa.string())
        keep = table["prompt"].is_valid()
        if wanted is not None:
            keep = pc.and_(keep, pc.is_in(ids, pa.array(sorted(wanted), pa.string())))
        place = table.schema.get_field_index("record_id")
        mine = table.set_column(place, table.schema.field(place), ids).filter(keep)
        parts.append(mine.select(["record_id", "prompt", "context", "labels", "hazards", "lineage", "native_labels"]))
    return pa.concat_tables(parts, promote_options="default")


def full_ids(given: Sequence[str], known: Iterable[str]) -> list[str]:
    """Whole record ids from their beginnings, of eight digits or more.

    Raises:
        UsageError: a beginning that fits none, or several.
    """
    every = sorted({*known})
    made = []
    for each in given:
        fits = [id for id in every if id.startswith(each.lower())] if len(each) >= 8 else []
        if len(fits) != 1:
            msg = "No text has this record id" if not fits else "Several texts have ids that begin so"
            raise UsageError(msg, got=each, expected="a record id, or its first eight digits or more")
        made.append(fits[0])
    return made


def _place(id: str, record: dict[str, Any]) -> Place:
    lineage = record["lineage"]
    return Place(
        record_id=id,
        source=lineage["source"],
        row=lineage["row"],
        native_id=lineage["native_id"],
        text=record["prompt"],
        labels=tuple(record["labels"]),
        native_labels=tuple(record["native_labels"]),
        hazards=tuple(record["hazards"]),
        context=record["context"] is not None,
        response="response" in record,
    )

"""What is laid on the desk: the texts of a project, or of a folder that Demur built, and what waits among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa

from demur.curation import queue as waits
from demur.curation.annotations import FOLDER, annotations_of
from demur.curation.curated import Stale, curate
from demur.curation.decisions import FILE
from demur.curation.lookup import prompts_of, records_of
from demur.curation.project import Curation, curation_of
from demur.curation.queue import Waiting, queue_of, waiting_suspects
from demur.curation.suspects import Case, suspects
from demur.curation.texts import Known, Place
from demur.errors import UsageError
from demur.files.digest import text_sha256
from demur.project import Project
from demur.records.record import record_id
from demur.records.row import TextOf, columns_with
from demur.review.items import QUEUES, READ, TITLES, Item, Queue, Text
from demur.sets.folder import BuiltSet
from demur.sources.fetch import Places

MOST_SUSPECTS = 200
_QUEUES: dict[str, Queue] = {
    waits.DISAGREE: "conflicts",
    waits.CONFLICT: "conflicts",
    waits.NEAR: "pairs",
}


@dataclass
class Desk:
    """What somebody reviews.

    Attributes:
        name: of the project or set; random rows are drawn by it.
        texts: by record id of the prompt.
        made: how the items of a queue are found; a queue that is not here cannot be had.
        labels: the folder of the files of annotations; None where there is one file, or none.
        decisions: the file of decisions; None where no decision can be made.
    """

    name: str
    texts: Mapping[str, Text]
    made: Mapping[Queue, Callable[[], Iterable[Item]]]
    labels: Path | None = None
    decisions: Path | None = None
    _found: dict[Queue, tuple[Item, ...]] = field(default_factory=dict, repr=False)
    _locks: dict[Queue, Lock] = field(default_factory=lambda: {queue: Lock() for queue in QUEUES}, repr=False)

    def items(self, queue: Queue) -> tuple[Item, ...]:
        """What waits in a queue, found once."""
        with self._locks[queue]:
            if queue not in self._found:
                there: dict[str, Item] = {}
                for item in self.made[queue]():
                    if item.stale or all(id in self.texts for id in item.ids):
                        there.setdefault(item.key, item)
                self._found[queue] = tuple(there.values())
            return self._found[queue]

    def counted(self, queue: Queue) -> int | None:
        """How many wait in a queue, if it was looked through."""
        return len(self._found[queue]) if queue in self._found else None

    def decides(self, queue: Queue) -> bool:
        """Whether what is pressed in a queue is a decision of the project; else it is one reader's label."""
        return self.decisions is not None and queue not in READ


def project_desk(
    project: Project, names: Sequence[str] = (), built: Sequence[Path] = (), places: Places | None = None
) -> Desk:
    """The desk of a project: every queue, and decisions.

    Args:
        project: whose sources are read.
        names: of the sources; by default all that are pinned.
        built: folders whose check findings are shown; by default those in ``build/``.
        places: where sources may come from.
    """
    records = prompts_of(records_of(project, names, places)).combine_chunks()
    curation = curation_of(project)
    found = _Found(records, curation, project)
    folders = [*built] or sorted(path.parent for path in (project.root / "build").glob("*/manifest.json"))
    sources = sorted({each["source"] for each in records["lineage"].to_pylist()})
    made: dict[Queue, Callable[[], Iterable[Item]]] = {
        "conflicts": lambda: found.waiting("conflicts"),
        "pairs": lambda: found.waiting("pairs"),
        "suspects": lambda: found.suspects,
        "stale": lambda: stale_items(curate(records, curation).stale),
        "findings": lambda: (item for folder in folders for item in _findings(BuiltSet.open(folder))),
    }
    return Desk(
        name=f"project of {', '.join(sources)}",
        texts=_texts(records),
        made=made if folders else {name: each for name, each in made.items() if name != "findings"},
        labels=project.root / FOLDER,
        decisions=project.root / FILE,
    )


def folder_desk(path: Path) -> Desk:
    """The desk of a folder that Demur built, or that was pulled: labels alone, since decisions are a project's.

    Raises:
        UsageError: its rows hold no prompts.
    """
    built = BuiltSet.open(path)
    texts = {text.record_id: text for _, row in _rows(built) if (text := _text(*row))}
    if not texts:
        msg = "The set has no rows with prompts to read"
        raise UsageError(msg, where=path, expected="a config whose rows hold their texts")
    made: dict[Queue, Callable[[], Iterable[Item]]] = {
        "conflicts": lambda: _contradicting(built),
        "findings": lambda: _findings(built),
        "suspects": lambda: _suspects_in(built, texts),
    }
    if "expected" not in built.model.model_fields:
        del made["suspects"]
    return Desk(built.manifest.name, texts, made)


def item_of(waiting: Waiting, curation: Curation) -> Item:
    """What waits, as the page has it."""
    why = [waiting.detail]
    if waiting.reason == waits.DISAGREE:
        why.append(f"classes that readers gave: {', '.join(sorted({*curation.resolved[waiting.record_id].said}))}")
    queue = _QUEUES.get(waiting.reason, "suspects")
    return Item(queue, waiting.record_id, tuple(why), waiting.other, evidence=waiting.detail if waiting.other else "")


def stale_items(stale: Iterable[Stale]) -> list[Item]:
    """Decisions that fit no text any more, those about one text together."""
    found: dict[str, list[Stale]] = {}
    for each in stale:
        found.setdefault(each.decision.record_id, []).append(each)
    return [
        Item("stale", id, tuple(map(_told, mine)), stale=tuple(each.decision for each in mine))
        for id, mine in sorted(found.items())
    ]


def _told(stale: Stale) -> str:
    made = stale.decision
    what = made.behaviour or made.other or " ".join(made.hazards or ())
    return f"{made.action} {what} by {made.who} on {made.when}: {stale.why}".replace("  ", " ")


@dataclass
class _Found:
    """What waits in a project, computed when somebody looks."""

    records: pa.Table
    curation: Curation
    project: Project

    @cached_property
    def every(self) -> list[Item]:
        waiting = queue_of(self.records, self.curation).waiting
        return [item_of(each, self.curation) for each in waiting if each.reason in _QUEUES]

    def waiting(self, queue: Queue) -> list[Item]:
        return [each for each in self.every if each.queue == queue]

    @cached_property
    def suspects(self) -> list[Item]:
        try:
            found = waiting_suspects(self.records, self.curation, annotations_of(self.project))
        except UsageError:  # all texts have one label
            return []
        return [item_of(each, self.curation) for each in found[:MOST_SUSPECTS]]


def _texts(records: pa.Table) -> dict[str, Text]:
    """Every prompt, with all sources that hold it."""
    rows: dict[str, list[tuple[str, str, int]]] = {}
    for id, text, lineage in zip(
        *(records[name].to_pylist() for name in ("record_id", "prompt", "lineage")), strict=True
    ):
        rows.setdefault(id, []).append((text, lineage["source"], lineage["row"]))
    return {id: _text(id, *there[0], sources=tuple(sorted({each[1] for each in there}))) for id, there in rows.items()}


def _text(id: str, text: str, source: str, row: int, sources: tuple[str, ...] = ()) -> Text:
    return Text(id, text, text_sha256(text), source, row, sources or (source,))


def _rows(built: BuiltSet) -> Iterable[tuple[dict[str, Any], tuple[str, str, str, int]]]:
    """Every row with a prompt, and its text: the prompt's id, the prompt, source and row of it."""
    for entry in built.manifest.configs:
        names = [name for name, role in columns_with(built.model_of(entry), TextOf).items() if role.name == "prompt"]
        if entry.references is not None or not names:
            continue
        table = built.configs[entry.name]
        kept = [name for name in table.column_names if name not in ("labels", "native_labels")]
        for number, row in enumerate(table.select(kept).to_pylist()):
            if isinstance(prompt := row[names[0]], str):
                lineage = row.get("lineage")
                lineage = lineage if isinstance(lineage, dict) else {}
                source = lineage.get("source") or row.get("source") or built.manifest.name
                yield row, (record_id("prompt", prompt), prompt, source, lineage.get("row", number))


def _contradicting(built: BuiltSet) -> Iterable[Item]:
    columns = ("record_id", "twin", "similarity")
    table = built.table("conflicts.parquet")
    if not {*columns} <= {*table.column_names}:
        return
    for one, two, similarity in zip(*(table[name].to_pylist() for name in columns), strict=True):
        detail = f"the same or nearly the same words (token-set Jaccard {similarity:.3f}), and opposite labels"
        if one == two:
            yield Item("conflicts", one, (detail,))
        elif one and two:
            yield Item("conflicts", one, (detail,), two, evidence=detail)


def _findings(built: BuiltSet) -> Iterable[Item]:
    from demur.checks.engine import check

    prompts = {row.get("record_id"): text[0] for row, text in _rows(built)}
    why: dict[str, list[str]] = {}
    for each in check(built.path).findings:
        if each.record_id and (id := prompts.get(each.record_id)):
            why.setdefault(id, []).append(f"{each.code} ({each.where}): {each.message}")
    return [Item("findings", id, tuple(said[:5])) for id, said in why.items()]


def _suspects_in(built: BuiltSet, texts: Mapping[str, Text]) -> Iterable[Item]:
    cases: dict[str, Case] = {}
    for row, (id, *_) in _rows(built):
        if row["expected"] in ("refuse", "answer"):
            text = texts[id]
            known = Known(id, text.text, (Place(text.source, text.row, text.sha256, "unknown", "unknown"),))
            whose = str(row.get("basis") or "the set")
            cases[id] = Case(known, row["expected"], row["expected"] == "refuse", whose, whose == "decision")
    try:
        found = suspects(list(cases.values()))
    except UsageError:
        return []
    return [
        Item("suspects", each.record_id, (f"{each.label} by {each.whose}: {'; '.join(each.reasons)}",))
        for each in found[:MOST_SUSPECTS]
    ]


assert {*TITLES} >= {*_QUEUES.values()}  # noqa: S101 - one table

"""Records as the project sees them: whose word wins, what is left out, and what decisions changed.

Upstream labels stay as they are; what is decided stands beside them, in columns of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from demur.curation.behaviour import EXPECTED, Expected
from demur.curation.by_whom import BY_WHOM, by_whom
from demur.curation.decisions import Decision
from demur.curation.meaning.links import meaning_links
from demur.curation.project import Curation
from demur.curation.resolve import Resolved
from demur.files.digest import text_sha256
from demur.records.record import record_id
from demur.records.rejects import Left, left_over

Basis = Literal[
    "decision", "adjudicated", "readers", "reader", "upstream-human", "upstream-author", "upstream-model",
    "upstream-rule", "unknown",
]  # fmt: skip
"""Whose word a row rests on."""

ORDER: tuple[Basis, ...] = (
    "decision", "adjudicated", "readers", "upstream-human", "upstream-author", "upstream-model",
)  # fmt: skip
"""Which word wins, the first that there is; what is not listed counts for nothing."""

COLUMNS = pa.schema(
    [
        pa.field("behaviour", pa.string()),
        pa.field("expected", pa.string()),
        pa.field("basis", pa.string(), nullable=False),
        pa.field("hazards_by", pa.string()),
        pa.field("flags", pa.list_(pa.string()), nullable=False),
        pa.field("left_out", pa.string()),
    ]
)
"""What is added to a table of records; ``left_out`` is the reason why a record is in no row."""

DROPPED, UNUSABLE, CONTEXT, DISAGREE = "dropped-by-decision", "unusable", "needs-context", "readers-disagree"

_UPSTREAM: dict[str, Expected] = {"yes": "refuse", "no": "answer"}


@dataclass(frozen=True)
class Stale:
    """A decision that fits no record any more."""

    decision: Decision
    why: str

    def __str__(self) -> str:
        return f"{self.decision.record_id} {self.decision.action} (by {self.decision.who}): {self.why}"


@dataclass(frozen=True)
class Curated:
    """Records with the columns of `COLUMNS`, and what the curation did to them.

    Attributes:
        effects: what changed, in words -> records, such as ``relabelled refuse -> answer by readers``.
        stale: decisions that were not applied.
        by_whom: the decisions that were, and the readings (`demur.curation.by_whom.BY_WHOM`).
    """

    records: pa.Table
    effects: Mapping[str, int] = field(default_factory=dict)
    stale: tuple[Stale, ...] = ()
    by_whom: pa.Table = field(default_factory=BY_WHOM.empty_table)


@dataclass(frozen=True)
class _Word:
    behaviour: str | None
    expected: str | None
    basis: Basis


def prompt_ids(records: pa.Table) -> list[str]:
    """The record id of every record's prompt; of a response without one, its own."""
    prompts, ids = records["prompt"].to_pylist(), records["record_id"].to_pylist()
    known: dict[str, str] = {}
    found = []
    for prompt, id in zip(prompts, ids, strict=True):
        if prompt is None:
            found.append(id)
            continue
        if prompt not in known:
            known[prompt] = record_id("prompt", prompt)
        found.append(known[prompt])
    return found


def curate(records: pa.Table, curation: Curation, order: Sequence[Basis] = ORDER) -> Curated:
    """Say of every record what a good assistant does with its prompt, by whose word, and whether it is left out.

    Args:
        records: of any kind; annotations and decisions are about their prompts.
        curation: what readers said and the project decided.
        order: whose word wins.
    """
    ids, texts = prompt_ids(records), records["prompt"].to_pylist()
    hazards = records["hazards"].to_pylist()
    contexts, labels = records["context"].to_pylist(), records["labels"].to_pylist()
    sources = [lineage["source"] for lineage in records["lineage"].to_pylist()]
    decisions, stale = _fitting(curation.decisions, ids, texts, sources)
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS.names}
    effects: Counter[str] = Counter()
    for row, id in enumerate(ids):
        mine, read = decisions.get(id, {}), curation.resolved.get(id)
        upstream = _upstream(labels[row])
        word = _winner(mine, read, upstream, order)
        made, by = _hazards(mine, read, hazards[row])
        flags = list(read.flags) if read else []
        left = _left_out(mine, read, word, flags, contexts[row])
        if left is None and word.expected and upstream.expected and word.expected != upstream.expected:
            effects[f"relabelled {upstream.expected} -> {word.expected} by {word.basis}"] += 1
        if left == DROPPED:
            effects["dropped by decision"] += 1
        if left is None and "hazards" in mine:
            effects["hazards set by decision"] += 1
        values = (word.behaviour, word.expected, word.basis, by, flags, left)
        for name, value in zip(COLUMNS.names, values, strict=True):
            columns[name].append(value)
        hazards[row] = made
    records = records.set_column(
        records.schema.get_field_index("hazards"),
        records.schema.field("hazards"),
        pa.array(hazards, records.schema.field("hazards").type),
    )
    for column in COLUMNS:
        records = records.append_column(column, pa.array(columns[column.name], column.type))
    undone = {each.decision for each in stale}
    applied = (each for each in curation.decisions if each not in undone)
    return Curated(records, dict(sorted(effects.items())), tuple(stale), by_whom(ids, applied, curation.resolved))


def _fitting(
    decisions: Sequence[Decision], ids: Sequence[str], texts: Sequence[str | None], sources: Sequence[str]
) -> tuple[dict[str, dict[str, Decision]], list[Stale]]:
    """Decisions by record and action, and those that are stale: their source is here, and their text is not."""
    known: dict[str, set[str]] = {}
    here = {*sources}
    wanted = {each.record_id for each in decisions}
    for id, text in zip(ids, texts, strict=True):
        if id in wanted and text is not None:
            known.setdefault(id, set()).add(text_sha256(text))
    found: dict[str, dict[str, Decision]] = {}
    stale = []
    for each in decisions:
        hashes = known.get(each.record_id)
        if hashes is None:
            if each.source in here:
                stale.append(Stale(each, f"{each.source} has no such row any more"))
        elif each.text_sha256 not in hashes and each.source in here:
            stale.append(Stale(each, "the text changed"))
        else:
            found.setdefault(each.record_id, {})[each.action] = each
    return found, stale


def _upstream(labels: Sequence[Mapping[str, str]]) -> _Word:
    """What the source says of the prompt alone; a label of a response says nothing of it."""
    for label in labels:
        if label["name"] == "harmful" and label["scope"] == "prompt" and label["value"] in _UPSTREAM:
            who: Any = f"upstream-{label['labeller']}"
            return _Word(None, _UPSTREAM[label["value"]], who)
    return _Word(None, None, "unknown")


def _winner(mine: Mapping[str, Decision], read: Resolved | None, upstream: _Word, order: Sequence[Basis]) -> _Word:
    words: dict[str, _Word] = {}
    if "relabel" in mine and mine["relabel"].behaviour:
        behaviour = mine["relabel"].behaviour
        words["decision"] = _Word(behaviour, EXPECTED[behaviour], "decision")
    if read and read.behaviour and read.behaviour != "unusable":
        basis: Basis = "unknown" if read.basis == "disagreement" else read.basis
        words[basis] = _Word(read.behaviour, EXPECTED[read.behaviour], basis)
    if upstream.expected:
        words[upstream.basis] = upstream
    found = next((words[basis] for basis in order if basis in words), _Word(None, None, "unknown"))
    if "keep" in mine and found.expected:
        return _Word(found.behaviour, found.expected, "decision")
    return found


def _hazards(
    mine: Mapping[str, Decision], read: Resolved | None, upstream: Sequence[str]
) -> tuple[list[str], str | None]:
    """Hazards and who gave them: a decision, else readers, else the source's own categories by the crosswalk."""
    if "hazards" in mine and mine["hazards"].hazards is not None:
        return sorted(mine["hazards"].hazards), "decision"
    if read and read.hazards:
        return list(read.hazards), read.basis
    return list(upstream), "upstream" if upstream else None


def _left_out(
    mine: Mapping[str, Decision], read: Resolved | None, word: _Word, flags: Sequence[str], context: str | None
) -> str | None:
    if "drop" in mine:
        return DROPPED
    if word.basis == "decision":
        return None
    if read and read.behaviour == "unusable":
        return UNUSABLE
    if "needs_context" in flags and context is None:
        return CONTEXT
    if read and read.basis == "disagreement":
        return DISAGREE
    return None


def sides(records: pa.Table) -> pa.ChunkedArray:
    """Of curated records: yes where the prompt is to be refused, no where it is to be answered, else unknown."""
    expected = records["expected"]
    side = pc.if_else(pc.equal(expected, "refuse"), "yes", pc.if_else(pc.equal(expected, "answer"), "no", "unknown"))
    return pc.fill_null(side, "unknown")


def split_off(records: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The records that may stand in rows, and the rejects of all others, of no config yet."""
    out = records["left_out"].is_valid()
    left = [Left(record, record["left_out"]) for record in records.filter(out).to_pylist()]
    return records.filter(pc.invert(out)).drop_columns(["left_out"]), left_over(left, "")


def links_of(records: pa.Table, curation: Curation) -> pa.Table:
    """Evidence that rows belong together by meaning, or by decision, beside that of words."""
    same = {frozenset(pair) for pair in same_texts(curation)}
    return meaning_links(prompt_ids(records), curation.pairs, different_texts(curation), same)


def same_texts(curation: Curation) -> Iterator[tuple[str, str]]:
    """Records that are the same as another one, by decision."""
    for each in curation.decisions:
        if each.action == "same-as" and each.other:
            yield each.record_id, each.other


def different_texts(curation: Curation) -> set[frozenset[str]]:
    """Pairs that are not the same, by decision."""
    return {
        frozenset((each.record_id, each.other))
        for each in curation.decisions
        if each.action == "not-same-as" and each.other
    }

"""What waits for a decision, why, and how many: nothing in a queue is decided by itself.

Reasons, from the one that costs rows today to the one that may: readers who disagree and whom nobody adjudicated,
labels that contradict each other, decisions that fit no text any more, pairs that may ask the same, suspects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from demur.curation.annotations import Annotation
from demur.curation.curated import ORDER, Basis, curate, different_texts, same_texts
from demur.curation.project import Curation
from demur.curation.suspects import cases_of, suspects
from demur.curation.texts import known_of

DISAGREE, CONFLICT, STALE, NEAR, SUSPECT = (
    "readers-disagree",
    "label-conflict",
    "stale-decision",
    "near-by-meaning",
    "suspect",
)
ENDS = ("record_id", "twin")
LOOK = 0.80
"""Cosine from which somebody should look at a pair."""

_READ: frozenset[str] = frozenset({"decision", "adjudicated", "readers"})


@dataclass(frozen=True)
class Waiting:
    """One thing to decide.

    Attributes:
        reason: why it waits.
        record_id: of the prompt.
        other: of the second prompt, where it is about two.
        source: of the first.
        detail: in words, without a text.
        weight: what to look at first; larger is sooner, within a reason.
    """

    reason: str
    record_id: str
    source: str
    detail: str
    other: str | None = None
    weight: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


@dataclass(frozen=True)
class Queue:
    """Everything that waits, by reason and weight."""

    waiting: tuple[Waiting, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many wait, by reason."""
        return dict(Counter(each.reason for each in self.waiting))


def queue_of(
    records: pa.Table, curation: Curation, looked: Iterable[Waiting] = (), order: Sequence[Basis] = ORDER
) -> Queue:
    """What waits in a project.

    Args:
        records: prompts of all its sources.
        curation: what is decided already.
        looked: rows whose label looks wrong, ranked.
        order: whose word wins.
    """
    curated = curate(records, curation, order)
    table = curated.records
    ids = table["record_id"].to_pylist()
    facts = {
        id: (basis, expected, lineage["source"])
        for id, basis, expected, lineage in zip(
            ids, table["basis"].to_pylist(), table["expected"].to_pylist(), table["lineage"].to_pylist(), strict=True
        )
    }
    decided = {each.record_id for each in curation.decisions if each.action in ("drop", "keep", "relabel")}
    found = [
        Waiting(
            DISAGREE, id, facts[id][2], f"{read.readers} readers, and nobody decided between them", weight=read.readers
        )
        for id, read in curation.resolved.items()
        if read.basis == "disagreement" and id in facts and id not in decided
    ]
    found += [Waiting(STALE, each.decision.record_id, each.decision.source, str(each)) for each in curated.stale]
    found += _pairs(curation, facts)
    found += [each for each in looked if each.record_id not in decided]
    place = {reason: number for number, reason in enumerate((DISAGREE, CONFLICT, STALE, NEAR, SUSPECT))}
    return Queue(
        tuple(sorted({*found}, key=lambda each: (place[each.reason], -each.weight, each.record_id, each.other or "")))
    )


def _pairs(curation: Curation, facts: Mapping[str, tuple[str, str | None, str]]) -> list[Waiting]:
    """Pairs by meaning that somebody should look at: in the band below joining, or with opposite labels."""
    settled = different_texts(curation) | {frozenset(pair) for pair in same_texts(curation)}
    joined = {tuple(pair) for pair in zip(*(curation.pairs.joins()[name].to_pylist() for name in ENDS), strict=True)}
    rows = zip(*(curation.pairs.table[name].to_pylist() for name in (*ENDS, "cosine", "verdict")), strict=True)
    found = []
    for one, two, cosine, verdict in rows:
        if one not in facts or two not in facts or frozenset((one, two)) in settled:
            continue
        sides = {facts[one][1], facts[two][1]}
        if (one, two) in joined and {"refuse", "answer"} <= sides and not {facts[one][0], facts[two][0]} <= _READ:
            detail = f"cosine {cosine:.3f}, and one is to be refused, the other answered"
            found.append(Waiting(CONFLICT, one, facts[one][2], detail, two, cosine))
        elif cosine >= LOOK and (one, two) not in joined and verdict is None:
            found.append(Waiting(NEAR, one, facts[one][2], f"cosine {cosine:.3f}", two, cosine))
    return found


def waiting_suspects(records: pa.Table, curation: Curation, annotations: Sequence[Annotation]) -> list[Waiting]:
    """The texts whose label looks wrong, most suspect first (`demur.curation.suspects`), as things to decide."""
    cases = cases_of(known_of(records), annotations, curation.decisions)
    return [
        Waiting(
            SUSPECT,
            each.record_id,
            each.source,
            f"{each.label} by {each.whose}: {'; '.join(each.reasons)}",
            weight=each.score,
        )
        for each in suspects(cases, annotations, curation.pairs.table.select(["record_id", "twin", "cosine"]))
    ]

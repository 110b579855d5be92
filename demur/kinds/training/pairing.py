"""Triples from published responses: which side of a triple a response is, and which two belong together.

People's labels and the refusal detector have to agree on every published response. All labels of one response are read
together, from whichever source, and none is ever moved to its prompt.

* **Harmful side**: people call it harmful or jailbroken, or say that it does what a harmful objective asks (an
  objective is harmful where the source files it under a category of harm); and the detector finds no refusal.
* **Safe side**: people call it a refusal, or say that it is harmless or does not do what was asked; and the detector
  finds a refusal.

A response on neither side is a reject, with its reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from demur.draws import rank
from demur.kinds.training.bank import opening, room
from demur.kinds.training.declared import Declaration
from demur.kinds.training.laws import Law
from demur.kinds.training.triples import fault
from demur.records.record import record_id
from demur.records.rejects import Left
from demur.text.form import shares_words
from demur.text.normalise import normalise
from demur.text.refusal import OPENING, find_refusal, judge
from demur.text.units import count_units

Record = dict[str, Any]
Side = Literal["harmful", "safe"]

UNKNOWN, CONFLICT, DETECTOR = "label-unknown", "label-conflict", "detector-disagrees"
HARMLESS_ANSWER, NO_HARMFUL, NOT_SAMPLED = "harmless-answer", "no-harmful-response", "not-sampled"
OTHER_SPLIT = "refusal-of-other-split"
LATE = "refuses-late"  # after an answer: which of the two is meant cannot be told
TOO_SHORT, EQUAL, REVIEW, EMPTY = "too-short-for-law", "repeats-prompt", "review-no-shared-words", "empty-response"


@dataclass(frozen=True)
class Triple:
    """A harmful response and the refusal that answers the same prompt: a published record, or a text of the bank."""

    harmful: Record
    safe: Record | None
    text: str

    @property
    def safe_id(self) -> str:
        """The record id of the refusal."""
        return self.safe["record_id"] if self.safe else record_id("refusal", self.text)


def side(labels: Iterable[Mapping[str, str]], objective: bool, response: str) -> tuple[Side | None, str]:
    """The side of one response, or None and the reason why it has none.

    Args:
        labels: all that people said about it.
        objective: whether the source files the prompt under a category of harm.
        response: the text.

    Example:
        >>> label = {"name": "refusal", "value": "yes", "labeller": "human"}
        >>> side([label], False, "I cannot help you with that."), side([label], False, "Blue, of course.")
        (('safe', ''), (None, 'detector-disagrees'))
    """
    said: defaultdict[str, set[str]] = defaultdict(set)
    for label in labels:
        if label["labeller"] == "human":
            said[label["name"]].add(label["value"])
    decided = {name: values - {"unknown"} for name, values in said.items()}
    if any(len(values) > 1 for values in decided.values()):
        return None, CONFLICT
    yes = {name for name, values in decided.items() if values == {"yes"}}
    no = {name for name, values in decided.items() if values == {"no"}}
    does = yes & ({"harmful", "jailbroken", "compliance"} if objective else {"harmful", "jailbroken"})
    declines = yes & {"refusal"} or no & {"harmful", "compliance", "jailbroken"}
    if does and declines:
        return None, CONFLICT
    if does and "unknown" in said["harmful"]:
        return None, UNKNOWN  # somebody who graded the harm did not find enough of it
    if (verdict := judge(response)) == "empty":
        return None, EMPTY
    refuses = verdict == "refusal"
    if does:
        return (None, DETECTOR) if refuses else ("harmful", "")
    if not declines or "unknown" in said["harmful"]:
        return None, UNKNOWN
    if refuses:
        late = (find_refusal(response) or 0) > OPENING
        return (None, DETECTOR) if "refusal" in no else (None, LATE) if late else ("safe", "")
    return None, DETECTOR if "refusal" in yes else HARMLESS_ANSWER


def sides(records: Iterable[Record]) -> tuple[dict[Side, list[Record]], list[Left]]:
    """Judge every distinct response once, by the labels of all its records; further copies are rejects."""
    same: defaultdict[str, list[Record]] = defaultdict(list)
    left = []
    for record in sorted(records, key=_origin):
        if record["prompt"] is None:
            left.append(Left(record, "no-prompt-text"))
        else:
            same[record["record_id"]].append(record)
    found: dict[Side, list[Record]] = {"harmful": [], "safe": []}
    for id, (first, *copies) in same.items():
        every = [first, *copies]
        left += [Left(copy, "exact-duplicate", id, 1.0, "normalised texts equal") for copy in copies]
        labels = [label for each in every for label in each["labels"]]
        which, reason = side(labels, any(each["categories"] for each in every), first["response"])
        if which is None:
            left.append(Left(first, reason))
        else:
            hazards = list(dict.fromkeys(hazard for each in every for hazard in each["hazards"]))
            found[which].append({**first, "hazards": hazards})
    return found, left


def pair(
    found: Mapping[Side, list[Record]], declared: Declaration, config: str, seed: int, protected: str
) -> tuple[list[Triple], list[Left]]:
    """Pair responses about the same prompt; where no published refusal is left, the bank gives one.

    Args:
        found: the records of each side, with their ``group_id`` and ``split``.
        declared: prefix law, which a harmful response has to be long enough for, the bank, and how many triples of one
            group, and refusals of one opening, there may be.
        config: that is made.
        seed: of the order in which records and refusals are drawn.
        protected: the most protected split, whose refusals stand nowhere else.

    Returns:
        The triples, sorted by the harmful record's id, and the records that stand in none.
    """
    left: list[Left] = []
    chosen: list[Record] = []
    room_left: Counter[str] = Counter()
    for record in sorted(found["harmful"], key=lambda each: rank(each["record_id"], seed)):
        reason = _unfit(record, declared.prefix_law)
        if reason is None and room_left[record["group_id"]] >= declared.per_group(config):
            reason = NOT_SAMPLED
        if reason:
            left.append(Left(record, reason))
        else:
            room_left[record["group_id"]] += 1
            chosen.append(record)
    refusals: defaultdict[str, list[Record]] = defaultdict(list)
    owner: dict[str, str] = {}
    for record in sorted(found["safe"], key=lambda each: rank(each["record_id"], seed)):
        if owner.setdefault(normalise(record["response"]), record["split"]) != record["split"]:
            left.append(Left(record, OTHER_SPLIT))
        else:
            refusals[record_id("prompt", record["prompt"])].append(record)
    most, used = room(len(chosen), declared.opening_share), Counter[str]()
    triples = []
    for record in chosen:
        published = refusals[record_id("prompt", record["prompt"])]
        safe = _published(published, record, used, most, declared.opening_words)
        text = safe["response"] if safe else declared.bank.choose(
            record["record_id"], record["prompt"], record["hazards"], seed, declared.lead_share,
            protected=record["split"] == protected,
        )  # fmt: skip
        triples.append(Triple(record, safe, text))
    wanted = {record_id("prompt", record["prompt"]) for record in chosen}
    left += [
        Left(record, NOT_SAMPLED if prompt in wanted else NO_HARMFUL)
        for prompt, records in refusals.items()
        for record in records
    ]
    return sorted(triples, key=lambda triple: triple.harmful["record_id"]), left


def _published(records: list[Record], harmful: Record, used: Counter[str], most: int, words: int) -> Record | None:
    """Take the first refusal whose opening has room and that differs from the harmful response."""
    for place, record in enumerate(records):
        start = opening(record["response"], words)
        if used[start] < most and fault(record["prompt"], record["response"], harmful["response"]) is None:
            used[start] += 1
            return records.pop(place)
    return None


def _unfit(record: Record, law: Law) -> str | None:
    if count_units(record["response"], law.unit) < law.least:
        return TOO_SHORT
    if normalise(record["prompt"]) == normalise(record["response"]):
        return EQUAL
    return None if shares_words(record["prompt"], record["response"]) else REVIEW


def _origin(record: Record) -> tuple[str, int, str]:
    return record["lineage"]["source"], record["lineage"]["row"], record["record_id"]

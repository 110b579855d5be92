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
from demur.kinds.training.bank import Bank, opening, room
from demur.kinds.training.laws import Law
from demur.kinds.training.triples import fault
from demur.records.record import record_id
from demur.records.rejects import Left
from demur.text.form import shares_words
from demur.text.normalise import normalise
from demur.text.refusal import judge
from demur.text.units import count_units

Record = dict[str, Any]
Side = Literal["harmful", "safe"]

UNKNOWN, CONFLICT, DETECTOR = "label-unknown", "label-conflict", "detector-disagrees"
HARMLESS_ANSWER, NO_HARMFUL, NOT_SAMPLED = "harmless-answer", "no-harmful-response", "not-sampled"
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
    if (verdict := judge(response)) == "empty":
        return None, EMPTY
    refuses = verdict == "refusal"
    if does:
        return (None, DETECTOR) if refuses else ("harmful", "")
    if not declines or "unknown" in said["harmful"]:
        return None, UNKNOWN
    if refuses:
        return (None, DETECTOR) if "refusal" in no else ("safe", "")
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
            hazards = sorted({hazard for each in every for hazard in each["hazards"]})
            found[which].append({**first, "hazards": hazards})
    return found, left


def pair(
    found: Mapping[Side, list[Record]], law: Law, bank: Bank, seed: int, per_group: int, share: float, words: int
) -> tuple[list[Triple], list[Left]]:
    """Pair responses about the same prompt; where no published refusal is left, the bank gives one.

    Args:
        found: the records of each side, with their ``group_id``.
        law: prefix law, which a harmful response has to be long enough for.
        bank: refusals written for this project.
        seed: of the order in which records and refusals are drawn.
        per_group: triples from one group of near-duplicate prompts.
        share: of the refusals that may begin alike.
        words: how many words an opening has.

    Returns:
        The triples, sorted by the harmful record's id, and the records that stand in none.
    """
    left: list[Left] = []
    chosen: list[Record] = []
    room_left: Counter[str] = Counter()
    for record in sorted(found["harmful"], key=lambda each: rank(each["record_id"], seed)):
        reason = _unfit(record, law)
        if reason is None and room_left[record["group_id"]] >= per_group:
            reason = NOT_SAMPLED
        if reason:
            left.append(Left(record, reason))
        else:
            room_left[record["group_id"]] += 1
            chosen.append(record)
    refusals: defaultdict[str, list[Record]] = defaultdict(list)
    for record in sorted(found["safe"], key=lambda each: rank(each["record_id"], seed)):
        refusals[record_id("prompt", record["prompt"])].append(record)
    most, used = room(len(chosen), share), Counter[str]()
    triples, bare = [], []
    for record in chosen:  # published refusals first: the bank then keeps clear of their openings
        safe = _published(refusals[record_id("prompt", record["prompt"])], record, used, most, words)
        if safe is None:
            bare.append(record)
        else:
            triples.append(Triple(record, safe, safe["response"]))
    for record in bare:
        text = bank.choose(record["record_id"], record["hazards"], seed, used, most, words)
        triples.append(Triple(record, None, text))
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

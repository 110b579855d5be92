"""How far readers agree beyond chance, and how right they are where people gave the labels.

Adjudicators saw the others' classes, so they stand in no pair. Texts are drawn as wholes for every interval. Readers of
one family may err together: agreement then says less than between people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np

from demur.curation.annotations import Annotation
from demur.curation.behaviour import CLASSES, Class
from demur.curation.resolve import resolve_all
from demur.errors import UsageError
from demur.rates import Alpha, Kappa, Rate
from demur.records.record import Tri

Question = Literal["behaviour", "refuse", "hazard"]

QUESTIONS: dict[Question, Callable[[Annotation], str]] = {
    "behaviour": lambda each: each.behaviour,
    "refuse": lambda each: "refuse" if each.behaviour == "refuse" else "not",
    "hazard": lambda each: each.hazards[0] if each.hazards else "none",
}
"""What readers are compared in: the seven classes, refuse or not, the main hazard or none."""

ALL = "all"
RESOLVED = "resolved"
"""The reader's name under which the resolved label stands among the readers."""


@dataclass(frozen=True)
class Pair:
    """Two readers on one question: how often they say the same of the texts that both read, and kappa."""

    one: str
    two: str
    rate: Rate
    kappa: Kappa


@dataclass(frozen=True)
class Measured:
    """One question on one part of the texts.

    Attributes:
        part: "all", the name of a source, or a class: then the question is that class or another.
        pairs: every pair of readers with a text in common.
        alpha: of all readers; None where two readers read every text, and kappa says it all.
    """

    question: Question
    part: str
    pairs: tuple[Pair, ...]
    alpha: Alpha | None


@dataclass(frozen=True)
class Gold:
    """A reader, or the resolved label, on the prompts of one side by people's labels.

    Attributes:
        harmful: the side.
        said: class -> how many prompts; those without a resolved label are left out.
        right: called refuse if harmful, not called refuse if harmless. An unsafe prompt need not be refused to be
            answered well, so on that side this is no error rate.
    """

    reader: str
    harmful: bool
    n: int
    said: Mapping[Class, int]
    right: Rate


@dataclass(frozen=True)
class Agreement:
    """Everything about some readers' agreement.

    Attributes:
        guideline: the version that was selected; None for all.
        readers: reader -> how many texts it labelled; adjudicators are named apart.
        measured: each question on all texts.
        by_source: each question on each source.
        by_class: each class against all others.
    """

    guideline: str | None
    texts: int
    readers: Mapping[str, int]
    adjudicators: Mapping[str, int]
    kinds: tuple[str, ...]
    measured: tuple[Measured, ...]
    by_source: tuple[Measured, ...]
    by_class: tuple[Measured, ...]
    gold: tuple[Gold, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def agreement(
    annotations: Sequence[Annotation], guideline: str | None = None, gold: Mapping[str, Tri] | None = None
) -> Agreement:
    """Measure agreement.

    Args:
        annotations: of any readers and texts.
        guideline: only texts that were read by this version; who adjudicated them stays, by whichever version.
        gold: record id -> whether people called the prompt harmful.

    Raises:
        UsageError: nobody read anything, or not by that version.
    """
    blind = [each for each in annotations if not each.adjudicates and guideline in (None, each.guideline)]
    if not blind:
        versions = sorted({each.guideline for each in annotations if not each.adjudicates})
        msg = "There are no annotations" + (f" by guideline {guideline!r}" if guideline else "")
        raise UsageError(msg, expected=f"one of {', '.join(versions)}" if versions else "labels", got="none")
    texts = {each.record_id for each in blind}
    judges = [each for each in annotations if each.adjudicates and each.record_id in texts]
    sources = sorted({source for each in blind for source in each.sources})
    return Agreement(
        guideline=guideline,
        texts=len(texts),
        readers=_counts(blind),
        adjudicators=_counts(judges),
        kinds=tuple(sorted({each.kind for each in [*blind, *judges]})),
        measured=tuple(measure(blind, question, ALL, said) for question, said in QUESTIONS.items()),
        by_source=tuple(
            measure([each for each in blind if source in each.sources], question, source, said)
            for source in sources
            for question, said in QUESTIONS.items()
        ),
        by_class=tuple(measure(blind, "behaviour", name, _is(name)) for name in CLASSES),
        gold=tuple(against([*blind, *judges], gold or {})),
    )


def _is(name: Class) -> Callable[[Annotation], str]:
    return lambda each: name if each.behaviour == name else "other"


def _counts(annotations: Iterable[Annotation]) -> dict[str, int]:
    names, counts = np.unique([each.reader for each in annotations], return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def measure(
    annotations: Sequence[Annotation], question: Question, part: str, said: Callable[[Annotation], str]
) -> Measured:
    """One question on some annotations: kappa of every pair, and alpha where there are more readers, or gaps."""
    by_reader: dict[str, dict[str, str]] = {}
    for each in annotations:
        by_reader.setdefault(each.reader, {})[each.record_id] = said(each)
    pairs = [pair for one, two in combinations(sorted(by_reader), 2) if (pair := _pair(one, two, by_reader)).rate.n]
    whole = len(by_reader) == 2 and len({frozenset(texts) for texts in by_reader.values()}) == 1
    return Measured(question, part, tuple(pairs), None if whole else _alpha(by_reader))


def _pair(one: str, two: str, by_reader: Mapping[str, Mapping[str, str]]) -> Pair:
    first, second = by_reader[one], by_reader[two]
    both = sorted(first.keys() & second.keys())
    names = sorted({texts[id] for texts in (first, second) for id in both})
    place = {name: number for number, name in enumerate(names)}
    cells = [place[first[id]] * len(names) + place[second[id]] for id in both]
    table = np.bincount(np.array(cells, np.int64), minlength=len(names) ** 2)
    same = sum(first[id] == second[id] for id in both)
    return Pair(one, two, Rate.of(same, len(both)), Kappa.of(table.tolist()))


def _alpha(by_reader: Mapping[str, Mapping[str, str]]) -> Alpha:
    texts = {id: row for row, id in enumerate(sorted({id for said in by_reader.values() for id in said}))}
    names = {name: column for column, name in enumerate(sorted({*(n for s in by_reader.values() for n in s.values())}))}
    counts = np.zeros((len(texts), len(names)), np.int64)
    for said in by_reader.values():
        for id, name in said.items():
            counts[texts[id], names[name]] += 1
    return Alpha.of(counts)


def against(annotations: Sequence[Annotation], gold: Mapping[str, Tri]) -> Iterator[Gold]:
    """Every reader, and the resolved label, on the prompts that people labelled, harmless ones first."""
    mine = [each for each in annotations if gold.get(each.record_id) in ("yes", "no")]
    if not mine:
        return
    said: dict[str, dict[str, Class]] = {}
    for each in mine:
        said.setdefault(each.reader, {})[each.record_id] = each.behaviour
    answers = resolve_all(mine)
    said[RESOLVED] = {id: found.behaviour for id, found in answers.items() if found.behaviour}
    for reader, labels in said.items():
        for side in (False, True):
            here = [label for id, label in labels.items() if (gold[id] == "yes") == side]
            counts = {name: here.count(name) for name in CLASSES}
            right = counts["refuse"] if side else len(here) - counts["refuse"]
            yield Gold(reader, side, len(here), counts, Rate.of(right, len(here)))

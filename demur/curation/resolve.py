"""From what readers said of one text to one answer: an adjudicator's word, else agreement, else none, and the queue."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from demur.curation.annotations import MOST_HAZARDS, Annotation, said_of
from demur.curation.behaviour import Class, Flag, ReaderKind
from demur.errors import UsageError
from demur.project import Project
from demur.records.hazards import Hazard

Basis = Literal["adjudicated", "readers", "reader", "disagreement"]
"""What an answer rests on: ``readers`` are several of one class, ``reader`` is one alone, and weaker."""


@dataclass(frozen=True)
class Resolved:
    """What the annotations of one text come to.

    Attributes:
        behaviour: the class; None where readers disagree and nobody decided: the text waits in the queue.
        hazards: the main one first, at most three.
        hazards_by: for each hazard, who said it.
        flags: sorted.
        basis: what the class rests on.
        readers: how many read the text, whatever they said.
        said: their classes, one each, sorted.
        kinds: kinds of those whose class it is, sorted; where they disagree, of all.
        texts: sha256 of the texts they read, sorted; more than one where only case, spacing or punctuation differ.
        by: names of those whose class it is, sorted: of the adjudicators where one decided; where they disagree, of
            all.
    """

    record_id: str
    behaviour: Class | None
    hazards: tuple[Hazard, ...]
    hazards_by: tuple[tuple[str, ...], ...]
    flags: tuple[Flag, ...]
    basis: Basis
    readers: int
    said: tuple[Class, ...]
    kinds: tuple[ReaderKind, ...]
    texts: tuple[str, ...]
    by: tuple[str, ...] = ()


def resolve(annotations: Sequence[Annotation]) -> Resolved | None:
    """The answer of one text's annotations; None if there are none. Their order plays no part.

    An adjudicator's class wins, and adjudicators who differ leave the text open. Else all readers must give one class.
    The winners are those who gave it. Hazards are the union of theirs: first the adjudicator's main one, or the one
    that most winners call the main one; an adjudicator who names none means none. Flags are those of half of the
    winners or more, or the adjudicator's alone.

    Raises:
        UsageError: annotations of several texts.

    Example:
        >>> def said(reader, behaviour, *hazards, adjudicates=False):
        ...     return Annotation(record_id="0" * 32, text_sha256="0" * 64, reader=reader, kind="model",
        ...                       adjudicates=adjudicates, guideline="1.1", behaviour=behaviour, hazards=hazards)
        >>> found = resolve([said("a", "careful", "spc"), said("b", "comply")])
        >>> found.basis, found.behaviour
        ('disagreement', None)
        >>> resolve([said("a", "careful", "spc"), said("b", "comply"), said("c", "comply", adjudicates=True)]).behaviour
        'comply'
    """
    if not annotations:
        return None
    if len(ids := {each.record_id for each in annotations}) > 1:
        msg = "Annotations of several texts are resolved one text at a time"
        raise UsageError(msg, got=", ".join(sorted(ids)[:3]))
    return _resolved(annotations, ids.pop(), [each.text_sha256 for each in annotations])


def _resolved(annotations: Sequence[Annotation], record_id: str, texts: Iterable[str]) -> Resolved:
    ordered = sorted(annotations, key=lambda each: each.reader)
    judges = [each for each in ordered if each.adjudicates]
    voices = judges or ordered
    classes = {each.behaviour for each in voices}
    behaviour = classes.pop() if len(classes) == 1 else None
    winners = [each for each in ordered if each.behaviour == behaviour]
    basis: Basis = (
        "disagreement"
        if behaviour is None
        else "adjudicated" if judges else "readers" if len(winners) > 1 else "reader"
    )  # fmt: skip
    hazards = _hazards(winners, [each for each in winners if each.adjudicates])
    return Resolved(
        record_id=record_id,
        behaviour=behaviour,
        hazards=hazards,
        hazards_by=tuple(tuple(each.reader for each in winners if hazard in each.hazards) for hazard in hazards),
        flags=_flags([each for each in winners if each.adjudicates] or winners),
        basis=basis,
        readers=len(ordered),
        said=tuple(sorted(each.behaviour for each in ordered)),
        kinds=tuple(sorted({each.kind for each in winners or ordered})),
        texts=tuple(sorted({*texts})),
        by=tuple(
            sorted({each.reader for each in ([each for each in winners if each.adjudicates] or winners or ordered)})
        ),
    )


def resolve_all(annotations: Iterable[Annotation]) -> dict[str, Resolved]:
    """Record id -> the answer, of every text that anybody read, sorted."""
    by_text: defaultdict[str, list[Annotation]] = defaultdict(list)
    for each in annotations:
        by_text[each.record_id].append(each)
    return {record_id: found for record_id in sorted(by_text) if (found := resolve(by_text[record_id]))}


def resolved_of(project: Project) -> dict[str, Resolved]:
    """The same of all annotations of a project; what is said alike of many texts is resolved once.

    Raises:
        FormatError: a file is broken, or one reader labelled one text twice.
    """
    found: dict[str, Resolved] = {}
    known: dict[tuple[int, ...], dict[str, Any]] = {}
    said = said_of(project)
    for record_id in sorted(said):
        annotations, texts = zip(*said[record_id].values(), strict=True)
        what = tuple(sorted(map(id, annotations)))
        if what not in known:
            known[what] = vars(_resolved(annotations, record_id, texts))
        found[record_id] = Resolved(**{**known[what], "record_id": record_id, "texts": tuple(sorted({*texts}))})
    return found


def _hazards(winners: Sequence[Annotation], judges: Sequence[Annotation]) -> tuple[Hazard, ...]:
    if judges and not any(each.hazards for each in judges):
        return ()
    main = Counter(each.hazards[0] for each in judges or winners if each.hazards)
    named = Counter(hazard for each in winners for hazard in each.hazards)
    if not named:
        return ()
    first = min(main, key=lambda hazard: (-main[hazard], -named[hazard], hazard))
    place = {hazard: min(each.hazards.index(hazard) for each in winners if hazard in each.hazards) for hazard in named}
    others = sorted(named.keys() - {first}, key=lambda hazard: (-named[hazard], place[hazard], hazard))
    return (first, *others)[:MOST_HAZARDS]


def _flags(winners: Sequence[Annotation]) -> tuple[Flag, ...]:
    said = Counter(flag for each in winners for flag in each.flags)
    return tuple(sorted(flag for flag, count in said.items() if 2 * count >= len(winners)))

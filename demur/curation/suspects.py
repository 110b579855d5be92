"""Rows whose label looks wrong, most suspect first: several signals, combined by rank with declared weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.curation import signals
from demur.curation.annotations import Annotation
from demur.curation.decisions import Decision
from demur.curation.resolve import resolve_all
from demur.curation.texts import Known
from demur.errors import UsageError
from demur.records.record import Labeller

WEIGHTS: dict[str, float] = {"words": 1.0, "meaning": 1.0, "neighbours": 0.5, "readers": 0.25, "upstream": 0.1}
"""Of the signals, in the combined score; the last two speak of few texts, and would crowd out the others.

words: the label is improbable to a classifier on words, characters and form that did not see it.
meaning: twins in meaning have the other label; with embeddings, the nearest ten, and a classifier on them.
neighbours: the nearest ten texts by words have the other label.
readers: readers put the text on the other side.
upstream: sources, or one source's raters, contradict one another.
"""

FOLDS = 5
_ORDER: tuple[Labeller, ...] = ("human", "author", "rule", "model", "unknown")


@dataclass(frozen=True)
class Case:
    """A text with the label it has now.

    Attributes:
        label: as it is spelt: a behaviour, or ``harmful: yes``.
        refuse: the side of the label: to refuse, or not.
        whose: who gave it: ``decision``, ``readers`` and their kinds, or a source and its labeller.
        decided: whether a decision confirmed or set it: then it is no suspect, and only speaks for others.
    """

    known: Known
    label: str
    refuse: bool
    whose: str
    decided: bool = False


@dataclass(frozen=True)
class Suspect:
    """A row to look at; ``source`` and ``row`` are the first that holds the text. The text itself is not here."""

    record_id: str
    source: str
    row: int
    rows: int
    label: str
    whose: str
    score: float
    signals: Mapping[str, float]
    reasons: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def cases_of(
    known: Mapping[str, Known], annotations: Sequence[Annotation], decisions: Iterable[Decision] = ()
) -> list[Case]:
    """Every text with the label that it has now: by decision, else by its readers, else by its sources.

    Texts that nobody labelled, that are unusable or dropped, and whose sources contradict one another with equal right
    have none. Annotations and decisions of another text under the same id are stale, and left out.
    """
    there = {id: {place.sha256 for place in each.places} for id, each in known.items()}
    resolved = resolve_all(each for each in annotations if each.text_sha256 in there.get(each.record_id, ()))
    decided = {each.record_id: each for each in decisions if each.action in ("drop", "relabel", "keep")
               and each.text_sha256 in there.get(each.record_id, ())}  # fmt: skip
    found = []
    for id, each in sorted(known.items()):
        decision, answer = decided.get(id), resolved.get(id)
        if decision and decision.action == "drop":
            continue
        if decision and decision.behaviour:
            found.append(Case(each, decision.behaviour, decision.behaviour == "refuse", "decision", decided=True))
        elif answer and answer.behaviour:
            if answer.behaviour != "unusable":
                whose = f"{answer.basis} ({', '.join(answer.kinds)})"
                found.append(Case(each, answer.behaviour, answer.behaviour == "refuse", whose, bool(decision)))
        elif label := _upstream(each):
            found.append(Case(each, f"harmful: {label[0]}", label[0] == "yes", label[1], bool(decision)))
    return found


def _upstream(known: Known) -> tuple[str, str] | None:
    labels = [place for place in known.places if place.harmful != "unknown"]
    best = min((_ORDER.index(place.labeller) for place in labels), default=None)
    said = [place for place in labels if _ORDER.index(place.labeller) == best]
    if len({place.harmful for place in said}) != 1:
        return None
    return said[0].harmful, f"{said[0].source} ({said[0].labeller})"


def suspects(
    cases: Sequence[Case],
    annotations: Sequence[Annotation] = (),
    pairs: pa.Table | None = None,
    embeddings: NDArray[np.float32] | None = None,
    seed: int = 0,
) -> list[Suspect]:
    """Rank the cases that nobody decided, most suspect first.

    Args:
        cases: texts and labels.
        annotations: what readers said of them.
        pairs: twins in meaning: ``record_id``, ``twin``, ``cosine``.
        embeddings: one vector a case.
        seed: of the folds, which hang on record ids, not on the order of the cases.

    Raises:
        UsageError: no cases, or all of one label.
    """
    if len({case.refuse for case in cases}) < 2:
        msg = "There is nothing to compare"
        raise UsageError(msg, expected="texts to refuse, and texts not to", got=f"{len(cases)} texts of one label")
    order = np.argsort([case.known.record_id for case in cases], kind="stable")
    if embeddings is not None:
        embeddings = embeddings[order]
    evidence = _Evidence([cases[row] for row in order], annotations, pairs, embeddings, seed)
    scores = combined(evidence.against)
    ranked = sorted(range(len(cases)), key=lambda row: (-scores[row], evidence.ids[row]))
    return [evidence.suspect(row, scores[row]) for row in ranked if not evidence.cases[row].decided]


def combined(against: Mapping[str, signals.Floats]) -> signals.Floats:
    """One score from 0 to 1, of those signals that speak of a text: the higher, the more suspect.

    A signal's score becomes the share of texts above it (ties share theirs), and the result is one minus the weighted
    geometric mean of these shares, so that the top of any one ranking counts for more than its middle.

    Example:
        >>> combined({"words": np.array([0.1, 0.9]), "meaning": np.array([np.nan, 0.2])}).round(2).tolist()
        [0.25, 0.65]
    """
    from scipy.stats import rankdata

    names = [name for name in WEIGHTS if name in against]
    spoken = np.array([~np.isnan(against[name]) for name in names])
    ranks = np.array([rankdata(against[name], nan_policy="omit") for name in names])
    count = np.maximum(spoken.sum(axis=1, keepdims=True), 1)
    above = np.where(spoken, 1 - (ranks - 0.5) / count, 1.0)
    weights = np.array([WEIGHTS[name] for name in names])[:, None] * spoken
    total = weights.sum(axis=0)
    mean = np.divide((weights * np.log(above)).sum(axis=0), total, out=np.zeros(len(total)), where=total > 0)
    found: signals.Floats = 1 - np.exp(mean)
    return found


class _Evidence:
    """Every signal of every case, and how to say it."""

    def __init__(
        self,
        cases: Sequence[Case],
        annotations: Sequence[Annotation],
        pairs: pa.Table | None,
        embeddings: NDArray[np.float32] | None,
        seed: int,
    ) -> None:
        self.cases = cases
        self.ids = [case.known.record_id for case in cases]
        self.refuse = np.array([case.refuse for case in cases], bool)
        self.said: dict[str, list[Annotation]] = {}
        for each in annotations:
            self.said.setdefault(each.record_id, []).append(each)
        words, every = signals.features([case.known.text for case in cases])
        self.probability = signals.out_of_fold(every, self.refuse, self.ids, FOLDS, seed)
        self.neighbours = signals.near_by_words(words)
        self.twins: signals.Near | None = None
        self.against = {
            "words": signals.improbable(self.probability, self.refuse),
            "neighbours": self.neighbours.against(self.refuse),
            "readers": signals.readers_against(self.said, self.ids, self.refuse.tolist()),
            "upstream": np.array([signals.upstream_against_itself(case.known.places) for case in cases]),
        }
        meaning = []
        if embeddings is not None:
            self.twins = signals.near_by_vectors(embeddings)
            probability = signals.out_of_fold(embeddings, self.refuse, self.ids, FOLDS, seed)
            meaning += [self.twins.against(self.refuse), signals.improbable(probability, self.refuse)]
        elif pairs is not None:
            self.twins = signals.near_by_pairs(pairs, self.ids)
            meaning.append(self.twins.against(self.refuse))
        if meaning:
            self.against["meaning"] = np.mean(meaning, axis=0)

    def suspect(self, row: int, score: float) -> Suspect:
        """The row as it is told."""
        case = self.cases[row]
        first = case.known.places[0]
        said = {name: round(float(each[row]), 4) for name, each in self.against.items() if not np.isnan(each[row])}
        return Suspect(
            record_id=case.known.record_id,
            source=first.source,
            row=first.row,
            rows=len(case.known.places),
            label=case.label,
            whose=case.whose,
            score=round(float(score), 4),
            signals=said,
            reasons=tuple(self._reasons(row)),
        )

    def _reasons(self, row: int) -> Iterable[str]:
        case = self.cases[row]
        side, probability = "refuse" if case.refuse else "not refuse", self.probability[row]
        own = probability if case.refuse else 1 - probability
        if own < 0.5:
            yield f"by words and form, {side!r} has a probability of {100 * own:.0f} %"
        if self.twins is not None and len(opposite := self.twins.opposite(row, self.refuse)):
            places, cosines = self.twins.places[row][opposite], self.twins.cosines[row][opposite]
            nearest = f"the nearest is {self.ids[places[0]]} (cosine {cosines[0]:.2f})"
            yield f"{len(opposite)} of {len(self.twins.places[row])} near in meaning are labelled otherwise; {nearest}"
        places = self.neighbours.places[row]
        if self.against["neighbours"][row] > 0.5:
            count = len(self.neighbours.opposite(row, self.refuse))
            yield f"{count} of the {len(places)} nearest by words are labelled otherwise"
        said = self.said.get(case.known.record_id, [])
        if others := [each for each in said if (each.behaviour == "refuse") != case.refuse]:
            names = ", ".join(f"{each.reader} ({each.kind}) {each.behaviour}" for each in others)
            yield f"{len(others)} of {len(said)} readers say otherwise: {names}"
        if self.against["upstream"][row] > 0:
            labels = [f"{place.source} row {place.row} {place.harmful}" for place in case.known.places]
            yield f"upstream contradicts itself (harmful: {', '.join(labels)})"

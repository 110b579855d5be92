"""All that is known of one text: where it stands, its labels and whose, its twins, and what was decided of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from demur.curation.annotations import Annotation
from demur.curation.curated import ORDER, Basis, curate
from demur.curation.decisions import Decision
from demur.curation.lookup import Place
from demur.curation.project import Curation
from demur.curation.worddiff import WordDiff


@dataclass(frozen=True)
class Twin:
    """Another text that is near: by words, by meaning, or both."""

    record_id: str
    by: str
    similarity: float
    places: tuple[Place, ...]
    diff: WordDiff | None


@dataclass(frozen=True)
class Shown:
    """One text, and all that is known of it.

    Attributes:
        places: every record of it, source by source.
        behaviour, expected, basis: what its rows say, and whose word that is.
        left_out: why it is in no row, if it is in none.
    """

    record_id: str
    places: tuple[Place, ...]
    behaviour: str | None
    expected: str | None
    basis: str
    hazards: tuple[str, ...]
    hazards_by: str | None
    flags: tuple[str, ...]
    left_out: str | None
    annotations: tuple[Annotation, ...]
    decisions: tuple[Decision, ...]
    twins: tuple[Twin, ...]

    def as_dict(self, *, text: bool = False) -> dict[str, Any]:
        """For programs; the text itself only if it was asked for."""
        return {
            "record_id": self.record_id,
            "places": [_place(each, text=text) for each in self.places],
            **{name: getattr(self, name) for name in ("behaviour", "expected", "basis", "hazards_by", "left_out")},
            "hazards": list(self.hazards),
            "flags": list(self.flags),
            "annotations": [each.model_dump(mode="json") for each in self.annotations],
            "decisions": [each.model_dump(mode="json", exclude_none=True) for each in self.decisions],
            "twins": [
                {
                    "record_id": each.record_id,
                    "by": each.by,
                    "similarity": each.similarity,
                    "sources": sorted({place.source for place in each.places}),
                    "diff": None if each.diff is None else each.diff.marked if text else each.diff.masked,
                }
                for each in self.twins
            ],
        }

    def lines(self, *, text: bool = False) -> Iterator[str]:
        """For people, a line each."""
        first = self.places[0]
        yield f"{self.record_id}"
        yield f"  text:       {first.text if text else _masked(first)}"
        for place in self.places:
            labels = ", ".join(f"{each['name']}={each['value']} ({each['labeller']})" for each in place.labels)
            key = f", {place.native_id}" if place.native_id else ""
            yield f"  in:         {place.source} row {place.row}{key}: {labels or 'no label'}"
        word = self.behaviour or "no behaviour"
        yield f"  says:       {word}, so {self.expected or 'unknown'}, by {self.basis}"
        yield f"  hazards:    {' '.join(self.hazards) or 'none'}{f' by {self.hazards_by}' if self.hazards_by else ''}"
        if self.flags:
            yield f"  flags:      {' '.join(self.flags)}"
        if self.left_out:
            yield f"  left out:   {self.left_out}"
        for each in self.annotations:
            more = " ".join([*each.hazards, *each.flags])
            role = ", adjudicates" if each.adjudicates else ""
            said = f"{each.behaviour}{f' ({more})' if more else ''}"
            yield f"  read:       {each.reader} ({each.kind}, guideline {each.guideline}{role}): {said}"
        for decision in self.decisions:
            what = decision.behaviour or decision.other or " ".join(decision.hazards or ())
            yield f"  decided:    {decision.action} {what} by {decision.who} on {decision.when}: {decision.reason}"
        for twin in self.twins:
            where = ", ".join(sorted({place.source for place in twin.places})) or "no source"
            yield f"  near:       {twin.record_id} ({where}), {twin.by} {twin.similarity:.3f}"
            if twin.diff:
                yield f"              {twin.diff.marked if text else twin.diff.masked}"


def show(
    table: Any,
    places: dict[str, list[Place]],
    wanted: Sequence[str],
    near: Sequence[tuple[str, str, str, float]],
    curation: Curation,
    annotations: Sequence[Annotation],
    order: Sequence[Basis] = ORDER,
) -> list[Shown]:
    """All that is known of some texts.

    Args:
        table: records of at least these texts.
        places: of these texts and their twins, by record id.
        wanted: record ids.
        near: two record ids, what found them near, and how near.
        curation: decisions and what readers say together.
        annotations: what each reader said.
        order: whose word wins.
    """
    curated = curate(table, curation, order).records.to_pylist()
    facts = {each["record_id"]: each for each in reversed(curated)}
    return [_shown(id, facts[id], places, near, curation, annotations) for id in wanted]


def _shown(
    id: str,
    facts: dict[str, Any],
    places: dict[str, list[Place]],
    near: Sequence[tuple[str, str, str, float]],
    curation: Curation,
    annotations: Sequence[Annotation],
) -> Shown:
    mine = places[id]
    twins = []
    for one, two, by, similarity in near:
        if id in (one, two):
            other = two if one == id else one
            there = places.get(other, [])
            diff = WordDiff.of(mine[0].text, there[0].text) if there else None
            twins.append(Twin(other, by, similarity, tuple(there), diff))
    return Shown(
        record_id=id,
        places=tuple(mine),
        behaviour=facts["behaviour"],
        expected=facts["expected"],
        basis=facts["basis"],
        hazards=tuple(facts["hazards"]),
        hazards_by=facts["hazards_by"],
        flags=tuple(facts["flags"]),
        left_out=facts["left_out"],
        annotations=tuple(each for each in annotations if each.record_id == id),
        decisions=tuple(each for each in curation.decisions if id in (each.record_id, each.other)),
        twins=tuple(sorted(twins, key=lambda each: (-each.similarity, each.record_id, each.by))),
    )


def _masked(place: Place) -> str:
    return f"<{len(place.text)} characters, sha256 {place.sha256[:12]}>"


def _place(place: Place, *, text: bool) -> dict[str, Any]:
    said = {
        "source": place.source,
        "row": place.row,
        "native_id": place.native_id,
        "text_sha256": place.sha256,
        "characters": len(place.text),
        "labels": list(place.labels),
        "native_labels": [each["name"] for each in place.native_labels],
        "context": place.context,
        "response": place.response,
    }
    return {**said, "text": place.text} if text else said

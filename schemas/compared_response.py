"""A response to compare: one of three fixed responses to a query, for a reward between two models."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from demur.curation.behaviour import Behaviour
from demur.curation.curated import Basis
from demur.records.record import Access, Hazard, Label, Lineage, NativeLabel, RecordId, Slug, Text, UseLimit
from demur.records.row import Bookkeeping, Facet, Origin, Row, TextOf

Kind = Literal["chosen", "rejected", "other_rejected", "safe", "harmful", "other_harmful"]

SAFE: dict[Kind, bool | None] = {
    "chosen": True, "rejected": False, "other_rejected": None, "safe": True, "harmful": False, "other_harmful": None,
}  # fmt: skip


class ComparedResponse(Row):
    """One row; a query has three: its safe response, its harmful one, and the harmful response of another query."""

    record_id: RecordId
    """128-bit hex of a hash over the normalised prompt and response; stable under order and source."""
    query_id: RecordId
    """Record id of the prompt, as in a set of queries."""
    prompt: Annotated[Text, TextOf("prompt")]
    """The query, exactly as published."""
    response: Annotated[Text, TextOf("response")]
    """The response, exactly as published."""
    kind: Annotated[Kind, Facet()]
    """``chosen`` and ``rejected`` of a preference: people found the first the safer of the two, no more. ``safe`` and
    ``harmful``: people judged each by itself. ``other_rejected`` and ``other_harmful``: the response of another
    query, by a seeded derangement."""
    safe: bool | None
    """Whether it is the safe side of its query, or the harmful one; null for another query's response."""
    answered_id: RecordId
    """Record id of the prompt that the response was given to."""
    behaviour: Annotated[Behaviour | None, Facet()]
    """What a good assistant does with the query: refuse, correct (a false premise), careful (answer with caveats),
    support, cannot_know or comply; null where nobody read it and only its source's own label speaks."""
    basis: Annotated[Basis, Facet()]
    """Whose word that rests on: a decision of the project, an adjudicator, readers who agree, or the source's own label
    (upstream-human, upstream-author, upstream-model)."""
    hazards: tuple[Hazard, ...]
    """Of the query: MLCommons AILuminate hazards, sorted."""
    labels: tuple[Label, ...]
    """Judgements of the response to its own query; empty for another query's response."""
    native_labels: Annotated[tuple[NativeLabel, ...], Bookkeeping()]
    """The same as the source spells them."""
    generator: str | None
    """The model that wrote the response, if the source says so."""
    language: str
    """BCP 47 tag."""
    source: Annotated[Slug, Bookkeeping()]
    """The source of the response."""
    group_id: Annotated[RecordId, Bookkeeping()]
    """Near-duplicates of the query share it; a set has one query of a group."""
    split: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
    """Every row is for evaluation."""
    license: Annotated[str, Bookkeeping()]
    """SPDX id, in lower case, at least as strict as those of query and response."""
    use_limits: Annotated[tuple[UseLimit, ...], Bookkeeping()]
    """Limits inherited from both."""
    access: Access
    """Never ``public``: harmful text stands in the set."""
    lineage: Annotated[Lineage, Origin()]
    """The row of the pinned source that the response comes from."""
    query_lineage: Annotated[Lineage, Origin()]
    """The same of the query."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.safe is not SAFE[self.kind]:
            msg = f"'safe' follows from the kind: {self.kind} is {SAFE[self.kind]}"
            raise ValueError(msg)
        foreign = self.kind.startswith("other_")
        if foreign == (self.answered_id == self.query_id):
            msg = "a response answers its own query, unless its kind says that it is another query's"
            raise ValueError(msg)
        if foreign and (self.labels or self.native_labels):
            msg = "what was said of a response to another query is not said of it here"
            raise ValueError(msg)
        if self.access == "public":
            msg = "responses to compare are gated or withheld"
            raise ValueError(msg)
        return self

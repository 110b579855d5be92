"""A response to compare: one of three fixed responses to a query, for a reward between two models."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from demur.curation.behaviour import Behaviour
from demur.curation.curated import Basis
from demur.records.record import Access, Hazard, Label, Lineage, NativeLabel, RecordId, Slug, Text, UseLimit
from demur.records.row import Bookkeeping, Facet, Origin, Row, Side, TextOf

Kind = Literal["preferred", "rejected", "other_rejected", "safe", "harmful", "other_harmful"]

SAFE: dict[Kind, bool] = {"safe": True, "harmful": False}
PREFERRED: dict[Kind, bool] = {"preferred": True, "rejected": False}
JUDGED: tuple[Kind, ...] = ("safe", "harmful", "other_harmful")


class ComparedResponse(Row):
    """One row; a query has three: its safe response, its harmful one, and the harmful response of another query.

    Of a preference: its preferred response, its rejected one, and the rejected response of another query.
    """

    record_id: RecordId
    """128-bit hex of a hash over the normalised prompt and response; stable under order and source."""
    query_id: RecordId
    """Record id of the prompt, as in a set of queries."""
    prompt: Annotated[Text, TextOf("prompt")]
    """The query, exactly as published."""
    response: Annotated[Text, TextOf("response")]
    """The response, exactly as published."""
    kind: Annotated[Kind, Side()]
    """``preferred`` and ``rejected``: people found the first the less harmful of the two, no more. ``safe`` and
    ``harmful``: people judged each by itself. ``other_rejected`` and ``other_harmful``: the response of another
    query, by a seeded derangement."""
    safe: bool | None
    """Whether people judged it, by itself, to be safe or to be harmful; null where nobody did, as with the responses of
    a preference, and for another query's response."""
    preferred: bool | None
    """Whether it was preferred or rejected of two responses to its query: that says nothing of whether it is safe; null
    for responses that were judged one by one, and for another query's response."""
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
        if self.safe is not SAFE.get(self.kind) or self.preferred is not PREFERRED.get(self.kind):
            said = f"{SAFE.get(self.kind)} and {PREFERRED.get(self.kind)}"
            msg = f"'safe' and 'preferred' follow from the kind: of {self.kind} they are {said}"
            raise ValueError(msg)
        if self.kind in JUDGED and self.behaviour not in (None, "refuse"):
            msg = f"judged responses stand behind queries to refuse, and this is one to {self.behaviour}"
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

"""A response to compare: one of three fixed responses to a query, for a reward between two models."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from demur.record import Access, Frozen, Hazard, Label, Lineage, NativeLabel, RecordId, Slug, Text, UseLimit

Kind = Literal["chosen", "rejected", "other_rejected", "safe", "harmful", "other_harmful"]

SAFE: dict[Kind, bool | None] = {
    "chosen": True, "rejected": False, "other_rejected": None, "safe": True, "harmful": False, "other_harmful": None,
}  # fmt: skip


class ComparedResponse(Frozen):
    """One row; a query has three: its safe response, its harmful one, and the harmful response of another query.

    Attributes:
        record_id: 128-bit hex of a hash over the normalised prompt and response; stable under order and source.
        query_id: record id of the prompt, as in a set of queries.
        prompt: the query, exactly as published.
        response: the response, exactly as published.
        kind: ``chosen`` and ``rejected`` of a preference: people found the first the safer of the two, no more.
            ``safe`` and ``harmful``: people judged each by itself. ``other_rejected`` and ``other_harmful``: the
            response of another query, by a seeded derangement.
        safe: whether it is the safe side of its query, or the harmful one; null for another query's response.
        answered_id: record id of the prompt that the response was given to.
        hazards: of the query: MLCommons AILuminate hazards, sorted.
        labels: judgements of the response to its own query; empty for another query's response.
        native_labels: the same as the source spells them.
        generator: the model that wrote the response, if the source says so.
        language: BCP 47 tag.
        source: the source of the response.
        group_id: near-duplicates of the query share it; a set has one query of a group.
        split: every row is for evaluation.
        license: SPDX id, in lower case, at least as strict as those of query and response.
        use_limits: limits inherited from both.
        access: never ``public``: harmful text stands in the set.
        lineage: the row of the pinned source that the response comes from.
        query_lineage: the same of the query.
    """

    record_id: RecordId
    query_id: RecordId
    prompt: Text
    response: Text
    kind: Kind
    safe: bool | None
    answered_id: RecordId
    hazards: tuple[Hazard, ...]
    labels: tuple[Label, ...]
    native_labels: tuple[NativeLabel, ...]
    generator: str | None
    language: str
    source: Slug
    group_id: RecordId
    split: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
    license: str
    use_limits: tuple[UseLimit, ...]
    access: Access
    lineage: Lineage
    query_lineage: Lineage

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

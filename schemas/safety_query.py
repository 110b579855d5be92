"""A safety query: one prompt of a query set, on its harmful or its safe side, drawn by seed."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from demur.record import Access, Frozen, Hazard, Label, Lineage, NativeLabel, RecordId, Slug, Text, UseLimit


class SafetyQuery(Frozen):
    """One row of a draw; each config holds the draw of one seed.

    Attributes:
        record_id: 128-bit hex of a hash over the normalised prompt and the kind of row; stable under order and source.
        prompt: the text, exactly as published; of a dialogue, what the person said first.
        set: the query set that it was drawn for.
        side: harmful if some category is labelled positive, safe only if every one is labelled negative.
        labels: judgements with scope and labeller; 'harmful' decides ``side``.
        hazards: MLCommons AILuminate hazards, sorted; empty where the source gives no category that maps to one.
        categories: the source's own categories.
        native_labels: the source's other labels, kept as they are.
        language: BCP 47 tag.
        source: the source the row was taken from.
        also_in: other sources that hold the same or a nearly identical prompt.
        group_id: near-duplicates share it.
        split: every row is for evaluation.
        license: SPDX id of the source, in lower case.
        lineage: the row of the pinned source it comes from.
    """

    record_id: RecordId
    prompt: Text
    set: Slug
    side: Literal["harmful", "safe"]
    labels: tuple[Label, ...]
    hazards: tuple[Hazard, ...]
    categories: tuple[str, ...]
    native_labels: tuple[NativeLabel, ...]
    language: str
    source: Slug
    also_in: tuple[Slug, ...]
    group_id: RecordId
    split: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
    license: str
    use_limits: tuple[UseLimit, ...]
    access: Access
    lineage: Lineage

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        harmful = [label.value for label in self.labels if label.name == "harmful"]
        if harmful != [{"harmful": "yes", "safe": "no"}[self.side]]:
            msg = "'side' follows from exactly one 'harmful' label: yes is harmful, no is safe"
            raise ValueError(msg)
        if any(label.scope != "prompt" for label in self.labels):
            msg = "a query carries labels of scope 'prompt' only"
            raise ValueError(msg)
        return self

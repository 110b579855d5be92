"""A contrast item: one side of a pair of prompts that differ in what they ask for and, as far as can be, in no more."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from demur.record import Access, Frozen, Hazard, Label, Lineage, NativeLabel, RecordId, Slug, Text, UseLimit


class ContrastItem(Frozen):
    """One row of a contrast set; the row with the same ``pair_id`` and the other ``side`` is its partner.

    Attributes:
        record_id: 128-bit hex of a hash over the normalised prompt and the kind of row; stable under order and source.
        prompt: the text, exactly as published.
        side: whether serving the prompt would do harm.
        pair_id: a pair has one row of each side, in one split.
        origin: whether the source published the pair, or this project matched two published prompts.
        predictability: of a mined pair: how surely text classifiers that were fitted on the other half of the set order
            its two sides; one half is chance.
        labels: judgements with scope and labeller; 'harmful' decides ``side``.
        hazards: MLCommons AILuminate hazards, sorted; empty where the source gives no category that maps to one.
        categories: the source's own categories.
        native_labels: the source's other labels, kept as they are.
        language: BCP 47 tag.
        source: the source the row was taken from.
        also_in: other sources that hold the same or a nearly identical prompt.
        group_id: near-duplicates of both sides share it; a group never straddles splits.
        split: fixed by a hash of the group.
        license: SPDX id of the source, in lower case.
        lineage: the row of the pinned source it comes from.
    """

    record_id: RecordId
    prompt: Text
    side: Literal["harmful", "safe"]
    pair_id: Annotated[str, StringConstraints(min_length=1)]
    origin: Literal["published", "mined"]
    predictability: Annotated[float, Field(ge=0, le=1)] | None
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
            msg = "a contrast item carries labels of scope 'prompt' only"
            raise ValueError(msg)
        if (self.origin == "mined") != (self.predictability is not None):
            msg = "a mined pair has a predictability, and no published one"
            raise ValueError(msg)
        return self

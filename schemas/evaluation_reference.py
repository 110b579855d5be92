"""A reference to an evaluation item whose text may not be published again: where it is, and how to prove it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from demur.record import Access, Frozen, Hazard, Label, Lineage, RecordId, Sha256, Slug, UseLimit


class EvaluationReference(Frozen):
    """One row of an evaluation set, without its text; ``demur hydrate`` makes an `EvaluationItem` of it.

    Attributes:
        record_id: of the item: a hash over its normalised prompt.
        prompt_sha256: of the prompt, exactly as published, in UTF-8.
        context_sha256: of a passage that belongs to the prompt and is released nowhere here.
        expected: what a safe and helpful model does with it.
        borderline: harmless, but worded so that an over-cautious model refuses it.
        labels: judgements with scope and labeller; 'harmful' decides ``expected``.
        hazards: MLCommons AILuminate hazards, sorted.
        language: BCP 47 tag.
        source: the source the row was taken from.
        pin: carrier, address and full revision of the source's first mirror; the manifest has all of them.
        also_in: other sources that hold the same or a nearly identical prompt.
        group_id: near-duplicates and pair members share it; a group never straddles splits.
        split: fixed by a hash of the group; it does not move when rows are added.
        license: of the source, which binds whoever restores the text.
        access: of the text, not of this row: ``withheld`` where the source may not be redistributed.
        lineage: the row of the pinned source that holds the text: its number, its key, its hash.
    """

    record_id: RecordId
    prompt_sha256: Sha256
    context_sha256: Sha256 | None
    expected: Literal["refuse", "comply"]
    borderline: bool
    labels: tuple[Label, ...]
    hazards: tuple[Hazard, ...]
    language: str
    source: Slug
    pin: str
    also_in: tuple[Slug, ...]
    group_id: RecordId
    split: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
    license: str
    use_limits: tuple[UseLimit, ...]
    access: Access
    lineage: Lineage

"""A reference to an evaluation item whose text may not be published again: where it is, and how to prove it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from demur.records.record import Access, Hazard, Label, Lineage, RecordId, Sha256, Slug, UseLimit
from demur.records.row import Bookkeeping, Facet, HashOf, Origin, PinOf, Row


class EvaluationReference(Row):
    """One row of an evaluation set, without its text; ``demur hydrate`` makes an `EvaluationItem` of it."""

    record_id: RecordId
    """Of the item: a hash over its normalised prompt."""
    prompt_sha256: Annotated[Sha256, HashOf("prompt")]
    """Of the prompt, exactly as published, in UTF-8."""
    context_sha256: Sha256 | None
    """Of a passage that belongs to the prompt and is released nowhere here."""
    expected: Annotated[Literal["refuse", "comply"], Facet()]
    """What a safe and helpful model does with it."""
    borderline: bool
    """Harmless, but worded so that an over-cautious model refuses it."""
    labels: tuple[Label, ...]
    """Judgements with scope and labeller; 'harmful' decides ``expected``."""
    hazards: tuple[Hazard, ...]
    """MLCommons AILuminate hazards, sorted."""
    language: str
    """BCP 47 tag."""
    source: Annotated[Slug, Bookkeeping()]
    """The source the row was taken from."""
    pin: Annotated[str, PinOf()]
    """Carrier, address and full revision of the source's first mirror; the manifest has all of them."""
    also_in: Annotated[tuple[Slug, ...], Bookkeeping()]
    """Other sources that hold the same or a nearly identical prompt."""
    group_id: Annotated[RecordId, Bookkeeping()]
    """Near-duplicates and pair members share it; a group never straddles splits."""
    split: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
    """Fixed by a hash of the group; it does not move when rows are added."""
    license: Annotated[str, Bookkeeping()]
    """Of the source, which binds whoever restores the text."""
    use_limits: Annotated[tuple[UseLimit, ...], Bookkeeping()]
    access: Access
    """Of the text, not of this row: ``withheld`` where the source may not be redistributed."""
    lineage: Annotated[Lineage, Origin()]
    """The row of the pinned source that holds the text: its number, its key, its hash."""

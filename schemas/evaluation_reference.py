"""A reference to an evaluation item whose text may not be published again: where it is, and how to prove it."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from demur.curation.behaviour import Behaviour, Expected, Flag
from demur.curation.curated import Basis
from demur.records.record import Access, Hazard, Label, Lineage, RecordId, Sha256, Slug, UseLimit
from demur.records.row import Bookkeeping, Facet, HashOf, Origin, PinOf, Row, Side
from schemas.evaluation_item import Stratum


class EvaluationReference(Row):
    """One row of an evaluation set, without its text; ``demur hydrate`` makes an `EvaluationItem` of it."""

    record_id: RecordId
    """Of the item: a hash over its normalised prompt."""
    prompt_sha256: Annotated[Sha256, HashOf("prompt")]
    """Of the prompt, exactly as published, in UTF-8."""
    context_sha256: Sha256 | None
    """Of a passage that belongs to the prompt and is released nowhere here."""
    expected: Annotated[Expected, Side()]
    """What a safe and helpful model does with it."""
    behaviour: Annotated[Behaviour | None, Facet()]
    """What a good assistant does: refuse, correct (a false premise), careful (answer with caveats), support,
    cannot_know or comply; null where nobody read it and only its source's own label speaks."""
    basis: Annotated[Basis, Facet()]
    """Whose word the row rests on: a decision of the project, an adjudicator, readers who agree, or the source's own
    label (upstream-human, upstream-author, upstream-model)."""
    borderline: bool
    """To be answered, and worded so that an over-cautious model may well refuse it."""
    stratum: Annotated[Stratum, Facet()]
    """``copyright`` where the main hazard is intellectual property: a row of its own kind, since what is asked for is
    no danger to anybody; else ``safety``."""
    labels: tuple[Label, ...]
    """Judgements with scope and labeller; the source's own stand here as they are."""
    hazards: tuple[Hazard, ...]
    """Hazards that it touches, by codes of MLCommons AILuminate and two of ours; the main one first where readers gave
    them; of a row to answer, what it looks like."""
    hazards_by: str | None
    """Who gave the hazards: decision, adjudicated, readers, or upstream, by the source's categories."""
    flags: tuple[Flag, ...]
    """What else readers said: borderline, policy (it depends on the provider's policy), personal_data, wrapper,
    several_turns, not_english, needs_context."""
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

"""An evaluation item: one prompt, and what a safe and helpful model does with it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from demur.curation.behaviour import EXPECTED, Behaviour, Expected, Flag
from demur.curation.curated import Basis
from demur.records.record import (
    Access,
    Hazard,
    Label,
    Lineage,
    NativeLabel,
    RecordId,
    Sha256,
    Slug,
    Text,
    UseLimit,
)
from demur.records.row import Bookkeeping, Facet, Origin, Row, Side, TextOf, Told

Stratum = Literal["safety", "copyright"]
"""Rows that are to be counted apart."""


class EvaluationItem(Row):
    """One row of an evaluation set."""

    record_id: Annotated[RecordId, Told()]
    """128-bit hex of a hash over the normalised prompt and the kind of row; stable under order and source."""
    prompt: Annotated[Text, TextOf("prompt")]
    """The text, exactly as published."""
    expected: Annotated[Expected, Side(), Told()]
    """The side: refuse, answer, or, where a model cannot know and declines for that, either (in configs of their
    own)."""
    behaviour: Annotated[Behaviour | None, Facet(), Told()]
    """What a good assistant does: refuse, correct (a false premise), careful (answer with caveats), support,
    cannot_know or comply; null where nobody read it and only its source's own label speaks."""
    basis: Annotated[Basis, Facet()]
    """Whose word the row rests on: a decision of the project, an adjudicator, readers who agree, or the source's own
    label (upstream-human, upstream-author, upstream-model)."""
    borderline: Annotated[bool, Told()]
    """To be answered, and worded so that an over-cautious model may well refuse it."""
    stratum: Annotated[Stratum, Facet(), Told()]
    """``copyright`` where the main hazard is intellectual property: a row of its own kind, since what is asked for is
    no danger to anybody; else ``safety``."""
    labels: tuple[Label, ...]
    """Judgements with scope and labeller; the source's own stand here as they are."""
    hazards: Annotated[tuple[Hazard, ...], Told()]
    """Hazards that it touches, by codes of MLCommons AILuminate and two of ours; the main one first where readers gave
    them; of a row to answer, what it looks like."""
    hazards_by: str | None
    """Who gave the hazards: decision, adjudicated, readers, or upstream, by the source's categories."""
    flags: Annotated[tuple[Flag, ...], Told()]
    """What else readers said: borderline, policy (it depends on the provider's policy), personal_data, wrapper,
    several_turns, not_english, needs_context."""
    categories: tuple[str, ...]
    """The source's own categories."""
    native_labels: Annotated[tuple[NativeLabel, ...], Bookkeeping()]
    """The source's other labels, kept as they are."""
    language: Annotated[str, Told()]
    """BCP 47 tag."""
    source: Annotated[Slug, Bookkeeping(), Told()]
    """The source the row was taken from."""
    also_in: Annotated[tuple[Slug, ...], Bookkeeping()]
    """Other sources that hold the same or a nearly identical prompt."""
    pair_id: str | None
    """Contrast pair or base question; its members never straddle splits."""
    group_id: Annotated[RecordId, Bookkeeping(), Told()]
    """Near-duplicates and pair members share it; a group never straddles splits."""
    split: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
    """Fixed by a hash of the group; it does not move when rows are added."""
    context_sha256: Sha256 | None
    """Hash of a passage that belongs to the prompt and is not released here."""
    license: Annotated[str, Bookkeeping()]
    """SPDX id of the source, in lower case."""
    use_limits: Annotated[tuple[UseLimit, ...], Bookkeeping()]
    access: Access
    lineage: Annotated[Lineage, Origin()]
    """The row of the pinned source it comes from."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.behaviour and self.expected != EXPECTED[self.behaviour]:
            msg = f"'expected' follows from the behaviour: {self.behaviour} is {EXPECTED[self.behaviour]}"
            raise ValueError(msg)
        harmful = [label.value for label in self.labels if label.name == "harmful"]
        if self.behaviour is None and harmful != [{"refuse": "yes", "answer": "no"}.get(self.expected)]:
            msg = (
                "without a behaviour, 'expected' follows from the source's 'harmful' label: yes is refuse, no is answer"
            )
            raise ValueError(msg)
        if any(label.scope != "prompt" for label in self.labels):
            msg = "an evaluation item carries labels of scope 'prompt' only"
            raise ValueError(msg)
        if (self.stratum == "copyright") != (self.hazards[:1] == ("ipv",)):
            msg = "the stratum follows from the main hazard"
            raise ValueError(msg)
        if self.borderline and self.expected != "answer":
            msg = "a borderline item is one to answer"
            raise ValueError(msg)
        return self

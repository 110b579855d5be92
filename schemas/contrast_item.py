"""A contrast item: one side of a pair of prompts that differ in what they ask for and, as far as can be, in no more."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from demur.curation.behaviour import EXPECTED, Behaviour, Flag
from demur.curation.curated import Basis
from demur.records.record import Access, Hazard, Label, Lineage, NativeLabel, RecordId, Slug, Text, UseLimit
from demur.records.row import Bookkeeping, Facet, Origin, Row, Side, TextOf


class ContrastItem(Row):
    """One row of a contrast set; the row with the same ``pair_id`` and the other ``side`` is its partner."""

    record_id: RecordId
    """128-bit hex of a hash over the normalised prompt and the kind of row; stable under order and source."""
    prompt: Annotated[Text, TextOf("prompt")]
    """The text, exactly as published."""
    side: Annotated[Literal["harmful", "safe"], Side()]
    """Whether serving the prompt would do harm."""
    behaviour: Annotated[Behaviour | None, Facet()]
    """What a good assistant does: refuse, correct (a false premise), careful (answer with caveats), support,
    cannot_know or comply; null where nobody read it and only its source's own label speaks."""
    basis: Annotated[Basis, Facet()]
    """Whose word the side rests on: a decision of the project, an adjudicator, readers who agree, or the source's own
    label (upstream-human, upstream-author, upstream-model)."""
    pair_id: Annotated[str, StringConstraints(min_length=1)]
    """A pair has one row of each side, in one split."""
    origin: Literal["published", "matched"]
    """Whether the source published the pair, or this project matched two published prompts of one topic."""
    cosine: Annotated[float, Field(ge=0, le=1)] | None
    """Of the pair's two prompts, by all-MiniLM-L6-v2; null where it is below .55 or was not computed."""
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
    categories: tuple[str, ...]
    """The source's own categories."""
    native_labels: Annotated[tuple[NativeLabel, ...], Bookkeeping()]
    """The source's other labels, kept as they are."""
    language: str
    """BCP 47 tag."""
    source: Annotated[Slug, Bookkeeping()]
    """The source the row was taken from."""
    also_in: Annotated[tuple[Slug, ...], Bookkeeping()]
    """Other sources that hold the same or a nearly identical prompt."""
    group_id: Annotated[RecordId, Bookkeeping()]
    """Near-duplicates of both sides share it; a group never straddles splits."""
    split: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
    """Fixed by a hash of the group."""
    license: Annotated[str, Bookkeeping()]
    """SPDX id of the source, in lower case."""
    use_limits: Annotated[tuple[UseLimit, ...], Bookkeeping()]
    access: Access
    lineage: Annotated[Lineage, Origin()]
    """The row of the pinned source it comes from."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.behaviour and EXPECTED[self.behaviour] != {"harmful": "refuse", "safe": "answer"}[self.side]:
            msg = f"'side' follows from the behaviour: {self.behaviour} is {EXPECTED[self.behaviour]}"
            raise ValueError(msg)
        harmful = [label.value for label in self.labels if label.name == "harmful"]
        if self.behaviour is None and harmful != [{"harmful": "yes", "safe": "no"}[self.side]]:
            msg = "without a behaviour, 'side' follows from the source's 'harmful' label: yes is harmful, no is safe"
            raise ValueError(msg)
        if any(label.scope != "prompt" for label in self.labels):
            msg = "a contrast item carries labels of scope 'prompt' only"
            raise ValueError(msg)
        if self.origin == "matched" and self.cosine is None:
            msg = "a matched pair has a cosine"
            raise ValueError(msg)
        return self

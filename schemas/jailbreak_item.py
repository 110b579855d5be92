"""A jailbreak item: a published attack on a base question, and what a good assistant does with that question."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from demur.curation.behaviour import EXPECTED, Behaviour, Expected
from demur.curation.curated import Basis
from demur.kinds.jailbreaks.attack import Attack, Judged
from demur.kinds.jailbreaks.lineage import Link
from demur.records.record import Access, Count, Frozen, Hazard, Lineage, RecordId, Sha256, Slug, Text, UseLimit
from demur.records.row import Bookkeeping, Facet, Origin, Row, SaidBy, Side, TextOf, Told


class Turn(Frozen):
    """One turn of what is sent."""

    role: Literal["system", "user", "assistant"]
    content: Text


class JailbreakItem(Row):
    """One attack of one released run."""

    item_id: Annotated[RecordId, Told()]
    """128-bit hex of a hash over the normalised prompt, the run and the base: its own, where a prompt was sent to
    several models."""
    record_id: RecordId
    """128-bit hex of a hash over the normalised prompt; stable under order and source."""
    prompt: Annotated[Text, TextOf("prompt")]
    """The attack, exactly as published; none is made, completed or improved here."""
    messages: tuple[Turn, ...]
    """The turns that are sent, for the model's own chat template; empty where the prompt is a text to go on with."""
    raw_completion: Text | None
    """The text to go on with, sent without a chat template and without marks of one; null where turns are sent."""
    system_prompt: Text | None
    """The system prompt of the run, where one is published."""
    base_id: Annotated[RecordId, Told()]
    """Record id of the base question, the same in every set that holds it."""
    base_source: Annotated[Slug, Facet(), Told()]
    """The source whose record of the base question is meant."""
    attack: Annotated[Attack, Told()]
    """Which attack: its authors' name, its family, and the release and form."""
    template_sha256: Sha256 | None
    """Of the normalised prompt with the base question taken out, where it stands there word by word: rows that share it
    share a template."""
    target_model: Annotated[str | None, Told()]
    """The model that the run attacked; null where prompts were released for any."""
    run_id: str
    """The released run: source and file."""
    n_queries: Count | None
    """Queries to the target, as the release counts them."""
    expected: Annotated[Expected, Side(), SaidBy("basis"), Told()]
    """What is right for the *base question*: refuse, answer, or either."""
    behaviour: Annotated[Behaviour | None, Facet(), SaidBy("basis"), Told()]
    """What a good assistant does with the base question: refuse, correct, careful, support, cannot_know or comply; null
    where nobody read it and only its source's own label speaks."""
    basis: Annotated[Basis, Facet()]
    """Whose word that rests on: a decision of the project, an adjudicator, readers who agree, or the source's own label
    (upstream-human, upstream-author, upstream-model)."""
    hazards: Annotated[tuple[Hazard, ...], Told()]
    """Hazards of the base question: MLCommons AILuminate's codes, and two of ours."""
    hazards_by: str | None
    """Who gave the hazards: decision, adjudicated, readers, or upstream, by the source's categories."""
    language: Annotated[str, Told()]
    """BCP 47 tag of the attack."""
    link: Link
    """How the base was found: the rule, and its score."""
    published_response_id: RecordId | None
    """Record id of the response that the run drew; its text stays with its publisher."""
    judgements: tuple[Judged, ...]
    """What was published of that response, judge by judge."""
    source: Annotated[Slug, Bookkeeping(), Told()]
    """The source of the attack."""
    group_id: Annotated[RecordId, Bookkeeping(), Told()]
    """The base question's group: all its attacks, and near-duplicate questions, share it."""
    split: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
    """The base question's, by a hash of its group; the attack's own text has no say."""
    license: Annotated[str, Bookkeeping()]
    """SPDX id, in lower case, at least as strict as those of attack and base question."""
    use_limits: Annotated[tuple[UseLimit, ...], Bookkeeping()]
    """Limits inherited from both."""
    access: Access
    """Never ``public``."""
    lineage: Annotated[Lineage, Origin()]
    """The row of the pinned source that the attack comes from."""
    base_lineage: Annotated[Lineage, Origin()]
    """The same of the base question."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.behaviour and self.expected != EXPECTED[self.behaviour]:
            msg = f"'expected' follows from the behaviour: {self.behaviour} is {EXPECTED[self.behaviour]}"
            raise ValueError(msg)
        if (self.raw_completion is None) == (not self.messages):
            msg = "either turns are sent, or a text to go on with"
            raise ValueError(msg)
        sent = self.raw_completion if not self.messages else self.messages[-1].content
        if sent != self.prompt:
            msg = "what is sent ends with the prompt, as it was published"
            raise ValueError(msg)
        if (
            self.judgements
            and self.published_response_id is None
            and any(each.verdict != "no_response" for each in self.judgements)
        ):
            msg = "what was judged is a published response"
            raise ValueError(msg)
        if self.access == "public":
            msg = "attacks are gated or withheld"
            raise ValueError(msg)
        return self

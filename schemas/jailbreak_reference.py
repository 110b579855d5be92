"""A reference to a jailbreak item whose text may not be published again: where it is, and how to prove it."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from demur.curation.behaviour import Behaviour, Expected
from demur.curation.curated import Basis
from demur.kinds.jailbreaks.attack import Attack, Judged
from demur.kinds.jailbreaks.lineage import Link
from demur.records.record import Access, Count, Hazard, Lineage, RecordId, Sha256, Slug, UseLimit
from demur.records.row import Bookkeeping, Facet, HashOf, Origin, PinOf, Row


class JailbreakReference(Row):
    """One attack without its text; ``demur hydrate`` makes a `JailbreakItem` of it."""

    item_id: RecordId
    """Of the item: a hash over its normalised prompt, its run and its base."""
    record_id: RecordId
    """A hash over the normalised prompt."""
    prompt_sha256: Annotated[Sha256, HashOf("prompt")]
    """Of the attack, exactly as published, in UTF-8."""
    base_id: RecordId
    """Record id of the base question."""
    base_source: Annotated[Slug, Facet()]
    """The source whose record of the base question is meant."""
    attack: Attack
    """Which attack: its authors' name, its family, and the release and form."""
    template_sha256: Sha256 | None
    """Of the normalised prompt with the base question taken out, where it stands there word by word."""
    target_model: str | None
    """The model that the run attacked."""
    run_id: str
    """The released run: source and file."""
    n_queries: Count | None
    """Queries to the target, as the release counts them."""
    expected: Annotated[Expected, Facet()]
    """What is right for the base question: refuse, answer, or either."""
    behaviour: Annotated[Behaviour | None, Facet()]
    """What a good assistant does with the base question; null where nobody read it."""
    basis: Annotated[Basis, Facet()]
    """Whose word that rests on."""
    hazards: tuple[Hazard, ...]
    """Hazards of the base question."""
    hazards_by: str | None
    """Who gave the hazards."""
    language: str
    """BCP 47 tag of the attack."""
    link: Link
    """How the base was found: the rule, and its score."""
    published_response_id: RecordId | None
    """Record id of the response that the run drew."""
    judgements: tuple[Judged, ...]
    """What was published of that response, judge by judge."""
    source: Annotated[Slug, Bookkeeping()]
    """The source of the attack."""
    pin: Annotated[str, PinOf()]
    """Carrier, address and full revision of the source's first mirror; the manifest has all of them."""
    group_id: Annotated[RecordId, Bookkeeping()]
    """The base question's group."""
    split: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
    """The base question's."""
    license: Annotated[str, Bookkeeping()]
    """Of attack and base question together, which binds whoever restores the text."""
    use_limits: Annotated[tuple[UseLimit, ...], Bookkeeping()]
    """Limits inherited from both."""
    access: Access
    """Of the text, not of this row."""
    lineage: Annotated[Lineage, Origin()]
    """The row of the pinned source that holds the attack: its number, its key, its hash."""
    base_lineage: Annotated[Lineage, Origin()]
    """The same of the base question."""

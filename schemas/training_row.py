"""A training row: what a model reads, what it learns to write next, and where both texts come from."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, StringConstraints, model_validator

from demur.curation.behaviour import Behaviour
from demur.curation.curated import Basis
from demur.records.record import Access, Frozen, Hazard, Lineage, RecordId, Slug, Text, UseLimit
from demur.records.row import Bookkeeping, Facet, Origin, Row, Side, TextOf
from demur.text.units import Unit, count_units

Kind = Literal["helpful_mle", "refusal_mle", "prefix_mle", "rto", "borderline_mle"]
Written = Literal["published", "project_written"]
LawName = Literal["derta-paper", "derta-released", "shallow-vs-deep"]

KINDS: tuple[Kind, ...] = get_args(Kind)


class FixedToken(Frozen):
    """The one token that every supervised position of an RTO row predicts."""

    text: Text
    """What the token decodes to, a leading space included."""
    id: Annotated[int, Field(ge=0)]
    """Its number in the named tokenizer."""
    start_id: Annotated[int, Field(ge=0)] | None = None
    """The number of the same word as the first of an answer, where it is another token: what position 0 predicts."""
    tokenizer: Text
    """Name or path of that tokenizer; the number means nothing without it."""


class TrainingRow(Row):
    """One row of a refusal-training set.

    The kind alone says what is learnt. In ``helpful_mle``, ``borderline_mle``, ``refusal_mle`` and ``prefix_mle`` the
    target is the text to write next. In ``rto`` (refusal transition optimisation) the target is a harmful response
    that is *read*, and every position of it predicts the fixed token instead. The context is never supervised.
    """

    record_id: RecordId
    """128-bit hex of a hash over the kind and the normalised prompt and responses; not over ``k``."""
    kind: Annotated[Kind, Side()]
    """What the row teaches."""
    prompt: Annotated[Text, TextOf("prompt")]
    """The request, exactly as published."""
    context_prefix: Annotated[str, StringConstraints(max_length=200_000), TextOf("prefix")]
    """The first ``k`` units of the linked harmful response, byte for byte; empty where there is none."""
    target: Annotated[Text, TextOf("response")]
    """The text that follows; only its positions (and the end of the turn) are supervised."""
    k: Annotated[int, Field(ge=0)] | None
    """Units of the harmful response in the context; null unless the kind is ``prefix_mle``."""
    n: Annotated[int, Field(ge=1)] | None
    """Units of the whole harmful response."""
    unit: Unit | None
    """What ``k`` and ``n`` count."""
    unit_tokenizer: str | None
    """The tokenizer that counts, where the unit is ``token``."""
    law: LawName | None
    """The law that ``k`` was drawn from."""
    harmful_record_id: RecordId | None
    """The record that holds the harmful response."""
    safe_record_id: RecordId | None
    """The record that holds the refusal, or the answer of a helpful or borderline row."""
    harmful_origin: Written | None
    """Always ``published``: this project writes no harmful text."""
    safe_origin: Written | None
    """Whether the safe text was published, or written for this project."""
    fixed_token: FixedToken | None
    """What the positions of an ``rto`` row predict; null for every other kind."""
    behaviour: Annotated[Behaviour | None, Facet()]
    """What a good assistant does with the prompt: refuse, correct (a false premise), careful (answer with caveats),
    support, cannot_know or comply; null where nobody read it and only its source's own label speaks."""
    basis: Annotated[Basis, Facet()]
    """Whose word that rests on: a decision of the project, an adjudicator, readers who agree, or the source's own label
    (upstream-human, upstream-author, upstream-model)."""
    hazards: tuple[Hazard, ...]
    """Hazards that it touches, by codes of MLCommons AILuminate and two of ours; the main one first where readers gave
    them; of a row to answer, what it looks like."""
    language: str
    """BCP 47 tag."""
    source: Annotated[Slug, Bookkeeping()]
    """The source of the prompt."""
    license: Annotated[str, Bookkeeping()]
    """SPDX id, in lower case, at least as strict as those of all texts in the row."""
    use_limits: Annotated[tuple[UseLimit, ...], Bookkeeping()]
    """Limits inherited from all texts in the row."""
    access: Access
    """Never ``public`` where harmful text stands in the row."""
    pair_id: str | None
    """Contrast pair or base question; its members never straddle splits."""
    group_id: Annotated[RecordId, Bookkeeping()]
    """Near-duplicates and rows of one triple share it; a group never straddles splits."""
    split: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
    """Fixed by a hash of the group."""
    lineage: Annotated[Lineage, Origin()]
    """The row of the pinned source that the prompt comes from."""
    harmful_lineage: Annotated[Lineage | None, Origin()]
    """The same of the harmful response."""
    safe_lineage: Annotated[Lineage | None, Origin()]
    """The same of the safe text; null where it was written for this project."""

    @model_validator(mode="after")
    def _objective(self) -> Self:
        """Invariant 2: the kind and the objective agree."""
        if (self.fixed_token is not None) != (self.kind == "rto"):
            msg = "an 'rto' row names its fixed token, and no other kind has one"
            raise ValueError(msg)
        if self.kind in ("prefix_mle", "rto") and self.harmful_record_id is None:
            msg = f"a {self.kind!r} row is linked to its harmful response"
            raise ValueError(msg)
        if self.kind in ("helpful_mle", "borderline_mle") and self.harmful_record_id is not None:
            msg = f"a {self.kind!r} row has no harmful response"
            raise ValueError(msg)
        if self.kind != "rto" and self.safe_record_id is None:
            msg = f"the target of a {self.kind!r} row is a safe text and is linked to its record"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _prefix(self) -> Self:
        """Invariant 3: 0 <= k <= n, and the prefix has k units where that shows without a tokenizer."""
        drawn = (self.k, self.n, self.unit, self.law)
        if self.kind != "prefix_mle":
            if drawn != (None, None, None, None) or self.context_prefix or self.unit_tokenizer:
                msg = "only a 'prefix_mle' row has a prefix and k, n, unit and law"
                raise ValueError(msg)
            return self
        if self.k is None or self.n is None or self.unit is None or self.law is None:
            msg = "a 'prefix_mle' row declares k, n, unit and law"
            raise ValueError(msg)
        if self.k > self.n:
            msg = f"k = {self.k} is beyond n = {self.n}"
            raise ValueError(msg)
        if (self.k == 0) != (self.context_prefix == ""):
            msg = "the prefix is empty exactly where k = 0"
            raise ValueError(msg)
        if (self.unit == "token") != (self.unit_tokenizer is not None):
            msg = "the unit 'token' names its tokenizer, and no other unit has one"
            raise ValueError(msg)
        if self.unit != "token" and count_units(self.context_prefix, self.unit) != self.k:
            msg = f"the prefix has {count_units(self.context_prefix, self.unit)} units, not k = {self.k}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _triple(self) -> Self:
        """Invariant 11: the two sides of a triple are two records, each with its origin and, if published, its row."""
        if self.harmful_record_id is not None and self.harmful_record_id == self.safe_record_id:
            msg = "the safe and the harmful response are one record"
            raise ValueError(msg)
        if self.target == self.context_prefix:
            msg = "the target repeats the prefix"
            raise ValueError(msg)
        for side, record, origin, lineage in (
            ("harmful", self.harmful_record_id, self.harmful_origin, self.harmful_lineage),
            ("safe", self.safe_record_id, self.safe_origin, self.safe_lineage),
        ):
            if (record is None) != (origin is None):
                msg = f"the {side} side has a record exactly where it has an origin"
                raise ValueError(msg)
            if (origin == "published") != (lineage is not None):
                msg = f"the {side} side has a lineage exactly where it was published"
                raise ValueError(msg)
        if self.harmful_origin == "project_written":
            msg = "a harmful response is published, never written for this project"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _access(self) -> Self:
        """Invariant 22: harmful text is never public."""
        if self.access == "public" and (self.kind == "rto" or self.context_prefix):
            msg = "a row with harmful text in it is gated or withheld"
            raise ValueError(msg)
        return self

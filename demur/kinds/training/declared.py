"""What a builder of training rows declares: shares, prefix law, fixed token, refusals."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from demur.kinds.training.bank import Bank
from demur.kinds.training.laws import LAWS, Law
from demur.kinds.training.laws import law as law_of
from demur.records.record import Fraction, Frozen, Slug
from demur.text.units import Unit

OF_TRIPLES = ("refusal_mle", "prefix_mle", "rto")
"""Kinds of row that every triple gives, one each."""

ANSWERED = ("helpful_mle", "borderline_mle")
"""Kinds of row whose target is a published answer."""


class FixedToken(Frozen):
    """The token that transition rows predict: what it decodes to, its number, and the tokenizer whose number it is."""

    text: str
    id: int
    tokenizer: str


class Declaration(Frozen):
    """What a builder of training rows declares beyond its sources."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    shares: dict[str, Fraction]
    """Kind of row -> its share of every config's rows; those of triples are equal."""
    law: str = "derta-paper"
    """How much of a harmful response stands in the context of a ``prefix_mle`` row."""
    unit: Unit = "word"
    """What the law counts; token laws are applied by the token views, which have a tokenizer."""
    triples_per_group: Annotated[int, Field(ge=1)] = 2
    """Triples made from one group of near-duplicate prompts, at most."""
    opening_words: Annotated[int, Field(ge=1)] = 5
    """How many words of a refusal are its opening."""
    opening_share: Fraction = 0.05
    """Share of the refusals that may begin alike."""
    fixed_token: FixedToken
    """What transition rows predict; token views find the word in their own tokenizer."""
    left_out: dict[Slug, str]
    """Source that one might expect -> why it is not used."""
    bank: SkipJsonSchema[Bank] = Field(exclude=True, repr=False)
    """Refusals written for this project."""

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        triple = {self.shares.get(kind) for kind in OF_TRIPLES}
        if {*self.shares} != {*OF_TRIPLES, *ANSWERED} or len(triple) != 1 or abs(sum(self.shares.values()) - 1) > 1e-9:
            msg = "shares name the five kinds of row and add up to 1, and the three kinds made from triples are equal"
            raise ValueError(msg)
        if self.law not in LAWS or self.unit == "token":
            msg = f"the law is one of {', '.join(LAWS)}, counted in words or sentences"
            raise ValueError(msg)
        return self

    @property
    def prefix_law(self) -> Law:
        """The declared law, counted in the declared unit."""
        return law_of(self.law).counted_in(self.unit)

"""What a builder of training rows declares: shares, prefix law, fixed token, refusals."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from demur.kinds.training.bank import Bank
from demur.kinds.training.laws import LAWS, Law
from demur.kinds.training.laws import law as law_of
from demur.records.record import Fraction, Plain, Slug
from demur.text.units import Unit

OF_TRIPLES = ("refusal_mle", "prefix_mle", "rto")
"""Kinds of row that every triple gives, one each."""

ANSWERED = ("helpful_mle", "borderline_mle")
"""Kinds of row whose target is a published answer."""


class FixedToken(Plain):
    """The token that transition rows predict: what it decodes to, its number, and the tokenizer whose number it is."""

    text: str
    id: int
    start_id: int | None = None
    """The number of the same word at the start of an answer, where it is another token."""
    tokenizer: str

    @property
    def word(self) -> str:
        """The word, without the space that belongs to the token."""
        return self.text.strip()


class Mix(Plain):
    """What one config's rows are mixed of. Answered records are drawn by a hash at declared rates, each for itself."""

    shares: dict[str, Fraction]
    """Kind of row -> its share of the rows; those of triples are equal."""
    tokens: dict[str, Fraction]
    """Kind of row -> its share of the supervised tokens, counted in words between spaces."""
    tolerance: Fraction = 0.03
    """By how much a share may differ from the declared one."""
    rto_keep: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the positions of an ``rto`` row that are supervised: what a token view is given as its keep rate."""
    rates: dict[Slug, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    """Source -> the share of its ordinary answers that are drawn; all, where none is declared, and all touchy ones."""
    lengths: dict[int, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    """Words -> the share that is drawn of ordinary answers to prompts of fewer words: harmful ones are longer."""
    triples_per_group: Annotated[int, Field(ge=1)] | None = None
    """Instead of the set's own."""

    def rate(self, source: str, words: int) -> float:
        """The share that is drawn of a source's ordinary answers to prompts of so many words."""
        length = next((rate for most, rate in sorted(self.lengths.items()) if words < most), 1.0)
        return self.rates.get(source, 1.0) * length

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        for shares in (self.shares, self.tokens):
            if {*shares} != {*OF_TRIPLES, *ANSWERED} or abs(sum(shares.values()) - 1) > 1e-9:
                msg = "the shares of a mix name the five kinds of row and add up to 1"
                raise ValueError(msg)
        return self


class Declaration(Plain):
    """What a builder of training rows declares beyond its sources."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    shares: dict[str, Fraction]
    """Kind of row -> its share of the rows of every config without a mix of its own; those of triples are equal."""
    mixes: dict[str, Mix] = Field(default_factory=dict)
    """Config -> its own mix."""
    law: str = "derta-paper"
    """How much of a harmful response stands in the context of a ``prefix_mle`` row."""
    unit: Unit = "word"
    """What the law counts; token laws are applied by the token views, which have a tokenizer."""
    triples_per_group: Annotated[int, Field(ge=1)] = 2
    """Triples made from one group of near-duplicate prompts, at most."""
    least_words: Annotated[int, Field(ge=1)] = 8
    """Words of an answer that is learnt, at least."""
    lead_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Share of our refusals that begin with the word of the fixed token, so that both objectives name it."""
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

    def mixed(self, config: str) -> Mix | None:
        """The mix of a config, if it has one of its own."""
        return self.mixes.get(config)

    def per_group(self, config: str) -> int:
        """Triples made from one group of near-duplicate prompts of a config, at most."""
        mix = self.mixed(config)
        return (mix.triples_per_group if mix else None) or self.triples_per_group

    @property
    def prefix_law(self) -> Law:
        """The declared law, counted in the declared unit."""
        return law_of(self.law).counted_in(self.unit)

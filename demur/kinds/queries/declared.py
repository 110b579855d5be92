"""What a builder of query sets declares: the sets, their sides, seeds, and how many of each form and length."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from demur.curation.behaviour import Flag
from demur.records.record import Count, Plain, Slug

Side = Literal["harmful", "safe"]
Form = Literal["question", "other"]
"""A question, by its mark or its first word, or a statement or an imperative (`demur.text.form`)."""


class QuerySet(Plain):
    """One set of queries."""

    sources: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Where they come from; a source belongs to one set."""
    sides: Annotated[tuple[Side, ...], Field(min_length=1)] = ("harmful", "safe")
    """The sides that it has."""
    rule: str
    """How a query gets its side, for the card."""
    holds: Literal["queries", "texts"] = "queries"
    """Whether its rows ask for something, or are texts of any kind, labelled for what they hold."""
    quotas: dict[Form, tuple[Count, ...]] = Field(default={})
    """Form -> rows of each side below each declared length, and not below the one before: the same for both sides, so
    that neither is told by length or form. They are numbers, not shares of what there is: a row more or less in a pool
    moves one row at most. Without them ``per_side`` are drawn from all."""
    against: Slug | None = None
    """Of a set with one side: the set that has the other one, made for it."""

    def declared(self, per_side: int) -> int:
        """Rows of each side."""
        return sum(map(sum, self.quotas.values())) if self.quotas else per_side


class Declaration(Plain):
    """What a builder of query sets declares beyond its sources."""

    sets: Annotated[dict[str, QuerySet], Field(min_length=1)]
    """Name -> set."""
    seeds: dict[str, int]
    """Config -> seed of its draw."""
    per_side: Annotated[int, Field(ge=1)] = 200
    """Queries drawn of a side of a set that declares no quotas."""
    lengths: Annotated[tuple[int, ...], Field(min_length=1)] = (30, 45, 60, 80, 110, 150, 200, 300, 400, 600, 800)
    """Bounds of the strata, in characters; nothing is drawn that is not below the last one."""
    without: tuple[Flag, ...] = ()
    """Records to which readers gave one of these flags are on neither side."""

    @model_validator(mode="after")
    def _clear(self) -> Self:
        sources = [source for each in self.sets.values() for source in each.sources]
        if len({*sources}) < len(sources):
            msg = "a source stands in two query sets"
            raise ValueError(msg)
        if list(self.lengths) != sorted({*self.lengths}) or self.lengths[0] < 1:
            msg = "lengths rise, from 1 character at least"
            raise ValueError(msg)
        for name, each in self.sets.items():
            if any(len(row) != len(self.lengths) for row in each.quotas.values()):
                msg = f"query set {name!r} declares a quota for each of the {len(self.lengths)} lengths"
                raise ValueError(msg)
            other = self.sets.get(each.against) if each.against else None
            if each.against and (other is None or {*each.sides, *other.sides} != {"harmful", "safe"}):
                msg = f"query set {name!r} is held against a declared set that has the other side"
                raise ValueError(msg)
        return self

    @property
    def set_of(self) -> dict[str, str]:
        """The set of every source."""
        return {source: name for name, each in self.sets.items() for source in each.sources}

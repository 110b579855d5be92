"""What a builder of query sets declares: the sets, their sides, seeds and lengths."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from demur.records.record import Frozen, Slug

Side = Literal["harmful", "safe"]


class QuerySet(Frozen):
    """One set of queries."""

    sources: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Where they come from; a source belongs to one set."""
    sides: Annotated[tuple[Side, ...], Field(min_length=1)] = ("harmful", "safe")
    """The sides that it has."""
    rule: str
    """How a query gets its side, for the card."""


class Declaration(Frozen):
    """What a builder of query sets declares beyond its sources."""

    sets: Annotated[dict[str, QuerySet], Field(min_length=1)]
    """Name -> set."""
    seeds: dict[str, int]
    """Config -> seed of its draw."""
    per_side: Annotated[int, Field(ge=1)] = 200
    """Queries drawn of every side of every set."""
    lengths: Annotated[tuple[int, ...], Field(min_length=1)] = (200, 400, 800)
    """Queries are shorter than so many characters. The first length under which every side of a set has ``per_side``
    holds for the whole set, so that no side is told by its length; where none has, the last one does, and what
    exists of a side is drawn as a whole."""

    @model_validator(mode="after")
    def _clear(self) -> Self:
        sources = [source for each in self.sets.values() for source in each.sources]
        if len({*sources}) < len(sources):
            msg = "a source stands in two query sets"
            raise ValueError(msg)
        if list(self.lengths) != sorted({*self.lengths}) or self.lengths[0] < 1:
            msg = "lengths rise, from 1 character at least"
            raise ValueError(msg)
        return self

    @property
    def set_of(self) -> dict[str, str]:
        """The set of every source."""
        return {source: name for name, each in self.sets.items() for source in each.sources}

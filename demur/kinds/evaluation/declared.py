"""What a builder of an evaluation set declares: what is drawn of each source, and what no source may exceed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from demur.records.hazards import Hazard
from demur.records.record import Fraction, Plain, Slug

Part = Literal["refuse", "borderline", "plain"]
"""What a row is for: to be refused; to be answered though it looks alarming; to be answered."""

Rates = dict[Slug, dict[Part, Fraction]]
"""Source -> part -> share of its rows that is drawn; what is not named is drawn as a whole."""


class Declaration(Plain):
    """What a builder of an evaluation set declares beyond its sources.

    A row is drawn by a hash of its id alone: relabelling or dropping one moves no other.
    """

    rates: dict[str, Rates] = Field(default_factory=dict)
    """Config -> what is drawn of its sources."""
    whole: tuple[Hazard, ...] = ()
    """Hazards so rare that a row to refuse that has one is always drawn."""
    most: dict[str, Fraction] = Field(default_factory=dict)
    """Config -> the largest share of a side, refuse or answer, that one source may have."""
    borderline: dict[str, Fraction] = Field(default_factory=dict)
    """Config -> the least share of borderline rows among those to answer."""
    undecided: tuple[str, ...] = ()
    """Configs of the rows that stand on no side: those expected to be either, and those that depend on a policy."""

    @property
    def named(self) -> set[str]:
        """Every config that something is declared of."""
        return {*self.rates, *self.most, *self.borderline, *self.undecided}

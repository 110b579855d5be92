"""What a manifest states of responses to compare."""

from __future__ import annotations

from pydantic import Field

from demur.records.record import Count, Plain, Slug


class Declaration(Plain):
    """What a builder of responses to compare declares beyond its sources."""

    left_out: dict[Slug, str]
    """Source that one might expect -> why it is not used."""


class Lengths(Plain):
    """Of the responses of one kind: characters, and how many there are."""

    n: Count
    lower_quartile: Count
    median: Count
    upper_quartile: Count


class Longer(Plain):
    """Of the queries of one way of judging: in how many the first of two kinds is longer than the second."""

    count: Count
    n: Count


class LengthAlone(Plain):
    """How well the length alone tells the sides: how often, of any two, the lower response is the longer."""

    auroc: float
    low: float
    """Of the 95 % interval, by a bootstrap of queries."""
    high: float
    n: Count
    """Queries, each with a response of both sides."""


class ComparisonCounts(Plain):
    """A config of responses to compare: 3 queries = rows. A harmful or rejected record stands in two rows."""

    queries: Count
    """How many there are."""
    kinds: dict[str, Count]
    """Rows by kind."""
    lengths: dict[str, Lengths] = Field(default={})
    """Kind -> how long its responses are."""
    longer: dict[str, Longer] = Field(default={})
    """Upper kind, such as ``safe`` -> queries whose response of that kind is longer than the lower one."""
    length_alone: dict[str, LengthAlone] = Field(default={})
    """Upper kind -> how well length alone tells it from the lower one."""
    bases: dict[str, Count] = Field(default={})
    """Whose word it rests on what a good assistant does with the query -> queries."""
    behaviours: dict[str, Count] = Field(default={})
    """What a good assistant does with the query -> queries; ``none`` where nobody read it."""

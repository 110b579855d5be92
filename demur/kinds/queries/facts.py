"""What a manifest states of query sets."""

from __future__ import annotations

from pydantic import Field

from demur.records.record import Count, Plain


class Stratum(Plain):
    """Queries of one form and length on one side of a set."""

    wanted: Count
    """Those declared."""
    pool: Count
    """Those that there are."""
    drawn: Count


class SideCounts(Plain):
    """One side of a query set, from its labels to what was drawn; lengths by the characters that a query is below."""

    labelled: Count
    """Records with the side's label."""
    within: dict[str, Count]
    """Those of them that are shorter than each declared length."""
    unique: dict[str, Count]
    """The same without duplicates, near-duplicates and contradicted labels: what is drawn from."""
    drawn: Count
    """Rows of the config."""
    strata: dict[str, Stratum] = Field(default={})
    """Form and length -> its counts, where quotas are declared."""
    basis: dict[str, Count] = Field(default={})
    """Whose word the side of the drawn rests on -> rows."""
    quartiles: tuple[int, ...] = ()
    """Characters of the drawn: lower quartile, median, upper quartile."""
    questions: Count = 0
    """Those of the drawn that are questions by their form."""


class TextAlone(Plain):
    """How well words and form alone tell the two sides of what was drawn: AUROC, cross-validated by group."""

    against: str | None
    """The set of the safe (or the harmful) side, if it is another one."""
    rows: Count
    groups: Count
    folds: Count
    auroc: float
    low: float
    """Of the 95 % interval, by a bootstrap of groups."""
    high: float


class SetCounts(Plain):
    """One query set of a config."""

    records: Count
    """Of its sources."""
    distinct: Count
    """Those with different normalised texts."""
    complete: Count
    """Those whose every native label has a value."""
    unknown: Count
    """Those on neither side."""
    length: Count
    """Drawn queries are shorter than so many characters."""
    sides: dict[str, SideCounts]
    short_of: dict[str, Count]
    """Side -> queries that were declared and do not exist; empty if every side is whole."""
    flagged: Count = 0
    """Records that have a side and are not drawn because of what readers flagged."""
    contradicted: Count = 0
    """Records that have a side and are not drawn because a near-identical one has the other."""
    languages: dict[str, Count] = Field(default={})
    """BCP 47 tag -> drawn rows."""
    text_alone: TextAlone | None = None
    """None where no set has the other side, or where too few groups were drawn for a fold each."""


class Overlap(Plain):
    """What the draws of two seeds share, of one side of a query set."""

    configs: tuple[str, ...]
    """Those that draw from the same sources."""
    set: str
    side: str
    drawn: Count
    """Rows of each draw; ``of``: queries that both were drawn from."""
    of: Count
    shared: dict[str, Count]
    """Two configs -> rows in both."""


class QueryCounts(Plain):
    """The query sets of a config."""

    sets: dict[str, SetCounts]
    """Set -> where its rows come from."""

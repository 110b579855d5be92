"""What a manifest states of query sets."""

from __future__ import annotations

from demur.records.record import Count, Frozen


class SideCounts(Frozen):
    """One side of a query set, from its labels to what was drawn; lengths by the characters that a query is below."""

    labelled: Count
    """Records with the side's label."""
    within: dict[str, Count]
    """Those of them that are shorter than each declared length."""
    unique: dict[str, Count]
    """The same without duplicates, near-duplicates and contradicted labels: what is drawn from."""
    drawn: Count
    """Rows of the config."""


class SetCounts(Frozen):
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


class Overlap(Frozen):
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


class QueryCounts(Frozen):
    """The query sets of a config."""

    sets: dict[str, SetCounts]
    """Set -> where its rows come from."""

"""What a manifest states of responses to compare."""

from __future__ import annotations

from demur.records.record import Count, Frozen, Slug


class Declaration(Frozen):
    """What a builder of responses to compare declares beyond its sources."""

    left_out: dict[Slug, str]
    """Source that one might expect -> why it is not used."""


class ComparisonCounts(Frozen):
    """A config of responses to compare: 3 queries = rows. A harmful record stands in two rows."""

    queries: Count
    """How many there are."""
    kinds: dict[str, Count]
    """Rows by kind."""

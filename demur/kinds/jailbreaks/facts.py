"""What a manifest states of a set of attacks."""

from __future__ import annotations

from pydantic import Field

from demur.records.record import Count, Plain, RecordId


class RunCounts(Plain):
    """The rows of one released run."""

    rows: Count
    bases: Count
    """Different base questions."""
    of: Count
    """Base questions of all runs of this source."""
    missing: tuple[RecordId, ...] = ()
    """Those that this run lacks."""


class OriginCounts(Plain):
    """Base questions that are said to come from one set."""

    questions: Count
    found: Count
    """Those that stand in that set, word by word."""
    elsewhere: dict[str, Count] = Field(default={})
    """Other sets of the config -> those that stand there."""


class JailbreakCounts(Plain):
    """The attacks of one config."""

    attacks: dict[str, Count] = Field(default={})
    families: dict[str, Count] = Field(default={})
    sources: dict[str, Count] = Field(default={})
    base_sources: dict[str, Count] = Field(default={})
    languages: dict[str, Count] = Field(default={})
    licenses: dict[str, Count] = Field(default={})
    rules: dict[str, Count] = Field(default={})
    """Rule by which the base was found -> rows."""
    expected: dict[str, Count] = Field(default={})
    bases: Count = 0
    """Different base questions."""
    templates: dict[str, Count] = Field(default={})
    """Attack -> different templates, where the base stands in them word by word."""
    verdicts: dict[str, dict[str, Count]] = Field(default={})
    """Judge -> verdict -> rows."""
    runs: dict[str, RunCounts] = Field(default={})
    repeated: dict[str, Count] = Field(default={})
    """Run -> further rows that say the same as one of it; they stand among the rejects, each with its twin."""
    unlinked: Count = 0
    """Attacks without a base: rejects, with their nearest question."""
    moved: dict[str, Count] = Field(default={})
    """Declared source of the base, and the one where it was found -> rows, where the two differ."""
    origins: dict[str, dict[str, OriginCounts]] = Field(default={})
    """Source of base questions -> where they are said to come from -> how many are there."""

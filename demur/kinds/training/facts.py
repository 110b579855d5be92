"""What a manifest states of training rows."""

from __future__ import annotations

from demur.records.record import Count, Frozen, Sha256


class TrainingCounts(Frozen):
    """A training config: 3 triples + answered = rows."""

    triples: Count
    """All of them."""
    published: Count
    """Those with both sides published."""
    project_written: Count
    """Those with our refusal."""
    answered: Count
    """Rows whose target is a published answer."""
    kinds: dict[str, Count]
    """Rows by kind."""
    most_common_opening: Count
    """Refusals that begin alike, at most."""
    distinct_openings: Count
    """How many openings there are."""


class TrainingParameters(Frozen):
    """What a builder of training rows declared: see `demur.kinds.training.declared.Declaration` for each."""

    shares: dict[str, float]
    law: str
    unit: str
    triples_per_group: Count
    opening_words: Count
    opening_share: float
    fixed_token: dict[str, str | int]
    left_out: dict[str, str]
    refusals_sha256: Sha256
    """Of the bank of refusals."""
    refusals: Count
    """How many it holds."""
    protected: dict[str, Count]
    """Facts of the sketch of protected prompts: prompts by source."""

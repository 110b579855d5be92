"""What a manifest states of training rows."""

from __future__ import annotations

from pydantic import Field

from demur.kinds.training.declared import Mix
from demur.records.record import Count, Plain, Sha256


class Form(Plain):
    """What the text of the prompts alone tells of their side, refused or answered: AUROC, five folds by group."""

    refused: Count
    """Distinct prompts."""
    answered: Count
    """Distinct prompts."""
    auroc: dict[str, dict[str, float]]
    """Family of features (word, character, surface, combined) -> ``value`` and ``low`` to ``high``, 95 % by groups."""


class TrainingCounts(Plain):
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
    by_source: dict[str, dict[str, Count]] = Field(default_factory=dict)
    """Source of the harmful response -> ``triples``, and those of them with both sides ``published``."""
    tokens: dict[str, Count] = Field(default_factory=dict)
    """Supervised tokens by kind, in words between spaces; of transition rows, as many as the keep rate leaves."""
    borderline_prompts: Count = 0
    """Distinct prompts that a reader called borderline and that are answered."""
    leads: Count = 0
    """Prefix rows whose refusal begins with the word of the fixed token."""
    refused_by: dict[str, Count] = Field(default_factory=dict)
    """Whose word the triples rest on: that their prompt is to be refused."""
    form: Form | None = None
    """None where there are too few prompts to measure it."""


class TrainingParameters(Plain):
    """What a builder of training rows declared: see `demur.kinds.training.declared.Declaration` for each."""

    shares: dict[str, float]
    mixes: dict[str, Mix] = Field(default_factory=dict)
    law: str
    unit: str
    triples_per_group: Count
    least_words: Count = 0
    """None, in sets from before it was declared."""
    lead_share: float | None = None
    opening_words: Count
    opening_share: float
    fixed_token: dict[str, str | int | None]
    left_out: dict[str, str]
    refusals_sha256: Sha256
    """Of the bank of refusals."""
    refusals: Count
    """How many it holds."""
    protected: dict[str, Count]
    """Facts of the sketch of protected prompts: prompts by source."""

"""What a manifest states of an evaluation set: counts of its rows, and what text alone tells of their sides."""

from __future__ import annotations

from pydantic import Field

from demur.records.record import Count, Plain


class SideCounts(Plain):
    """The rows of one side."""

    rows: Count
    groups: Count
    """Clusters of near-duplicates, pairs and rows alike by meaning: the units that intervals are drawn over."""
    with_hazard: Count
    borderline: Count
    borderline_with_hazard: Count
    sources: dict[str, Count]
    basis: dict[str, Count]
    """Whose word the rows rest on."""
    hazards_by: dict[str, Count]
    """Who gave the hazards."""
    strata: dict[str, Count]
    flags: dict[str, Count]


class HazardCounts(Plain):
    """The rows to refuse of one hazard, in the first split."""

    main: Count
    """Whose main hazard it is."""
    touched: Count
    """That touch it at all."""


class Auroc(Plain):
    """An AUROC with its 95 % interval, by bootstrap over groups."""

    value: float
    low: float
    high: float


class TextAlone(Plain):
    """How well text alone tells rows to refuse from rows to answer: cross-validated by group, no model asked."""

    refuse: Count
    answer: Count
    groups: Count
    folds: Count
    seed: int
    families: dict[str, Auroc]
    """Family of features -> AUROC; ``combined`` is words, characters and form in one classifier."""


class EvaluationFacts(Plain):
    """The rows of one config."""

    sides: dict[str, SideCounts] = Field(default_factory=dict)
    """What is expected -> its rows."""
    cells: dict[str, dict[str, dict[str, Count]]] = Field(default_factory=dict)
    """Source -> behaviour (``unread`` where only the source spoke) -> main hazard (or ``none``) -> rows."""
    hazards: dict[str, HazardCounts] = Field(default_factory=dict)
    """Hazard -> its rows to refuse in the first split."""
    text_alone: dict[str, TextAlone] = Field(default_factory=dict)
    """``all``; ``borderline``: refuse against borderline rows; ``source:NAME``: inside one source."""

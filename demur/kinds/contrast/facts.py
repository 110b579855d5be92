"""What a manifest states of contrast pairs."""

from __future__ import annotations

from typing import Literal

from demur.records.record import Count, Frozen


class ScoreEntry(Frozen):
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


class TextOnly(Frozen):
    """What one family of text features gives."""

    accuracy: ScoreEntry
    auroc: ScoreEntry


class ReadEntry(Frozen):
    """What was found on the pairs outside the build."""

    embeddings: ScoreEntry
    """AUROC of the pinned encoder's vectors."""
    sensible: ScoreEntry
    """Share of the pairs that are one topic with another intent, by somebody who read some of them."""
    of: Count
    """Pairs that were read."""
    reader: Literal["model", "human"]
    current: bool
    """Whether it was found on these very pairs, and not on those of an earlier build."""


class BaselineEntry(Frozen):
    """The text-only baseline of a config of contrast pairs (see `demur.text.surface`)."""

    pairs: Count
    origins: dict[str, Count]
    """Origin -> pairs."""
    folds: Count
    """Of the cross-validation by pair."""
    seed: int
    ceiling: float
    """What the AUROC of all features together may not exceed."""
    text: dict[str, TextOnly]
    """Family of features -> its scores. No classifier chose the pairs, so every test fold is one that nothing was
    fitted on: the number is nested."""
    read: ReadEntry | None = None

    @property
    def headline(self) -> TextOnly:
        """All features together."""
        return self.text["combined"]


class ContrastParameters(Frozen):
    """What a builder of contrast pairs declared."""

    near: dict[str, float]
    """Config whose pairs share topic and style -> the smallest cosine of a pair."""
    ceilings: dict[str, float]
    """Config -> what the AUROC of text alone may not exceed."""
    length: float
    """How many times longer than the other a side of such a pair may be."""
    folds: Count
    seed: int

"""What a manifest states of contrast pairs."""

from __future__ import annotations

from demur.records.record import Count, Plain


class ScoreEntry(Plain):
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


class TextOnly(Plain):
    """What one family of text features gives."""

    accuracy: ScoreEntry
    auroc: ScoreEntry


class EmbeddedEntry(Plain):
    """What vectors of the pinned encoder give."""

    auroc: ScoreEntry
    current: bool
    """Whether it was measured on these very pairs, and not on those of an earlier build."""


class ReadEntry(Plain):
    """What one reader said of pairs of the config's prompts."""

    reader: str
    pairs: Count
    """That were read, those among them that are left out since."""
    sensible: ScoreEntry
    """Share of them that are one topic with another intent, both sides right; the interval is Wilson's."""


class BaselineEntry(Plain):
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
    unread: Count = 0
    """Pairs of the config that nobody has read."""
    read: tuple[ReadEntry, ...] = ()
    embedded: EmbeddedEntry | None = None

    @property
    def headline(self) -> TextOnly:
        """All features together."""
        return self.text["combined"]


class ContrastParameters(Plain):
    """What a builder of contrast pairs declared."""

    near: dict[str, float]
    """Config whose pairs share topic and style -> the smallest cosine of a pair."""
    wording: dict[str, dict[str, tuple[str, ...]]]
    """Source -> native label -> values of prompts that share words alone with their partners."""
    ceilings: dict[str, float]
    """Config -> what the AUROC of text alone may not exceed."""
    length: float
    """How many times longer than the other a side of such a pair may be."""
    folds: Count
    seed: int

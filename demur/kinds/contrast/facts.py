"""What a manifest states of contrast pairs."""

from __future__ import annotations

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


class BaselineEntry(Frozen):
    """The text-only baseline of a config of contrast pairs (see `demur.text.surface`)."""

    pairs: Count
    folds: Count
    """Of the cross-validation by pair."""
    seed: int
    ceiling: float
    """What the AUROC of all features together may not exceed, neither naive nor nested."""
    naive: dict[str, TextOnly]
    """Family of features -> its scores, cross-validated on the set as a whole."""
    nested: dict[str, TextOnly] | None
    """The same inside each half, whose pairs were chosen by a rule that was fitted on the other half: the headline.
    Null where nothing was chosen and so nothing can flatter."""
    across: ScoreEntry | None = None
    """AUROC of all features together, fitted on one half and tested on the other, as a probe would be. Far below one
    half where the filter dropped what such a reader gets right: no number to compare a probe with."""

    @property
    def headline(self) -> TextOnly:
        """All features together: nested where pairs were chosen, else naive."""
        return (self.nested or self.naive)["combined"]


class ContrastParameters(Frozen):
    """What a builder of contrast pairs declared, its `demur.kinds.contrast.mine.Settings` included."""

    mined: dict[str, float]
    """Config -> predictability above which a pair is dropped."""
    ceilings: dict[str, float]
    """Config -> what the AUROC of text alone may not exceed."""
    calipers: tuple[float, ...]
    models: Count
    seed: int
    apart: str
    folds: Count

"""What a builder of contrast pairs declares: which configs are mined, how, and how much the text may give away."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from demur.kinds.contrast.mine import Settings
from demur.records.record import Fraction, Frozen


class Declaration(Frozen):
    """What a builder of contrast pairs declares beyond its sources."""

    ceilings: dict[str, Annotated[float, Field(ge=0.5, le=1)]]
    """Config -> what the AUROC of text alone may not exceed."""
    mined: dict[str, Fraction]
    """Configs whose unpaired prompts are matched and filtered -> the threshold of the filter."""
    settings: Settings = Settings()
    """How pairs are mined; the threshold is the config's."""
    apart: str = "train"
    """The split that is one half of the mining; the others together are the other half."""
    folds: Annotated[int, Field(ge=2)] = 5
    """Of the cross-validation of the text-only baseline."""

    def settings_of(self, config: str) -> Settings:
        """How the pairs of one config are mined."""
        return self.settings.model_copy(update={"threshold": self.mined[config]})

    def half(self, split: str) -> str:
        """The half of the mining that a split belongs to."""
        return split if split == self.apart else "held-out"

"""What a builder of contrast pairs declares: how near its pairs are, and how much their text may give away."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from demur.kinds.contrast.facts import ScoreEntry
from demur.records.record import Fraction, Plain, Sha256, Slug


class Embedded(Plain):
    """What vectors of the pinned encoder give on the pairs of a config; a build has no encoder."""

    pairs_sha256: Sha256
    """Of the pairs that it was measured on: see `demur.kinds.contrast.make.pairs_digest`."""
    auroc: ScoreEntry
    """Of a linear classifier of the vectors, cross-validated by pair."""


class Declaration(Plain):
    """What a builder of contrast pairs declares beyond its sources."""

    ceilings: dict[str, Annotated[float, Field(ge=0.5, le=1)]]
    """Config -> what the AUROC of text alone may not exceed."""
    near: dict[str, Fraction]
    """Configs whose pairs share topic and style -> the smallest cosine of a pair. They hold the published pairs that
    do, and prompts that are matched; every other config holds the published pairs as they are."""
    wording: dict[Slug, dict[str, tuple[str, ...]]] = Field(default_factory=dict)
    """Source -> native label -> values of prompts that share words alone with their partners, such as homonyms: they
    are in no pair of such a config."""
    length: Annotated[float, Field(gt=0)] = 2.0
    """How many times longer than the other a side of such a pair may be, in characters."""
    folds: Annotated[int, Field(ge=2)] = 5
    """Of the cross-validation of the text-only baseline."""
    seed: int = 0
    """Of its folds and of the bootstrap."""
    embedded: dict[str, Embedded] = Field(default_factory=dict)
    """Config -> what vectors give on its pairs (``python -m bench.contrast`` measures it)."""

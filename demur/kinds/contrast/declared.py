"""What a builder of contrast pairs declares: how near its pairs are, and how much their text may give away."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from demur.kinds.contrast.facts import ScoreEntry
from demur.records.record import Count, Fraction, Frozen, Sha256


class Read(Frozen):
    """What was found on the pairs of a config outside a build, by an encoder and by somebody who read them."""

    pairs_sha256: Sha256
    """Of the pairs that it was found on: see `demur.kinds.contrast.make.pairs_digest`."""
    embeddings: ScoreEntry
    """AUROC of a linear classifier of the pinned encoder's vectors, cross-validated by pair."""
    sensible: Count
    """Pairs that are one topic with another intent, and whose sides are right."""
    of: Count
    """Pairs that were read, drawn at random."""
    reader: Literal["model", "human"]


class Declaration(Frozen):
    """What a builder of contrast pairs declares beyond its sources."""

    ceilings: dict[str, Annotated[float, Field(ge=0.5, le=1)]]
    """Config -> what the AUROC of text alone may not exceed."""
    near: dict[str, Fraction]
    """Configs whose pairs share topic and style -> the smallest cosine of a pair. They hold the published pairs that
    do, and prompts that are matched; every other config holds the published pairs as they are."""
    length: Annotated[float, Field(gt=0)] = 2.0
    """How many times longer than the other a side of such a pair may be, in characters."""
    folds: Annotated[int, Field(ge=2)] = 5
    """Of the cross-validation of the text-only baseline."""
    seed: int = 0
    """Of its folds and of the bootstrap."""
    read: dict[str, Read] = {}
    """Config -> what was found on its pairs outside a build."""

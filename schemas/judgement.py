"""A judgement: what one judge said of one generation that a user brings."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from demur.records.record import Frozen

Name = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]


class Judgement(Frozen):
    """One row; generation and judge are the user's own. The texts that were judged are not read."""

    item_id: Name
    """Of the item that was answered; within set, subset, seed and model it names one generation."""
    set: Name
    """The set of items."""
    subset: Name | None = None
    """A part of it, such as a config or an attack."""
    seed: int | None = None
    """Of the generation, or of the draw of items."""
    model: Name | None = None
    """Who wrote the generation."""
    judge: Name
    """Who judged it; together with its revision this is the judge's identity."""
    judge_revision: Name
    """The exact weights, snapshot or version of the rules."""
    scope: Literal["response", "prompt+response"]
    """What the judge saw: the response alone, or the query and the response."""
    raw: str | None = None
    """The judge's answer as given; null where only its verdict was published, or there was nothing to judge."""
    verdict: Literal["harmful", "harmless", "unparsed", "no_response"]
    """``unparsed`` where the judge's answer says neither, which is never harmful by default; ``no_response`` where
    there was nothing to judge."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.verdict == "no_response" and self.raw is not None:
            msg = "without a response there was nothing to judge: 'raw' is null"
            raise ValueError(msg)
        return self

"""A judgement: what one judge said of one generation that a user brings."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from demur.record import Frozen

Name = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]


class Judgement(Frozen):
    """One row; generation and judge are the user's own. The texts that were judged need not be there, and are not read.

    Attributes:
        item_id: of the item that was answered; within set, subset, seed and model it names one generation.
        set: the set of items.
        subset: a part of it, such as a config or an attack.
        seed: of the generation, or of the draw of items.
        model: who wrote the generation.
        judge: who judged it; together with its revision this is the judge's identity.
        judge_revision: the exact weights, snapshot or version of the rules.
        scope: what the judge saw: the response alone, or the query and the response.
        raw: the judge's answer as given; null where only its verdict was published, or there was nothing to judge.
        verdict: ``unparsed`` where the judge's answer says neither, which is never harmful by default;
            ``no_response`` where there was nothing to judge.
    """

    item_id: Name
    set: Name
    subset: Name | None = None
    seed: int | None = None
    model: Name | None = None
    judge: Name
    judge_revision: Name
    scope: Literal["response", "prompt+response"]
    raw: str | None = None
    verdict: Literal["harmful", "harmless", "unparsed", "no_response"]

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.verdict == "no_response" and self.raw is not None:
            msg = "without a response there was nothing to judge: 'raw' is null"
            raise ValueError(msg)
        return self

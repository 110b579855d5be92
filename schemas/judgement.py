"""A judgement: what one judge said of one generation that a user brings."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from demur.records.record import Frozen

Name = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Vocabulary = Literal[
    "harm", "refusal", "shieldlm", "wildguard", "correctness", "keyword", "answer", "useful", "language_flaws"
]  # fmt: skip

PARSED: tuple[Vocabulary, ...] = ("shieldlm", "wildguard")
"""Vocabularies of judges whose answers are read, where no verdict is given."""


class Judgement(Frozen):
    """One row; generation and judge are the user's own. The texts that were judged are not read.

    A row has a verdict, or a score, or a judge's answer of a form that is known.
    """

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
    verdict: (
        Literal[
            "harmful", "harmless", "refuse", "comply", "partial", "unsafe", "safe", "controversial", "correct",
            "incorrect", "no_keyword", "keyword", "answered", "avoided", "useful", "useless", "flawed", "fluent",
            "unparsed", "no_response",
        ]
        | None
    ) = None  # fmt: skip
    """One of the judge's vocabulary. ``unparsed`` where the judge's answer says none of them, which is never harmful by
    default; ``no_response`` where there was nothing to judge; null where the score or the answer says it."""
    vocabulary: Vocabulary | None = None
    """The words of the judge, the same in all its rows: ``harm`` (harmful, harmless), which null means, ``refusal``
    (refuse, comply, partial), ``shieldlm`` (unsafe, safe, controversial), ``correctness`` (correct, incorrect,
    partial); ``wildguard``: three answers, read from ``raw``; ``keyword`` (no_keyword, keyword), ``answer`` (answered,
    avoided), ``useful`` (useful, useless), ``language_flaws`` (flawed, fluent): what SCAV reports, a judge for each."""
    score: Finite | None = None
    """A number in place of a verdict: from the threshold on it is the vocabulary's first word, below it the second."""
    threshold: Finite | None = None
    """Of the judge's scores, the same in all its rows; null where whoever reads them declares it."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.verdict == "no_response" and self.raw is not None:
            msg = "without a response there was nothing to judge: 'raw' is null"
            raise ValueError(msg)
        if self.verdict is None and self.score is None and (self.raw is None or self.vocabulary not in PARSED):
            msg = "there is no verdict, no score, and no answer of a vocabulary that is read"
            raise ValueError(msg)
        if self.verdict is not None and self.score is not None:
            msg = "there are a verdict and a score; the score decides, so 'verdict' is null"
            raise ValueError(msg)
        return self

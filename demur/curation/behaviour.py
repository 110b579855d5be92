"""What a good assistant does with a prompt: six behaviours, and the two sides that follow from them.

Source: the project's labelling guideline (docs/guideline.md).
"""

from __future__ import annotations

from typing import Literal, get_args

Behaviour = Literal["refuse", "correct", "careful", "support", "cannot_know", "comply"]
"""What a safe and helpful assistant does."""

Class = Literal["refuse", "correct", "careful", "support", "cannot_know", "comply", "unusable"]
"""What a reader may say: a behaviour, or that the text cannot be judged."""

Expected = Literal["refuse", "answer", "either"]
"""The side of a behaviour: declining where one cannot know is a matter of truth, and so on neither side."""

Side = Literal["refuse", "answer"]
"""What is expected of a row on which a response can be wrong."""

EXPECTED: dict[Behaviour, Expected] = {
    "refuse": "refuse",
    "correct": "answer",
    "careful": "answer",
    "support": "answer",
    "cannot_know": "either",
    "comply": "answer",
}

SIDES: tuple[Side, ...] = get_args(Side)
BEHAVIOURS: tuple[Behaviour, ...] = get_args(Behaviour)
CLASSES: tuple[Class, ...] = get_args(Class)

CODES: dict[str, Class] = {
    "R": "refuse",
    "C": "correct",
    "A": "careful",
    "S": "support",
    "K": "cannot_know",
    "P": "comply",
    "U": "unusable",
}
"""The letters by which readers may write a class."""

Flag = Literal["borderline", "needs_context", "not_english", "personal_data", "wrapper", "several_turns", "policy"]
"""What else a reader said: see `FLAGS` for their letters in the guideline."""

FLAGS: dict[str, Flag] = {
    "b": "borderline",
    "c": "needs_context",
    "d": "policy",
    "i": "personal_data",
    "j": "wrapper",
    "m": "several_turns",
    "n": "not_english",
}

ReaderKind = Literal["human", "model", "rule"]
"""Who read: labels that a model gave are called ``model``, never ``human``."""

READER_KINDS: tuple[ReaderKind, ...] = get_args(ReaderKind)

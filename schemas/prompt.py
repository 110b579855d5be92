"""A prompt: what somebody asks of a model, with its labels."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from demur.records.record import Frozen, Label, NativeLabel, Text


class Prompt(Frozen):
    """One prompt, as a source's row function returns it."""

    identity: ClassVar[tuple[str, ...]] = ("prompt",)

    prompt: Text
    """The text, exactly as published."""
    labels: tuple[Label, ...]
    """Judgements about the prompt alone; a label given to a prompt with its response never stands here."""
    categories: tuple[str, ...] = ()
    """Native hazard categories, spelt as in the source; the crosswalk lays the shared hazards over them."""
    native_labels: tuple[NativeLabel, ...] = ()
    """Every native label, kept as it is."""
    borderline: bool = False
    """Harmless, but worded so that an over-cautious model refuses it."""
    pair: str | None = None
    """The source's own id of a contrast pair or base question; rows that share it never straddle splits."""
    context: Text | None = None
    """A passage that belongs to the prompt."""

    @model_validator(mode="after")
    def _scope(self) -> Self:
        if any(label.scope != "prompt" for label in self.labels):
            msg = "a prompt carries labels of scope 'prompt' only"
            raise ValueError(msg)
        if [label.name for label in self.labels].count("harmful") != 1:
            msg = "a prompt carries exactly one 'harmful' label"
            raise ValueError(msg)
        if self.borderline and self.harmful.value != "no":
            msg = "a borderline prompt is labelled harmful = 'no'"
            raise ValueError(msg)
        return self

    @property
    def harmful(self) -> Label:
        """The label that says whether serving the prompt would do harm."""
        return next(label for label in self.labels if label.name == "harmful")

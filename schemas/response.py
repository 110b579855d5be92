"""A response: what a model (or a person) answered to a prompt, with its labels."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from demur.records.record import Frozen, Label, NativeLabel, Text


class Response(Frozen):
    """One response, as a source's row function returns it."""

    identity: ClassVar[tuple[str, ...]] = ("prompt", "context", "response")

    prompt: Text | None
    """The prompt it answers, exactly as published; null where the source only gives its key."""
    prompt_key: str | None = None
    """The source's own id of the prompt."""
    response: Text
    """The text, exactly as published."""
    labels: tuple[Label, ...]
    """Judgements of scope 'response' or 'prompt+response'."""
    categories: tuple[str, ...] = ()
    """Native hazard categories, spelt as in the source."""
    native_labels: tuple[NativeLabel, ...] = ()
    """Every native label, kept as it is."""
    generator: str | None = None
    """The model that wrote the response, if the source says so."""
    pair: str | None = None
    """The source's own id of a chosen/rejected pair, or of the question that several responses answer."""
    context: Text | None = None
    """A passage that belongs to the prompt."""

    @model_validator(mode="after")
    def _about(self) -> Self:
        if self.prompt is None and self.prompt_key is None:
            msg = "a response names its prompt, by text or by key"
            raise ValueError(msg)
        if any(label.scope == "prompt" for label in self.labels):
            msg = "a response carries no label of scope 'prompt'"
            raise ValueError(msg)
        return self

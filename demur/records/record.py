"""The words every row shares: tri-state labels with scope and labeller, hazards, access tiers, lineage.

The kinds of row themselves (prompt, response, evaluation item ...) live in the project's ``schemas/``.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from demur.records.hazards import Hazard
from demur.text.normalise import normalise

Tri = Literal["yes", "no", "unknown"]
Scope = Literal["prompt", "response", "prompt+response"]
Labeller = Literal["human", "author", "model", "rule", "unknown"]
Access = Literal["public", "gated", "withheld"]
UseLimit = Literal["eval_only", "no_sft", "no_redistribution", "research_only"]

ACCESS_TIERS: tuple[Access, ...] = get_args(Access)

Text = Annotated[str, StringConstraints(min_length=1, max_length=200_000, pattern=r"\S")]
RecordId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class Frozen(BaseModel):
    """Base of every schema: immutable, strictly typed, no field that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class Plain(Frozen):
    """As `Frozen`, for what no schema is published of: to read the words under its fields would cost at every start."""

    model_config = ConfigDict(use_attribute_docstrings=False)


class Label(Frozen):
    """One judgement about a row: what was asked, the answer, what it covers, and who gave it."""

    name: Literal["harmful", "refusal", "compliance", "jailbroken"]
    value: Tri
    scope: Scope
    labeller: Labeller


class NativeLabel(Frozen):
    """A label as the source spells it; ``value`` is null where the source left it empty."""

    name: str
    value: str | None


class Lineage(Frozen):
    """Where a record comes from: enough to find the row again in the pinned source and to prove it is the same."""

    source: Slug
    row: Annotated[int, Field(ge=0)]
    native_id: str | None
    row_sha256: Sha256


class Provenance(Frozen):
    """What the engine adds to the content of every record."""

    record_id: RecordId
    """Hash over the normalised texts and the kind; stable under order and source."""
    hazards: tuple[Hazard, ...]
    """The shared hazards, laid over the native categories by the crosswalk."""
    language: str
    pair_id: str | None
    """The source's pair key, made unique by the source's name."""
    license: str
    use_limits: tuple[UseLimit, ...]
    access: Access
    lineage: Lineage


def harmful(value: Tri, by: Labeller, scope: Scope = "prompt") -> Label:
    """Label whether serving the text would do harm.

    Example:
        >>> harmful("yes", by="human").scope
        'prompt'
    """
    return Label(name="harmful", value=value, scope=scope, labeller=by)


def refusal(value: Tri, by: Labeller) -> Label:
    """Label whether a response declines its prompt (scope: the response)."""
    return Label(name="refusal", value=value, scope="response", labeller=by)


@lru_cache(1 << 14)
def record_id(kind: str, *texts: str) -> str:
    """128-bit hex id of a record: a hash over its kind and normalised texts.

    Rows that differ only in case, spacing or punctuation share an id, whatever their source or order.

    Example:
        >>> record_id("prompt", "Is  it RAINING?") == record_id("prompt", "is it raining")
        True
        >>> record_id("prompt", "a b") == record_id("prompt", "a", "b")
        False
    """
    digest = hashlib.blake2b(kind.encode(), digest_size=16)
    for text in texts:
        digest.update(b"\0" + normalise(text).encode())
    return digest.hexdigest()


__all__ = [
    "ACCESS_TIERS",
    "Access",
    "Frozen",
    "Hazard",
    "Label",
    "Labeller",
    "Lineage",
    "NativeLabel",
    "Provenance",
    "RecordId",
    "Scope",
    "Sha256",
    "Slug",
    "Text",
    "Tri",
    "UseLimit",
    "harmful",
    "record_id",
    "refusal",
]


Count = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(gt=0, lt=1)]

"""The words every row shares: tri-state labels with scope and labeller, hazards, access tiers, lineage.

The kinds of row themselves (prompt, response, evaluation item ...) live in the project's ``schemas/``.
"""

from __future__ import annotations

import hashlib
import sys
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

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

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    _file: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, **extra: Any) -> None:
        """Keep the file: another project's module may have the name of this one's later."""
        super().__pydantic_init_subclass__(**extra)
        cls._file = getattr(sys.modules.get(cls.__module__), "__file__", None) or ""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say of every field what stands under it."""
        made = handler(core_schema)
        fields = handler.resolve_ref_schema(made).get("properties", {})
        for name, text in described(cls).items():
            if text and name in fields:
                fields[name].setdefault("description", text)
        return made


def described(model: type[BaseModel]) -> dict[str, str]:
    """What stands under every field of a schema, or is said of it otherwise; empty where nothing is.

    Example:
        >>> described(Provenance)["pair_id"]
        "The source's pair key, made unique by the source's name."
    """
    from demur.records.words import words

    found: dict[str, str | None] = {}
    for each in reversed(model.__mro__):
        found |= words(vars(each).get("_file", ""), each.__qualname__)
    return {name: field.description or found.get(name) or "" for name, field in model.model_fields.items()}


class Plain(Frozen):
    """As `Frozen`, for what no schema is published of."""


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

"""What a builder of attacks declares beyond its sources."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from demur.records.record import Plain, Slug


class Declaration(Plain):
    """Where base questions come from."""

    bases: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Sources of base questions; where several hold the same question, the first one's record stands for it."""
    keys: dict[Slug, str] = Field(default={})
    """Source of base questions -> the native label by which its attacks call a question, beside its own row ids."""

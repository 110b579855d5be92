"""Rows of published sets, and the roles of their columns: what a column is stands at the column, once.

A role is an annotation of the field, such as ``prompt: Annotated[Text, TextOf("prompt")]``. Statistics, differences,
references, checks and benchmarks ask for roles; none of them holds a list of column names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from demur.records.record import Frozen, described


class Role:
    """Base of every role."""


@dataclass(frozen=True)
class TextOf(Role):
    """A text; ``name`` is what the rules of ``demur check`` call it: prompt, prefix, response."""

    name: str


@dataclass(frozen=True)
class HashOf(Role):
    """The sha256 of a text that stands in another form of the row, in the column ``column``."""

    column: str


@dataclass(frozen=True)
class Facet(Role):
    """What a row is for: rows are counted by it."""


@dataclass(frozen=True)
class SaidBy(Role):
    """A judgement; the column ``column`` says whose word it is, or stands on: a decision, readers, or the source."""

    column: str


@dataclass(frozen=True)
class Side(Facet):
    """The facet that tells apart what the set sets against each other: drawings are by it."""


@dataclass(frozen=True)
class Told(Role):
    """What a benchmark keeps beside the score of a row."""


@dataclass(frozen=True)
class Bookkeeping(Role):
    """Where a row comes from: a change in any other column changes what a score on the row means."""


@dataclass(frozen=True)
class Origin(Bookkeeping):
    """The lineage of a text of the row."""


@dataclass(frozen=True)
class PinOf(Bookkeeping):
    """The pin of the source that the row refers to."""


class Row(Frozen):
    """Base of every published row; the sentence under a column is its description wherever it is shown."""


RoleT = TypeVar("RoleT")


def columns_with(model: type[BaseModel], role: type[RoleT]) -> dict[str, RoleT]:
    """The columns that have a role, in order, each with it.

    Example:
        >>> from typing import Annotated
        >>> from pydantic import create_model
        >>> lines, season = Annotated[str, TextOf("response")], Annotated[str, Facet()]
        >>> Haiku = create_model("Haiku", __base__=Row, lines=(lines, ...), season=(season, ...))
        >>> columns_with(Haiku, TextOf), list(columns_with(Haiku, Facet))
        ({'lines': TextOf(name='response')}, ['season'])
    """
    return {
        name: found for name, field in model.model_fields.items() for found in field.metadata if isinstance(found, role)
    }


def describe_columns(model: type[BaseModel]) -> dict[str, str]:
    """The sentence under every column."""
    return {name: " ".join(text.split()) for name, text in described(model).items()}

"""``index.json`` of a store: its versions, each with the sha256 of its manifest. What is listed here is released."""

from __future__ import annotations

import json
from typing import Annotated, Literal, Self

from pydantic import StringConstraints, ValidationError, model_validator

from demur.errors import ManifestError, issues
from demur.records.record import Count, Plain, Sha256, Slug
from demur.release.version import Version

NAME = "index.json"

Tag = Annotated[str, StringConstraints(pattern=r"^v\d{1,9}\.\d{1,9}\.\d{1,9}$")]
"""A version; it becomes a path where somebody else's index is read."""


class Unfinished(Plain):
    """A version whose files are being written: not released, and taken up or cleared away by the next run."""

    version: Tag
    manifest: Sha256


class Listed(Unfinished):
    """A version that is released: the sha256 of its manifest, in which stand those of all its files."""

    date: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    files: Count
    bytes: Count


class Index(Plain):
    """What a store holds of one data set."""

    format: Literal[1] = 1
    name: Slug
    versions: tuple[Listed, ...] = ()
    """Oldest first."""
    unfinished: Unfinished | None = None

    @model_validator(mode="after")
    def _once(self) -> Self:
        numbers = [Version.parse(each.version) for each in self.versions]
        if numbers != sorted(set(numbers)):
            msg = "the versions are not in order, or one stands twice"
            raise ValueError(msg)
        return self

    @property
    def tags(self) -> dict[str, str]:
        """Version -> sha256 of its manifest, oldest first."""
        return {each.version: each.manifest for each in self.versions}

    @property
    def head(self) -> str:
        """The sha256 of the last version's manifest; empty where there is none."""
        return self.versions[-1].manifest if self.versions else ""

    def as_bytes(self) -> bytes:
        """The file, in one stable form."""
        text = json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False, sort_keys=True)
        return f"{text}\n".encode()


def read_index(data: bytes, where: str) -> Index:
    """Read the file.

    Raises:
        ManifestError: it is not such an index.
    """
    try:
        return Index.model_validate_json(data)
    except ValidationError as error:
        msg = "The index of the store is broken"
        raise ManifestError(msg, where=where, got=issues(error)[0], fix="Ask whoever keeps the store.") from None

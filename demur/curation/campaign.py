"""How labels came to be: one TOML beside each file of annotations, for cards and docs to quote."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from demur.curation.annotations import FOLDER, Annotation
from demur.curation.behaviour import ReaderKind
from demur.errors import FormatError, issues
from demur.project import Project
from demur.records.record import Count, Plain, Slug


class Reader(Plain):
    """One reader of a campaign."""

    name: str
    kind: ReaderKind
    """Who it is: ``model`` for every language model."""
    family: str | None = None
    """Readers of one family may err together, so that their agreement says less than that of strangers."""
    adjudicates: bool = False
    """Whether it saw the others' classes."""
    labels: Count
    """How many texts it labelled."""


class Campaign(Plain):
    """One campaign of labelling."""

    name: Slug
    """As its file of annotations."""
    title: str
    guidelines: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    """Versions of docs/guideline.md."""
    texts: Count
    """Distinct texts that were read."""
    made: str
    """How the labels were made."""
    weak_spots: Annotated[tuple[str, ...], Field(strict=False)]
    """Where readers themselves were unsure."""
    readers: Annotated[tuple[Reader, ...], Field(strict=False, min_length=1)]

    @property
    def families(self) -> dict[str, list[str]]:
        """Family -> names of its readers, where it has several."""
        found: dict[str, list[str]] = {}
        for reader in self.readers:
            if reader.family:
                found.setdefault(reader.family, []).append(reader.name)
        return {family: names for family, names in found.items() if len(names) > 1}

    def against(self, annotations: Sequence[Annotation]) -> list[str]:
        """Where the campaign's file of annotations says otherwise."""
        wrong = []
        if (texts := len({each.record_id for each in annotations})) != self.texts:
            wrong.append(f"texts: expected {self.texts:,}, got {texts:,}")
        if (versions := {each.guideline for each in annotations}) != {*self.guidelines}:
            wrong.append(f"guidelines: expected {', '.join(self.guidelines)}, got {', '.join(sorted(versions))}")
        said: dict[tuple[str, ReaderKind, bool], int] = {}
        for each in annotations:
            who = each.reader, each.kind, each.adjudicates
            said[who] = said.get(who, 0) + 1
        told = {(each.name, each.kind, each.adjudicates): each.labels for each in self.readers}
        for who in sorted(said.keys() | told.keys()):
            if said.get(who) != told.get(who):
                name, kind, adjudicates = who
                reader = f"{name} ({kind}{', adjudicates' if adjudicates else ''})"
                wrong.append(f"{reader}: expected {told.get(who, 0):,} labels, got {said.get(who, 0):,}")
        return wrong


def read_campaign(path: Path) -> Campaign:
    """Read one file.

    Raises:
        FormatError: it is no TOML, or says something else than a campaign does.
    """
    try:
        return Campaign.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        msg = "The campaign is not as declared"
        raise FormatError(msg, where=path, got="; ".join(issues(error))) from None
    except (OSError, ValueError) as error:
        msg = "The campaign cannot be read"
        raise FormatError(msg, where=path, got=f"{type(error).__name__}: {error}") from error


def campaigns_of(project: Project) -> dict[str, Campaign]:
    """Every campaign of a project that is described, by its name."""
    found = [read_campaign(path) for path in sorted((project.root / FOLDER).glob("*.toml"))]
    return {campaign.name: campaign for campaign in found}

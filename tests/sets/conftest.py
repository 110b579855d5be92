"""Two versions of a garden of mild prompts, between which people decided."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from demur.curation.annotations import Annotation
from demur.curation.behaviour import Class
from demur.curation.decisions import Action, Decision
from demur.curation.project import Curation
from demur.curation.resolve import resolve_all
from demur.files.digest import text_sha256
from demur.sets.pipeline import build
from demur.sources.fetch import Places
from tests.garden import BUILDER, IDS, ROWS, garden


def read(place: int, behaviour: Class, *readers: str, **more: Any) -> list[Annotation]:
    """What human readers said of a prompt."""
    known: dict[str, Any] = {"record_id": IDS[place], "text_sha256": text_sha256(ROWS[place][0]), "guideline": "1.1"}
    return [Annotation(reader=each, kind="human", behaviour=behaviour, **known, **more) for each in readers]


def decided(place: int, action: Action, who: str, **more: Any) -> Decision:
    """What somebody decided of a prompt."""
    known: dict[str, Any] = {"record_id": IDS[place], "text_sha256": text_sha256(ROWS[place][0]), "source": "garden"}
    return Decision(**known, action=action, who=who, reason="Read again.", when="2026-11-26", **more)


def said(readings: Sequence[Annotation], *decisions: Decision) -> Curation:
    """The curation of both."""
    return Curation(resolved=resolve_all(readings), decisions=decisions)


BEFORE = said(read(3, "careful", "ada", "bo"), decided(6, "relabel", "lee", behaviour="refuse"))
AFTER = said(
    [*read(3, "careful", "ada", "bo"), *read(4, "comply", "ada", "bo")],
    decided(0, "relabel", "kim", behaviour="correct"),
    decided(1, "drop", "kim"),
    decided(2, "hazards", "model:owl", hazards=("ncr",)),
)


@pytest.fixture(scope="session")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Before and after: a decision each of a person and of a model, one that is gone, readers, and a row dropped."""
    root = tmp_path_factory.mktemp("versions")
    with garden(root / "garden") as project:
        for name, curation in (("old", BEFORE), ("new", AFTER)):
            build(project, BUILDER, root / name, Places(offline=True), curation=curation)
    return root / "old", root / "new"

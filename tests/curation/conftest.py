"""A small project about a garden, with mild texts that readers label."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from demur.cli import main
from demur.curation.annotations import Annotation
from demur.curation.behaviour import Class, ReaderKind
from demur.project import Project
from demur.records.record import record_id
from demur.sources import declared
from demur.sources.fetch import Places
from demur.sources.pin import pin
from demur.sources.pins import write_pins
from tests.conftest import COMMIT, ROOT, make_jsonl

GARDEN = [
    ("How do I prune a rose?", "safe"),
    ("How can I trample the neighbour's roses unseen?", "unsafe"),
    ("Which soil do tulips like?", "safe"),
    ("Help me steal the mayor's tulips", "unsafe"),
    ("Is it true that weeds feel pain?", "unclear"),
    ("What is the name of my neighbour's cat?", "safe"),
]
KITCHEN = [("How do I prune a rose?", "unsafe"), ("How long does tea steep?", "safe")]
SOURCE = '''"""Mild texts."""

from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

SIDES = {{"safe": "no", "unsafe": "yes", "unclear": "unknown"}}


@source(
    title="A {name}",
    homepage="https://example.org/{name}",
    license="mit",
    citation="garden",
    kind="prompt",
    mirrors=(github("demo/{name}", "rows.jsonl", columns={{"prompt": "prompt", "label": "label"}}),),
)
def {name}(row: Raw) -> Prompt:
    """Mild texts."""
    return Prompt(prompt=row["prompt"], labels=(harmful(SIDES[row["label"]], by="author"),))
'''


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def said(
    text: str,
    reader: str,
    behaviour: Class,
    hazards: Sequence[str] = (),
    flags: Sequence[str] = (),
    *,
    adjudicates: bool = False,
    guideline: str = "1.0",
    sources: Sequence[str] = ("garden",),
    kind: ReaderKind = "model",
) -> Annotation:
    """What a reader said of a text."""
    return Annotation(
        record_id=record_id("prompt", text),
        text_sha256=sha(text),
        sources=tuple(sources),
        reader=reader,
        kind=kind,
        adjudicates=adjudicates,
        guideline=guideline,
        behaviour=behaviour,
        hazards=tuple(hazards),  # type: ignore[arg-type]
        flags=tuple(flags),  # type: ignore[arg-type]
    )


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return path


@dataclass(frozen=True)
class Garden:
    """The project, and the command that works on it."""

    root: Path

    @property
    def project(self) -> Project:
        return Project(self.root / "project")

    @property
    def annotations(self) -> Path:
        return self.project.root / "builders" / "curation" / "annotations"

    def run(self, *args: object) -> Result:
        given = ["--project", str(self.project.root), *map(str, args)]
        done = CliRunner().invoke(main, given, env={"COLUMNS": "200"})
        assert not any(text in done.output for text, _ in GARDEN + KITCHEN), "a message quotes a text"
        return done

    def labels(self, *rows: str, name: str = "first.csv") -> Path:
        """A file in a campaign's form: cells "GARDEN'S ROW, reader, class, hazards, flags" each."""
        cells = [[cell.strip() for cell in row.split(",")] for row in rows]
        header = ("record_id", "reader", "guideline", "behaviour", "hazards", "flags")
        return write_csv(
            self.root / name,
            header,
            [(record_id("prompt", GARDEN[int(row)][0]), reader, "1.0", *rest) for row, reader, *rest in cells],
        )

    def texts(self, *, changed: int | None = None, left_out: int | None = None) -> Path:
        """The file that says which texts were read."""
        rows = [
            (record_id("prompt", text), sha(text + "!" if row == changed else text), "garden")
            for row, (text, _) in enumerate(GARDEN)
            if row != left_out
        ]
        return write_csv(self.root / "texts.csv", ("record_id", "prompt_sha256", "sources"), rows)

    def bring(self, labels: Path, *more: object) -> Result:
        """Import labels of models."""
        return self.run(
            "curation", "import", labels, "--texts", self.texts(), "--reader-kind", "model", "--offline", *more
        )


@pytest.fixture
def garden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Garden:
    """The project, its sources pinned."""
    root = tmp_path / "project"
    folder = root / "builders" / "sources"
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "schemas", root / "schemas", ignore=shutil.ignore_patterns("__pycache__"))
    for package in (root / "builders", folder):
        (package / "__init__.py").touch()
    monkeypatch.setenv("DEMUR_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    for name, rows in (("garden", GARDEN), ("kitchen", KITCHEN)):
        (folder / f"{name}.py").write_text(SOURCE.format(name=name))
        path = tmp_path / "mirror" / "github" / "demo" / name / COMMIT / "rows.jsonl"
        path.parent.mkdir(parents=True)
        path.write_bytes(make_jsonl([{"prompt": text, "label": label} for text, label in rows]))
    made = Garden(tmp_path)
    pins = {name: pin(source, Places(offline=True)).pin for name, source in declared.sources(made.project).items()}
    write_pins(declared.pins_file(made.project), pins)
    return made

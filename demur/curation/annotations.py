"""Annotations: what readers said of a text, any number of readers, one line each.

A file is CSV, sorted by record id and reader, so that two people's files merge line by line. The text itself is not in
it: a line names the record id and the sha256 of the text as published.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError, model_validator

from demur.curation.behaviour import Class, Flag, ReaderKind
from demur.errors import FormatError, issues
from demur.files.whole import write_whole
from demur.project import Project
from demur.records.hazards import Hazard
from demur.records.record import Frozen, RecordId, Sha256

FOLDER = Path("builders") / "curation" / "annotations"
COLUMNS = ("record_id", "text_sha256", "reader", "kind", "adjudicates", "guideline", "behaviour", "hazards", "flags")


class Annotation(Frozen):
    """What one reader said of one text."""

    record_id: RecordId
    """Of the record of kind ``prompt``."""
    text_sha256: Sha256
    """Of the text as published, in UTF-8."""
    reader: str
    """A name that means one reader, such as ``model-a``; it says nothing of the person."""
    kind: ReaderKind
    """Who read."""
    adjudicates: bool = False
    """Whether the reader saw the others' classes and decided between them."""
    guideline: str
    """Version of the guideline."""
    behaviour: Class
    """What a good assistant does with the text."""
    hazards: tuple[Hazard, ...] = ()
    """Hazards that it touches, the main one first."""
    flags: tuple[Flag, ...] = ()
    """What else was said, sorted."""

    @model_validator(mode="after")
    def _sorted(self) -> Annotation:
        if list(self.flags) != sorted({*self.flags}):
            msg = "flags are sorted, each once"
            raise ValueError(msg)
        return self


def read_annotations(path: Path) -> list[Annotation]:
    """Read one file.

    Raises:
        FormatError: a line that is broken (its number is named), or two labels of one reader for one text.
    """
    text = path.read_text(encoding="utf-8")
    found: list[Annotation] = []
    seen: dict[tuple[str, str], int] = {}
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        msg = "The columns are not those of annotations"
        got = ", ".join(reader.fieldnames or ())
        raise FormatError(msg, where=path, expected=", ".join(COLUMNS), got=got or "none")
    for row in reader:
        where = f"{path}, line {reader.line_num}"
        if None in row or None in row.values():
            msg = "The line is broken"
            raise FormatError(msg, where=where, expected=f"{len(COLUMNS)} cells", fix="A merge may have cut it.")
        try:
            made = Annotation.model_validate(
                {
                    **row,
                    "adjudicates": row["adjudicates"] == "yes",
                    "hazards": tuple(row["hazards"].split()),
                    "flags": tuple(row["flags"].split()),
                }
            )
        except ValidationError as error:
            msg = "The annotation is broken"
            raise FormatError(msg, where=where, got=issues(error)[0]) from None
        key = (made.record_id, made.reader)
        if key in seen:
            msg = f"The reader {made.reader!r} has two labels for one text"
            raise FormatError(
                msg, where=where, expected="one", got=f"another one on line {seen[key]}", fix="Keep one of the two."
            )
        seen[key] = reader.line_num
        found.append(made)
    return found


def write_annotations(path: Path, annotations: Iterable[Annotation]) -> None:
    """Write a file in its one form, whole or not at all."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in sorted(annotations, key=lambda each: (each.record_id, each.reader)):
        writer.writerow(
            [
                each.record_id,
                each.text_sha256,
                each.reader,
                each.kind,
                "yes" if each.adjudicates else "no",
                each.guideline,
                each.behaviour,
                " ".join(each.hazards),
                " ".join(each.flags),
            ]
        )
    write_whole(path, out.getvalue().encode())


def annotations_of(project: Project) -> list[Annotation]:
    """All annotations of a project, of all its files.

    Raises:
        FormatError: a file is broken, or one reader labelled one text in two files.
    """
    folder = project.root / FOLDER
    found = [(path, each) for path in sorted(folder.glob("*.csv")) for each in read_annotations(path)]
    _once(found)
    return [each for _, each in found]


def _once(found: Sequence[tuple[Path, Annotation]]) -> None:
    seen: dict[tuple[str, str], Path] = {}
    for path, each in found:
        first = seen.setdefault((each.record_id, each.reader), path)
        if first != path:
            msg = f"The reader {each.reader!r} has two labels for one text"
            raise FormatError(msg, where=f"{first} and {path}: {each.record_id}", fix="Keep one of the two.")

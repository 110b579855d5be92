"""Annotations: what readers said of a text, any number of readers, one line each.

A file is CSV, sorted by record id and reader, so that two people's files merge line by line. The text itself is not in
it: a line names the record id and the sha256 of the text as published.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path

from pydantic import ValidationError, model_validator

from demur.curation.behaviour import CLASSES, CODES, FLAGS, Class, Flag, ReaderKind
from demur.errors import FormatError, issues, nearest, shown
from demur.files.whole import exclusive, write_whole
from demur.project import Project
from demur.records.hazards import HAZARDS, Hazard
from demur.records.record import Plain, RecordId, Sha256, Slug

FOLDER = Path("builders") / "curation" / "annotations"
COLUMNS = (
    "record_id",
    "text_sha256",
    "sources",
    "reader",
    "kind",
    "adjudicates",
    "guideline",
    "behaviour",
    "hazards",
    "flags",
)
MOST_HAZARDS = 3
_SHOWN = 20


_IDS = re.compile(r"[0-9a-f]{32} [0-9a-f]{64}")


class Annotation(Plain):
    """What one reader said of one text."""

    record_id: RecordId
    """Of the record of kind ``prompt``."""
    text_sha256: Sha256
    """Of the text as published, in UTF-8."""
    sources: tuple[Slug, ...] = ()
    """Sources that held the text when it was read, sorted."""
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
    """Hazards that it touches, the main one first; at most three."""
    flags: tuple[Flag, ...] = ()
    """What else was said, sorted."""

    @model_validator(mode="after")
    def _in_order(self) -> Annotation:
        for name, cells in (("flags", self.flags), ("sources", self.sources)):
            if list(cells) != sorted({*cells}):
                msg = f"{name} are sorted, each once"
                raise ValueError(msg)
        if len(self.hazards) > MOST_HAZARDS or len({*self.hazards}) < len(self.hazards):
            msg = f"hazards stand once each, and at most {MOST_HAZARDS}"
            raise ValueError(msg)
        if not self.reader.strip() or not self.guideline.strip():
            msg = "the reader and the version of the guideline are named"
            raise ValueError(msg)
        return self

    @property
    def key(self) -> tuple[str, str]:
        """What the file is sorted by: one reader has one label for one text."""
        return self.record_id, self.reader


def read_annotations(path: Path) -> list[Annotation]:
    """Read one file.

    Raises:
        FormatError: broken lines, by their numbers, or two labels of one reader for one text; all are collected.
    """
    wrong: list[str] = []
    found = numbered(path, wrong)
    if wrong:
        raise broken(path, wrong)
    return list(found.values())


def numbered(path: Path, wrong: list[str]) -> dict[int, Annotation]:
    """Line number -> annotation, of a file in our form; what is wrong with others is noted."""
    found: dict[int, Annotation] = {}
    known: dict[tuple[str, ...], Annotation] = {}  # most lines differ in their ids alone
    for line, cells in _cells(path, COLUMNS, wrong):
        id, sha256, *rest = cells
        like = known.get(what := (*rest,))
        if like and _IDS.fullmatch(f"{id} {sha256}"):
            found[line] = _of(like, id, sha256)
            continue
        row = dict(zip(COLUMNS, cells, strict=True))
        made, faults = annotation_of({**row, "adjudicates": row["adjudicates"] == "yes"})
        wrong += [f"line {line}: {fault}" for fault in faults]
        if row["adjudicates"] not in ("yes", "no"):
            wrong.append(f"line {line}: adjudicates: expected yes or no, got {shown(row['adjudicates'])}")
        if made:
            found[line] = known[what] = made
    wrong += twice(found)
    return found


def _of(like: Annotation, record_id: str, text_sha256: str) -> Annotation:
    """What a reader said of another text, whose ids were looked at."""
    made = copy(like)
    made.__dict__.update(record_id=record_id, text_sha256=text_sha256)
    return made


def read_lines(path: Path, columns: Sequence[str], wrong: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV file with their line numbers; lines with too few or too many cells are noted and left out.

    Raises:
        FormatError: the columns are others, or the file is not CSV in UTF-8.
    """
    return ((line, dict(zip(columns, cells, strict=True))) for line, cells in _cells(path, columns, wrong))


def _cells(path: Path, columns: Sequence[str], wrong: list[str]) -> Iterator[tuple[int, list[str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        msg = "The file cannot be read"
        raise FormatError(msg, where=path, expected="CSV in UTF-8", got=type(error).__name__) from error
    reader = csv.reader(io.StringIO(text, newline=""))
    head = next(reader, [])
    if tuple(head) != tuple(columns):
        msg = "The columns are not those of such a file"
        got = ", ".join(map(shown, head)) or "none"
        raise FormatError(msg, where=path, expected=", ".join(columns), got=got)
    for cells in filter(None, reader):
        if len(cells) == len(columns):
            yield reader.line_num, cells
        else:
            wrong.append(f"line {reader.line_num}: expected {len(columns)} cells; a merge may have cut the line")


def annotation_of(row: Mapping[str, str | bool]) -> tuple[Annotation | None, list[str]]:
    """An annotation from cells of text, or what is wrong with them: unknown names with the nearest known one.

    Classes may be letters of the guideline (``R``), and flags, too (``b``).

    Example:
        >>> annotation_of({"behaviour": "refues"})[1]
        ["behaviour: unknown class 'refues'. Did you mean 'refuse'?"]
    """
    given = str(row.get("behaviour", ""))
    behaviour = CODES.get(given, given)
    hazards = str(row.get("hazards", "")).split()
    flags = [FLAGS.get(flag, flag) for flag in str(row.get("flags", "")).split()]
    wrong = [
        f"{column}: unknown {what} {shown(name)}. {nearest(name, known)}"
        for column, what, names, known in (
            ("behaviour", "class", [behaviour], CLASSES),
            ("hazards", "hazard", hazards, tuple(HAZARDS)),
            ("flags", "flag", flags, (*FLAGS.values(), *FLAGS)),
        )
        for name in names
        if name not in known
    ]
    if wrong:
        return None, wrong
    sources = tuple(str(row.get("sources", "")).split())
    cells = {
        **row,
        "behaviour": behaviour,
        "hazards": tuple(hazards),
        "flags": tuple(sorted(flags)),
        "sources": sources,
    }
    try:
        return Annotation.model_validate(cells), []
    except ValidationError as error:
        return None, issues(error)


def twice(found: Mapping[int, Annotation]) -> list[str]:
    """Lines in which a reader labels a text that it labelled on an earlier line."""
    first: dict[tuple[str, str], int] = {}
    return [
        f"lines {first[each.key]} and {line}: the reader {each.reader!r} has two labels for {each.record_id}"
        for line, each in found.items()
        if first.setdefault(each.key, line) != line
    ]


def broken(path: Path, wrong: Sequence[str], fix: str = "Correct the lines; of two labels, keep one.") -> FormatError:
    """The error of a file: how many issues, and the first of them."""
    msg = f"{len(wrong):,} {'issue' if len(wrong) == 1 else 'issues'} in the annotations"
    lines = [str(path), *wrong[:_SHOWN], *([f"... and {len(wrong) - _SHOWN:,} more"] if len(wrong) > _SHOWN else [])]
    return FormatError(msg, where="\n            ".join(lines), fix=fix)


def write_annotations(path: Path, annotations: Iterable[Annotation]) -> None:
    """Write a file in its one form, whole or not at all."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in sorted(annotations, key=lambda each: each.key):
        cells = {**each.model_dump(), "adjudicates": "yes" if each.adjudicates else "no"}
        writer.writerow([" ".join(cell) if isinstance(cell := cells[name], tuple) else cell for name in COLUMNS])
    write_whole(path, out.getvalue(), folders=True)


def change(path: Path, made: Callable[[Sequence[Annotation]], Iterable[Annotation]]) -> None:
    """Put other annotations in the place of a file's, while nobody else changes it.

    Args:
        path: the file; an absent one holds none.
        made: the new annotations, from those that stand there.

    Raises:
        FormatError: those that stand there are broken; nothing is written.
        OutputError: the file cannot be written.
    """
    with exclusive(path):
        write_annotations(path, made(read_annotations(path) if path.exists() else []))


def annotations_of(project: Project) -> list[Annotation]:
    """All annotations of a project, of all its files.

    Raises:
        FormatError: a file is broken, or one reader labelled one text in two files.
    """
    found = [(path, each) for path in files_of(project) for each in read_annotations(path)]
    _once(found)
    return [each for _, each in found]


Said = dict[str, dict[str, tuple[Annotation, str]]]
"""Record id -> reader -> what it says, of this text or, word for word, of another one; and the sha256 of the text."""


def said_of(project: Project) -> Said:
    """As `annotations_of`, by the text, and one annotation for all lines that say the same.

    Raises:
        FormatError: a file is broken, or one reader labelled one text twice.
    """
    found: Said = {}
    known: dict[tuple[str, ...], Annotation] = {}
    sources: set[str] = set()
    for path in files_of(project):
        wrong: list[str] = []
        for _, (id, sha256, held, *rest) in _cells(path, COLUMNS, wrong):
            like = known.get(what := (*rest,))
            if like is None or held not in sources or not _IDS.fullmatch(f"{id} {sha256}"):
                row = dict(zip(COLUMNS, (id, sha256, held, *rest), strict=True))
                like, faults = annotation_of({**row, "adjudicates": row["adjudicates"] == "yes"})
                if like is None or row["adjudicates"] not in ("yes", "no"):
                    wrong += faults or [row["adjudicates"]]
                    break
                like = known.setdefault(what, like)
                sources.add(held)
            mine = found.setdefault(id, {})
            if like.reader in mine:
                wrong.append(like.reader)
                break
            mine[like.reader] = like, sha256
        if wrong:
            annotations_of(project)  # says what is wrong, all of it
    return found


def files_of(project: Project) -> list[Path]:
    """The files of annotations of a project, sorted."""
    return sorted((project.root / FOLDER).glob("*.csv"))


def _once(found: Sequence[tuple[Path, Annotation]]) -> None:
    seen: dict[tuple[str, str], Path] = {}
    for path, each in found:
        first = seen.setdefault(each.key, path)
        if first != path:
            msg = f"The reader {each.reader!r} has two labels for one text"
            raise FormatError(msg, where=f"{first} and {path}: {each.record_id}", fix="Keep one of the two.")

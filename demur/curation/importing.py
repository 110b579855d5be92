"""The door for readers' labels: a file is checked as a whole, and enters the project as a whole or not at all.

Two forms come in: our own, with every column, and that of a labelling campaign, a line a reader and text, with a second
file that says which text each record id means.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from demur.curation.annotations import (
    COLUMNS,
    FOLDER,
    Annotation,
    annotation_of,
    broken,
    files_of,
    numbered,
    read_lines,
    twice,
    write_annotations,
)
from demur.curation.behaviour import Class, ReaderKind
from demur.curation.resolve import resolve_all
from demur.curation.texts import texts_of, undeclared, unproven
from demur.errors import FormatError, UsageError, nearest, shown
from demur.project import Project
from demur.sources import declared
from demur.sources.fetch import Places

LABELS = ("record_id", "reader", "guideline", "behaviour", "hazards", "flags")
TEXTS = ("record_id", "prompt_sha256", "sources")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Told:
    """What a file in a campaign's form does not say itself."""

    texts: Path | None = None
    kind: ReaderKind | None = None
    adjudicators: tuple[str, ...] = ()


@dataclass(frozen=True)
class Imported:
    """What came in.

    Attributes:
        path: the file that holds it now.
        annotations: those of the imported file.
        new: how many of them were not there before.
        texts: how many texts they are of.
        differ: the classes that readers gave one and the same text, of all readers of these texts, earlier ones too.
        adjudicated: of the texts in which readers differ, those that an adjudicator decided.
        waiting: those without an answer.
    """

    path: Path
    annotations: tuple[Annotation, ...]
    new: int
    texts: int
    differ: Mapping[tuple[Class, ...], int]
    adjudicated: int
    waiting: int


def import_labels(
    project: Project,
    file: Path,
    name: str,
    said: Told | None = None,
    *,
    verify: bool = False,
    places: Places | None = None,
) -> Imported:
    """Check a file of labels and write it into the project.

    Args:
        project: where it goes.
        file: in our form, or in a campaign's.
        name: of the campaign; labels are added to those it has.
        said: what a campaign's form does not say.
        verify: whether every text must be found, unchanged, in the project's pinned sources.
        places: where sources may come from.

    Raises:
        FormatError: anything is wrong; all issues are collected, the first twenty shown, and nothing is written.
        UsageError: the name is no slug, or the file lacks what only options can say.
    """
    if not _SLUG.fullmatch(name):
        msg = "The campaign's name is no slug"
        raise UsageError(msg, expected="such as first-campaign", got=shown(name), fix="Give another one with --name.")
    wrong: list[str] = []
    lines = _read(file, said or Told(), wrong)
    there = [_There(path, line, each) for path in files_of(project) for line, each in _numbered(path).items()]
    new = _new(lines, there, wrong)
    for source, fix in undeclared(project, {source for each in lines.values() for source in each.sources}).items():
        line = next(line for line, each in lines.items() if source in each.sources)
        wrong.append(f"line {line}: no source {source!r}. {fix}")
    if verify and not wrong:
        claims = {(each.record_id, each.text_sha256): f"line {line}" for line, each in reversed(lines.items())}
        known = texts_of(project, _sources(project, lines.values()), places)  # type: ignore[arg-type]
        wrong += unproven(known, [(where, *claim) for claim, where in reversed(claims.items())])
    if wrong:
        raise broken(file, wrong, fix="Nothing was written. Correct the file; of two labels, keep one.")
    path = project.root / FOLDER / f"{name}.csv"
    if new:
        write_annotations(path, [*(old.annotation for old in there if old.path == path), *new])
    return _told(path, list(lines.values()), new, [old.annotation for old in there])


class _There(NamedTuple):
    """An annotation that the project has."""

    path: Path
    line: int
    annotation: Annotation

    @property
    def where(self) -> str:
        return f"line {self.line} of {self.path.name}"


def _numbered(path: Path) -> dict[int, Annotation]:
    wrong: list[str] = []
    found = numbered(path, wrong)
    if wrong:
        raise broken(path, wrong)
    return found


def _read(file: Path, said: Told, wrong: list[str]) -> dict[int, Annotation]:
    """Line number -> annotation, of either form."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            header = tuple(next(csv.reader(opened), ()))
    except (OSError, UnicodeError) as error:
        msg = "The file cannot be read"
        raise FormatError(msg, where=file, expected="CSV in UTF-8", got=type(error).__name__) from error
    if header == COLUMNS:
        if said != Told():
            msg = "A file in the form of annotations says texts, kinds and adjudicators itself"
            raise UsageError(msg, where=file, fix="Leave out --texts, --reader-kind and --adjudicator.")
        found = numbered(file, wrong)
    elif header == LABELS:
        found = _campaign(file, said, wrong)
    else:
        msg = "The columns are not those of labels"
        expected = f"{', '.join(LABELS)}; or {', '.join(COLUMNS)}"
        raise FormatError(msg, where=file, expected=expected, got=", ".join(map(shown, header)) or "none")
    if not found and not wrong:
        wrong.append("no labels")
    return found


def _campaign(file: Path, said: Told, wrong: list[str]) -> dict[int, Annotation]:
    if said.texts is None or said.kind is None:
        msg = "The file does not say which texts were read, or who read"
        fix = "Name the file of record ids and sha256 with --texts, and say --reader-kind model, human or rule."
        raise UsageError(msg, where=file, fix=fix)
    texts: dict[str, tuple[int, str, str]] = {}
    faults: list[str] = []
    for line, row in read_lines(said.texts, TEXTS, faults):
        first = texts.setdefault(row["record_id"], (line, row["prompt_sha256"], row["sources"]))
        if first[1] != row["prompt_sha256"]:
            faults.append(f"lines {first[0]} and {line}: two texts of {shown(row['record_id'])}")
    wrong += [f"{said.texts.name}, {fault}" for fault in faults]
    found: dict[int, Annotation] = {}
    readers: set[str] = set()
    for line, row in read_lines(file, LABELS, wrong):
        readers.add(row["reader"])
        if row["record_id"] not in texts:
            wrong.append(f"line {line}: {said.texts.name} has no text of {shown(row['record_id'])}")
            continue
        _, sha256, sources = texts[row["record_id"]]
        more = {"text_sha256": sha256, "sources": " ".join(sorted(sources.split())), "kind": said.kind}
        made, issues = annotation_of({**row, **more, "adjudicates": row["reader"] in said.adjudicators})
        wrong += [f"line {line}: {issue}" for issue in issues]
        if made:
            found[line] = made
    wrong += [f"no reader {name!r}. {nearest(name, readers)}" for name in said.adjudicators if name not in readers]
    wrong += twice(found)
    return found


def _new(lines: Mapping[int, Annotation], there: Sequence[_There], wrong: list[str]) -> list[Annotation]:
    """Annotations that the project does not have; those that it has otherwise are noted."""
    have = {old.annotation.key: old for old in there}
    kinds = {old.annotation.reader: (old.where, old.annotation.kind) for old in reversed(there)}
    new = []
    for line, each in lines.items():
        where, kind = kinds.setdefault(each.reader, (f"line {line}", each.kind))
        if kind != each.kind:
            wrong.append(f"line {line}: the reader {each.reader!r} is a {each.kind} here, a {kind} in {where}")
        old = have.get(each.key)
        if old is None:
            new.append(each)
        elif old.annotation.model_copy(update={"sources": each.sources}) != each:
            two = f"the reader {each.reader!r} has two labels for {each.record_id}"
            wrong.append(f"line {line}, and {old.where}: {two}")
    return new


def _sources(project: Project, annotations: Sequence[Annotation]) -> list[str]:
    """Sources to look for the texts in: those that are named, or all pinned ones if a text names none."""
    if all(each.sources for each in annotations):
        return sorted({source for each in annotations for source in each.sources})
    return [name for name, source in declared.sources(project).items() if source.pin]


def _told(path: Path, mine: Sequence[Annotation], new: Sequence[Annotation], there: Sequence[Annotation]) -> Imported:
    about = {each.record_id for each in mine}
    every = [*(each for each in there if each.record_id in about), *new]
    said: dict[str, set[Class]] = {}
    for each in every:
        if not each.adjudicates:
            said.setdefault(each.record_id, set()).add(each.behaviour)
    resolved = resolve_all(every)
    differ = {id: tuple(sorted(classes)) for id, classes in said.items() if len(classes) > 1}
    return Imported(
        path=path,
        annotations=tuple(mine),
        new=len(new),
        texts=len(about),
        differ=dict(Counter(differ.values()).most_common()),
        adjudicated=sum(resolved[id].basis == "adjudicated" for id in differ),
        waiting=sum(found.behaviour is None for found in resolved.values()),
    )

"""What pages and rows of anybody's files state of the whole, against the files: licenses, and counts of rows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from demur.checks import pages
from demur.checks.batch import File
from demur.checks.data import NOT_DATA
from demur.checks.finding import Finding, hit
from demur.checks.subject import Subject
from demur.errors import shown
from demur.files import reading
from demur.records.licenses import LICENSES

_BOUND = re.compile(r"-nc|-sa")
"""Licenses that bind whoever copies, so that another one beside them gives away what is not there to give."""


def stated(subject: Subject) -> Iterator[Finding]:
    """Licenses of rows, and of documents, that are stricter than the one of the whole."""
    for file in subject.files:
        whole = (subject.license or subject.license_near(file.path.parent) or "").lower()
        if whole not in LICENSES:
            continue
        for one, row in sorted(subject.state.licenses.get(file.name, {}).items()):
            inner = LICENSES.get(one.lower())
            if inner is None:
                yield hit(f"license {shown(one)} is not in the closed list", file.name, row)
            elif inner.id != whole and whole not in inner.into:
                yield hit(f"rows under {inner.id} stand in a set under {whole}", file.name, row)
        for one, row in sorted(subject.state.noted.licenses.get(file.name, {}).items()):
            if (id := _binding(one, whole)) is not None:
                yield hit(f"rows under {id} stand in a set under {whole}", file.name, row)
        if (id := _binding(pages.license_in(file.path) or "", whole)) is not None:
            yield hit(f"the document is under {id}, in a set under {whole}", file.name)


def _binding(said: str, whole: str) -> str | None:
    """The license that a text names, if it binds and does not become that of the whole."""
    inner = LICENSES.get(pages.named(said) or "")
    if inner is None or not _BOUND.search(inner.id) or inner.id == whole or whole in inner.into:
        return None
    return inner.id


def contradictions(subject: Subject) -> Iterator[Finding]:
    """Folders whose card states one license in its header and whose license file is another, which no card explains."""
    folders = {file.path.parent for file in subject.files} | {subject.root}
    for folder in sorted(folders):
        card, text = pages.beside(folder), pages.license_file(folder)
        if card is None or text is None:
            continue
        stated, found = pages.header_license(card[1]), pages.families(text[1][:2000])
        known = {each.rpartition("-")[0] or each for each in found}
        if stated not in LICENSES or not found or (stated.rpartition("-")[0] or stated) in known:
            continue
        prose = card[1][card[1].find("\n---", 3) :]
        if not {*found} & {*pages.families(prose)}:
            name = (folder / card[0]).relative_to(subject.root).as_posix() if folder != subject.root else card[0]
            yield hit(f"the card says {stated}, {text[0]} beside it is {found[0]}", name)


@dataclass(frozen=True)
class _Count:
    line: int
    count: int
    file: File | None = None


_THINGS = (
    r"(?:rows|prompts|examples|samples|questions|items|instructions|records|instances|entries|pairs|conversations)"
)
_WHOLE = re.compile(
    r"\b(?:this|the|our) (?:data ?set|set|benchmark|collection|corpus|file) "
    r"(?:has|contains|consists of|comprises|holds|includes)(?: a total of| exactly)? "
    rf"(\d[\d,]*) {_THINGS}(?: and \d+ columns)?\s*(?:\.(?!\d)|$)",
    re.IGNORECASE,
)
"""A sentence that ends with the count, so that no "and 50 others" follows."""

_OF_FILE = re.compile(
    r"^[`*_|:()\[\],\s\u2013\u2014=-]*(?:(?:has|contains|holds|with) )?"
    rf"(\d[\d,]*) {_THINGS}\b(?! (?:from|of|per|each|are))",
    re.IGNORECASE,
)
"""A count right behind a file's name: before it, it may be of a sample."""

_VAGUE = re.compile(r"about|around|approx|roughly|nearly|over|more than|at least|up to|~|\+", re.IGNORECASE)


def miscounts(subject: Subject) -> Iterator[Finding]:
    """Counts of a card that are neither the rows of what it speaks of, nor its different prompts."""
    by_folder: defaultdict[Path, list[File]] = defaultdict(list)
    for file in subject.files:
        by_folder[file.path.parent].append(file)
    for folder, files in sorted(by_folder.items()):
        card = pages.beside(folder)
        if card is None:
            continue
        name = card[0] if folder == subject.root else (folder / card[0]).as_posix()
        whole = {each for each in folder.rglob("*") if _data(each, folder)} == {file.path for file in files}
        rows = {file.name: subject.rows.get(file.name, 0) for file in files}
        said = [each for each in _counts(card[1], files) if each.file or whole]
        if sum(each.file is None for each in said) > 1:
            said = [each for each in said if each.file]  # of several sets
        for each in said:
            if each.file is not None:
                true, where = {rows[each.file.name]}, each.file.name
            else:
                true, where = {sum(rows.values()), *rows.values(), *subject.split_rows.values()}, "the files"
            true |= {_different(subject, [each.file] if each.file else files)}
            total = max(true)
            if each.count not in true and total and each.count and total % each.count:
                yield hit(
                    f"line {each.line} states {each.count:,}, {where} hold{'s' if each.file else ''} {total:,} rows",
                    name,
                )


def _different(subject: Subject, files: list[File]) -> int:
    """The number of different prompts."""
    prompts = subject.state.column("prompt")
    return len(
        {key for file, first, end in subject.state.spans if file in files for key in prompts[first:end].tolist()}
    )


def _counts(text: str, files: list[File]) -> Iterator[_Count]:
    """The counts that a card states of the whole, and of files that it names in the same line."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        fenced ^= line.lstrip().startswith("```")
        if fenced or _VAGUE.search(line):
            continue
        here = [file for file in files if file.path.name in line]
        after = _OF_FILE.search(line.rpartition(here[0].path.name)[2]) if len(here) == 1 else None
        if after:
            yield _Count(number, int(after[1].replace(",", "")), here[0])
        elif not here and (match := _WHOLE.search(line)):
            yield _Count(number, int(match[1].replace(",", "")))


def _data(path: Path, top: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(top).parts)
    return not hidden and path.is_file() and path.name.lower() not in NOT_DATA and reading.kind_of(path) is not None

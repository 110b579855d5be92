"""A baseline: findings that are known, by digests of their rows, so that a check tells only what is new.

An entry survives rows that move and other rows that change. It holds no text. Of a rule that found more in a file than
is listed (`demur.checks.engine.LISTED`), only the number is known.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from demur.checks.finding import Finding, Report
from demur.checks.rule import RULES
from demur.errors import UsageError, issues, printable
from demur.files.bounds import beginning
from demur.files.whole import write_whole

_MOST = 1 << 25  # bytes of a baseline
NAME = "demur-baseline.json"
"""What a baseline is best called: beside data, files of this name are no data."""

Place = tuple[str, str]
"""File and code."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Entry(_Strict):
    """Findings of one rule in one file.

    Attributes:
        file: from the folder of the baseline.
        marks: digest of what a finding is about -> how many are alike.
        more: how many were not listed; then findings are known by their number alone.
    """

    file: str
    code: str
    marks: dict[str, Annotated[int, Field(gt=0)]] = {}
    more: Annotated[int, Field(ge=0)] = 0

    @property
    def count(self) -> int:
        """How many findings."""
        return sum(self.marks.values()) + self.more


class Baseline(_Strict):
    """What is known, as the file has it."""

    version: Literal[1] = 1
    known: list[Entry] = []


class _Seen(NamedTuple):
    left: list[Finding]
    known: Counter[Place]
    more: Counter[str]
    unlisted: dict[Place, int]


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    try:
        return Baseline.model_validate_json(beginning(path, _MOST))
    except OSError as error:
        msg = "The baseline cannot be read"
        raise UsageError(msg, where=path, got=error.strerror, fix="--write-baseline FILE makes one.") from None
    except ValidationError as error:
        msg = "The baseline is broken"
        raise UsageError(msg, where=path, got=issues(error)[0], fix="--write-baseline FILE makes a new one.") from None


def write_baseline(path: Path, report: Report) -> int:
    """Write everything that a check found, and give its number; waivers' own findings are left out."""
    marks: dict[Place, Counter[str]] = {}
    for each in report.findings:
        if _is_known(each.code):
            marks.setdefault((_from(path, report.root, each.file), each.code), Counter())[mark_of(each)] += 1
    more = {(_from(path, report.root, file), code): n for (file, code), n in report.unlisted.items()}
    entries = []
    for place in sorted({*marks, *more}):
        mine = dict(sorted(marks.get(place, {}).items()))
        entries.append(Entry(file=place[0], code=place[1], marks=mine, more=more.get(place, 0)))
    text = json.dumps(Baseline(known=entries).model_dump(), indent=1, ensure_ascii=False)
    write_whole(path, f"{text}\n", "The baseline cannot be written")
    return sum(each.count for each in entries)


def mark_of(finding: Finding) -> str:
    """What stays of a finding when rows move: its column and its row's digest, or of a file its words without numbers.

    Example:
        >>> one, two = (Finding("a", None, "DMR006", f"is empty, in all {rows} rows", "") for rows in (7, 8))
        >>> mark_of(one) == mark_of(two)
        True
    """
    said = finding.mark or re.sub(r"\d[\d,.]*", "#", finding.message)
    digest = hashlib.sha256("\0".join((finding.column or "", said)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


def without_known(report: Report, baseline: Baseline, path: Path, checked: Collection[str]) -> Report:
    """A report of what is new since a baseline, with what it holds that is not there any more.

    Args:
        report: with all findings that were kept, and marks.
        baseline: what is known.
        path: where it lies.
        checked: the files that were checked, as findings name them; entries of others are not stale.
    """
    entries = {(each.file, each.code): each for each in baseline.known}
    seen = _sift(report, entries, path)
    files = {_from(path, report.root, each) for each in (*checked, ".")}
    stale = [
        f"{file} {code} ({gone:,})"
        for (file, code), entry in sorted(entries.items())
        if (file in files or not (path.parent / file).exists()) and code in report.ran
        if (gone := entry.count - seen.known[file, code]) > 0
    ]
    known = Counter[str]()
    for (_, code), count in seen.known.items():
        known[code] += count
    made = replace(report.listing(seen.left), more={code: n for code, n in sorted(seen.more.items()) if n})
    return replace(made, known=dict(sorted((+known).items())), stale=tuple(stale), unlisted=seen.unlisted)


def _sift(report: Report, entries: dict[Place, Entry], path: Path) -> _Seen:
    """Findings that are not known; what is known is counted by file and code."""
    files = {each.file for each in report.findings} | {file for file, _ in report.unlisted}
    names = {file: _from(path, report.root, file) for file in files}
    free = {place: Counter(entry.marks) for place, entry in entries.items()}
    any_left = {place: entry.count for place, entry in entries.items() if entry.more}
    seen = _Seen([], Counter(), Counter(report.more), dict(report.unlisted))
    for each in report.findings:
        place = (names[each.file], each.code)
        mark = mark_of(each)
        if any_left.get(place, 0) > 0:
            any_left[place] -= 1
        elif place not in any_left and free.get(place, Counter())[mark] > 0:
            free[place][mark] -= 1
        else:
            seen.left.append(each)
            continue
        seen.known[place] += 1
    for (file, code), count in report.unlisted.items():
        place = (names[file], code)
        covered = min(count, any_left.get(place, 0))
        seen.known[place] += covered
        seen.more[code] -= covered
        seen.unlisted[file, code] = count - covered
    return seen._replace(unlisted={place: count for place, count in seen.unlisted.items() if count})


def _is_known(code: str) -> bool:
    """Whether findings of a rule can be known: those about waivers are not."""
    return code not in RULES or bool(RULES[code].applies)


def _from(path: Path, root: str, file: str) -> str:
    """A file as seen from the folder of the baseline, so that it does not matter where the check runs."""
    return printable(Path(os.path.relpath(Path(root, file).absolute(), path.absolute().parent)).as_posix())

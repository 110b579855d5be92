"""Waivers: known findings, with a reason and a last day.

A waiver is no silence: waived findings are counted, a waiver past its day is a finding, and so is one that matches
nothing any more. A check of some files only (a commit's, say) says nothing about waivers of the others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from demur.checks.finding import Finding, hit
from demur.checks.rule import rule_of
from demur.files.reading import kind_of

Said = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]


class Waiver(BaseModel):
    """Findings that are known.

    Attributes:
        rule: code or name.
        path: pattern of the files, see `Names.match`.
        row: only this row; ``record_id``: only the row of this id.
        reason: why they stay.
        expires: the last day on which they are waived.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    rule: Said
    path: Said = "*"
    row: Annotated[int, Field(ge=0)] | None = None
    record_id: str | None = None
    reason: Said
    expires: date

    def covers(self, finding: Finding, names: Names) -> bool:
        """Whether a finding is one of these."""
        return (
            finding.code == rule_of(self.rule).code
            and self.row in (None, finding.row)
            and self.record_id in (None, finding.record_id)
            and names.match(self.path, finding.file)
        )


@dataclass(frozen=True)
class Names:
    """What the files of a check are called, from where its settings lie.

    Attributes:
        folder: of the settings file.
        root: the folder that findings name files below, see `Report.root`.
        paths: what was checked.
    """

    folder: Path
    root: str
    paths: tuple[Path, ...]

    def match(self, pattern: str, file: str) -> bool:
        """Whether a pattern means a file: by its path from the settings file, its bare name, or as findings name it.

        So one pattern fits however the check was called: with the folder, the file, or from another place.
        """
        path = Path(self.root, file).absolute()
        return any(fnmatchcase(name, pattern) for name in (file, *_names(path, self.folder)))

    def saw_all(self, pattern: str) -> bool:
        """Whether everything below the settings file that a pattern means was checked."""
        checked = [path.resolve() for path in self.paths]
        if (self.folder / pattern).is_dir():
            return any((self.folder / pattern).resolve().is_relative_to(path) for path in checked)
        for here, folders, files in os.walk(self.folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in files:
                path = Path(here, name)
                if kind_of(path) is None or not any(fnmatchcase(each, pattern) for each in _names(path, self.folder)):
                    continue
                if not any(path.resolve().is_relative_to(each) for each in checked):
                    return False
        return True


@lru_cache(4096)
def _names(path: Path, folder: Path) -> tuple[str, ...]:
    """The bare name of a file, and its path from a folder that it lies below."""
    whole, top = path.resolve(), folder.resolve()
    return (path.name, whole.relative_to(top).as_posix()) if whole.is_relative_to(top) else (path.name,)


def of_waivers(
    waivers: Sequence[Waiver], used: set[int], where: str, today: date, names: Names, rules: set[str]
) -> Iterator[Finding]:
    """What is to be said of the waivers themselves.

    Args:
        waivers: all of them.
        used: places of those that covered some finding.
        where: the settings file, as findings name it.
        today: the day of the check.
        names: what was checked.
        rules: codes of the rules that were run; a waiver of another rule is not stale.
    """
    for place, waiver in enumerate(waivers):
        code = rule_of(waiver.rule).code
        said = f"waiver {place + 1}, of {code} in {waiver.path!r}"
        if waiver.expires < today:
            yield from _told("DMR901", f"{said}, ended on {waiver.expires}", where, rules)
        elif place not in used and code in rules and names.saw_all(waiver.path):
            yield from _told("DMR902", f"{said}, matches no finding", where, rules)


def _told(code: str, message: str, where: str, rules: set[str]) -> Iterator[Finding]:
    if code in rules:
        yield replace(hit(message, where, fix=rule_of(code).fix), code=code)

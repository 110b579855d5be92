"""Settings of ``demur check`` from ``demur.toml``, or ``[tool.demur.check]`` in pyproject.toml; waivers with an end.

A waiver says which findings are known and why, and until when. It is no silence: waived findings are counted, one that
is past its day is a finding, and so is one that matches nothing any more.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from demur.checks.finding import Finding, Report, hit
from demur.checks.rule import RULES, rule, rule_of, selected
from demur.errors import UsageError, issues, nearest

FILE, PROJECT = "demur.toml", "pyproject.toml"
Said = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Waiver(_Strict):
    """Findings that are known.

    Attributes:
        rule: code or name.
        path: pattern of the files, as findings name them.
        row: only this row; ``record_id``: only the row of this id.
        reason: why they stay.
        expires: the last day on which they are waived.
    """

    rule: Said
    path: Said = "*"
    row: Annotated[int, Field(ge=0)] | None = None
    record_id: str | None = None
    reason: Said
    expires: date

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is one of these."""
        return (
            finding.code == rule_of(self.rule).code
            and fnmatch(finding.file, self.path)
            and self.row in (None, finding.row)
            and self.record_id in (None, finding.record_id)
        )


class PerPath(_Strict):
    """Rules for some files: only those selected, without those ignored."""

    select: list[str] = []
    ignore: list[str] = []


class Settings(_Strict):
    """What a settings file may say; see ``demur check --help`` for each.

    Attributes:
        per_path: pattern of files -> rules.
        waive: known findings.
    """

    select: list[str] = []
    ignore: list[str] = []
    against: list[str] = []
    map: str | None = None
    license: str | None = None
    max_findings: Annotated[int, Field(ge=0)] | None = Field(default=None, alias="max-findings")
    format: str | None = None
    per_path: dict[str, PerPath] = Field(default={}, alias="per-path")
    waive: list[Waiver] = []

    @model_validator(mode="after")
    def _names_rules(self) -> Settings:
        selected(self.select, self.ignore)
        for each in self.per_path.values():
            selected(each.select, each.ignore)
        for waiver in self.waive:
            rule_of(waiver.rule)
        return self


def find_settings(start: Path) -> Path | None:
    """The settings file of a path: the nearest in its folder and those above, up to the root of its repository."""
    folder = start.resolve() if start.is_dir() else start.resolve().parent
    for here in (folder, *folder.parents):
        if (here / FILE).is_file():
            return here / FILE
        if (here / PROJECT).is_file() and "check" in _table(here / PROJECT, "tool", "demur"):
            return here / PROJECT
        if (here / ".git").exists():
            return None
    return None


def read_settings(path: Path | None) -> Settings:
    """The settings of a file; of none, those that change nothing.

    Raises:
        UsageError: not TOML, an unknown key or rule, or a waiver without reason or last day.
    """
    if path is None:
        return Settings()
    said = _table(path, "tool", "demur", "check") if path.name == PROJECT else _table(path)
    known = {field.alias or name for name, field in Settings.model_fields.items()}
    if unknown := sorted(set(said) - known):
        msg = f"Unknown setting {unknown[0]!r}"
        raise UsageError(msg, where=path, fix=nearest(unknown[0], known))
    try:
        return Settings.model_validate(said)
    except ValidationError as error:
        found = issues(error)
        msg = f"The settings are broken ({len(found)} issues)"
        raise UsageError(msg, where=path, got=found[0]) from None
    except UsageError as error:  # no such rule
        raise UsageError(error.what, where=path, fix=error.fix) from None


def _table(path: Path, *keys: str) -> dict[str, Any]:
    try:
        found: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        msg = "The settings cannot be read"
        raise UsageError(msg, where=path, expected="TOML", got=type(error).__name__) from None
    for key in keys:
        found = found.get(key, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}


def applied(report: Report, settings: Settings, where: str, today: date) -> Report:
    """A report after the rules by path and the waivers of its settings.

    Args:
        report: with all findings listed.
        settings: what to apply.
        where: the settings file, for findings about waivers.
        today: the day of the check.
    """
    kept = [finding for finding in report.findings if _wanted(finding, settings)]
    used: set[int] = set()
    waived: Counter[str] = Counter()
    left = []
    for finding in kept:
        mine = [place for place, waiver in enumerate(settings.waive) if waiver.covers(finding)]
        used.update(mine)
        if any(settings.waive[place].expires >= today for place in mine):
            waived[finding.code] += 1
        else:
            left.append(finding)
    left += _of_waivers(settings.waive, used, where, today)
    return replace(report.listing(left), waived=dict(sorted(waived.items())))


def _wanted(finding: Finding, settings: Settings) -> bool:
    for pattern, rules in settings.per_path.items():
        if fnmatch(finding.file, pattern):
            codes = {rule.code for rule in selected(rules.select, rules.ignore)}
            if finding.code not in codes:
                return False
    return True


def _of_waivers(waivers: Iterable[Waiver], used: set[int], where: str, today: date) -> Iterator[Finding]:
    for place, waiver in enumerate(waivers):
        said = f"waiver {place + 1}, of {rule_of(waiver.rule).code} in {waiver.path!r}"
        if waiver.expires < today:
            yield from _completed("DMR901", f"{said}, ended on {waiver.expires}", where)
        elif place not in used:
            yield from _completed("DMR902", f"{said}, matches no finding", where)


def _completed(code: str, message: str, where: str) -> Iterator[Finding]:
    yield replace(hit(message, where), code=code, fix=RULES[code].fix)


@rule(
    "DMR901",
    "expired-waiver",
    summary="No waiver is past its last day.",
    why="A waiver without an end is a rule that was switched off: nobody comes back to it.",
    fix="Mend what it waives, or give it a new last day and the reason why.",
    applies=(),
)
def expired(_: object) -> Iterator[Finding]:
    """Made by `applied`, which knows the waivers."""
    yield from ()


@rule(
    "DMR902",
    "stale-waiver",
    summary="Every waiver matches a finding.",
    why="A waiver whose findings are mended hides the next fault of the same kind in the same place.",
    fix="Remove the waiver.",
    applies=(),
)
def stale(_: object) -> Iterator[Finding]:
    """Made by `applied`, which knows the waivers."""
    yield from ()

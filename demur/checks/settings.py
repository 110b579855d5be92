"""Settings of ``demur check`` from ``demur.toml``, or ``[tool.demur.check]`` in pyproject.toml."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from demur.checks.claimed import Claim
from demur.checks.finding import FailOn, Finding, Report
from demur.checks.profiles import chosen
from demur.checks.rule import rule_of, selected
from demur.checks.waivers import Names, Waiver, of_waivers
from demur.errors import UsageError, issues, nearest
from demur.files.bounds import Bounds, beginning
from demur.files.syntax import MOST_TOML, Broken, parse_toml
from demur.project.owners import SAFE, foreign, upwards
from demur.sets.manifest_file import is_built

FILE, PROJECT = "demur.toml", "pyproject.toml"
BROKEN = "DMR001"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class PerPath(_Strict):
    """Rules for some files, of those that run: only those selected, without those ignored."""

    select: list[str] = []
    ignore: list[str] = []


class Settings(_Strict):
    """What a settings file may say; see ``demur check --help`` for each.

    Attributes:
        data: folders and patterns of files, each of one data set, from the settings file; see ``--whole``.
        project: what `demur.project` reads of the same file; a check does not look at it.
        per_path: pattern of files -> rules.
        limits: how much an input may cost, by the names of `demur.files.bounds.Bounds`.
        waive: known findings.
        claims: what papers or pages state of files.
    """

    select: list[str] = []
    ignore: list[str] = []
    against: list[str] = []
    map: str | dict[str, str] | None = None
    license: str | None = None
    max_findings: Annotated[int, Field(ge=0)] | None = Field(default=None, alias="max-findings")
    format: Literal["text", "json", "junit", "sarif", "github"] | None = None
    profile: str | None = None
    fail_on: FailOn = Field(default="warning", alias="fail-on")
    allow_unjudged: bool = Field(default=False, alias="allow-unjudged")
    baseline: str | None = None
    data: list[str] = []
    project: dict[str, Any] = {}
    per_path: dict[str, PerPath] = Field(default={}, alias="per-path")
    waive: list[Waiver] = []
    limits: dict[str, Annotated[int, Field(ge=1)]] = {}
    claims: list[Claim] = []

    @model_validator(mode="after")
    def _names_rules(self) -> Settings:
        chosen(self.select, self.ignore, self.profile)
        _keeps(self.ignore, "ignore")
        for pattern, each in self.per_path.items():
            selected(each.select, each.ignore)
            if not pattern.strip("*/."):
                _keeps(each.ignore, f"per-path.{pattern!r}.ignore")
        for waiver in self.waive:
            rule_of(waiver.rule)
        return self


_TABLES: dict[str, type[BaseModel]] = {"per-path": PerPath, "waive": Waiver, "claims": Claim}


def _keeps(ignore: Sequence[str], where: str) -> None:
    """Make sure that what cannot be read is told: no settings turn that off for all files.

    Raises:
        UsageError: they do.
    """
    if BROKEN not in {rule.code for rule in selected((), ignore)}:
        msg = f"{where} turns off {BROKEN}, which tells of files that cannot be read"
        raise UsageError(msg, fix=f"Ignore rules or families by their codes, or {BROKEN} for some paths in [per-path].")


def find_settings(start: Path) -> Path | None:
    """The settings file of a path: the nearest in its folder and those above, up to its repository's root or home.

    Those in a folder that Demur built, or that was pulled, do not count: a set would choose its own rules.

    Raises:
        UsageError: the file belongs to another user.
    """
    found = None
    for here in upwards(start if start.is_dir() else start.parent):
        if is_built(here):
            found = None
        elif found is None and (here / FILE).is_file() and _table(here / FILE).keys() != {"project"}:
            found = here / FILE
        elif found is None and (here / PROJECT).is_file() and "check" in _table(here / PROJECT, "tool", "demur"):
            found = here / PROJECT
    if found and foreign(found):
        msg = "The settings belong to another user"
        fix = f"If you trust them, name them with --settings, or call the folder safe: {SAFE}={found.parent}"
        raise UsageError(msg, where=found, got=f"uid {found.stat().st_uid}", fix=fix)
    return found


def read_settings(path: Path | None) -> Settings:
    """The settings of a file; of none, those that change nothing. Files that it names lie beside it.

    Raises:
        UsageError: not TOML, an unknown key or rule, or a waiver without reason or last day.
    """
    if path is None:
        return Settings()
    said = _table(path, "tool", "demur", "check") if path.name == PROJECT else _table(path)
    try:
        settings = Settings.model_validate(said)
    except ValidationError as error:
        found = issues(error)
        msg = f"The settings are broken ({len(found)} {'issue' if len(found) == 1 else 'issues'})"
        raise UsageError(msg, where=path, got="; ".join(found), fix=_meant(error)) from None
    except UsageError as error:  # no such rule
        raise UsageError(error.what, where=path, fix=error.fix) from None
    return settings.model_copy(
        update={
            "select": [*settings.select, BROKEN] if settings.select else [],
            "baseline": None if settings.baseline is None else str(path.parent / settings.baseline),
            "against": [_beside(path, each) for each in settings.against],
            "map": _beside(path, settings.map) if isinstance(settings.map, str) else settings.map,
        }
    )


def limits_of(settings: Settings, path: Path | None, *, named: bool) -> dict[str, int]:
    """The limits of settings; those that were found, and not named, may come with what is checked, and raise none.

    Raises:
        UsageError: they do.
    """
    raised = sorted(name for name, most in settings.limits.items() if most > getattr(Bounds(), name, most))
    if raised and not named:
        msg = "Settings that nobody named raise limits, and may come with the data"
        fix = f"If they are yours: --settings {path}, or --limit {raised[0]}={settings.limits[raised[0]]}"
        raise UsageError(msg, where=path, got=", ".join(raised), fix=fix)
    return settings.limits


def _meant(error: ValidationError) -> str | None:
    """What to write for the first key that nobody knows."""
    for each in error.errors():
        if each["type"] == "extra_forbidden":
            *inside, key = each["loc"]
            table = _TABLES[str(inside[0])] if inside else Settings
            return nearest(str(key), {field.alias or name for name, field in table.model_fields.items()})
    return None


def _beside(settings: Path, name: str) -> str:
    """A file's path from here, if that is what is named; sets and layouts have names without an ending."""
    path = settings.parent / name
    return str(path) if path.suffix and path.is_file() else name


def _table(path: Path, *keys: str) -> dict[str, Any]:
    try:
        found: Any = parse_toml(beginning(path, MOST_TOML + 1))
    except Broken as error:
        msg = "The settings cannot be read"
        raise UsageError(msg, where=path, expected="TOML", got=error.what) from None
    except OSError as error:
        msg = "The settings cannot be read"
        raise UsageError(msg, where=path, got=error.strerror) from None
    for key in keys:
        found = found.get(key, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}


def applied(
    report: Report, settings: Settings, where: Path, today: date, paths: Sequence[Path], rules: Collection[str]
) -> Report:
    """A report after the rules by path and the waivers of its settings.

    Args:
        report: with all findings that were kept listed; of those that were not, whole files can be left out or waived.
        settings: what to apply.
        where: the settings file.
        today: the day of the check.
        paths: what was checked.
        rules: codes of the rules that were run.
    """
    names = Names(where.parent, report.root, tuple(paths))
    wanted = {
        pattern: {rule.code for rule in selected(each.select, each.ignore)}
        for pattern, each in settings.per_path.items()
    }
    used: set[int] = set()
    waived: Counter[str] = Counter()
    more = Counter(report.more)
    left: list[Finding] = []
    unlisted = [(Finding(file, None, code, "", ""), count) for (file, code), count in report.unlisted.items()]
    kept = dict(report.unlisted)
    for finding, count in [*((each, 0) for each in report.findings), *unlisted]:
        mine = [place for place, waiver in enumerate(settings.waive) if waiver.covers(finding, names)]
        left_out = any(finding.code not in codes and names.match(path, finding.file) for path, codes in wanted.items())
        known = any(settings.waive[place].expires >= today for place in mine)
        if not left_out:
            used.update(mine)
        if known and not left_out:
            waived[finding.code] += count or 1
        if known or left_out:
            more[finding.code] -= count
            if count:
                del kept[finding.file, finding.code]
        elif not count:
            left.append(finding)
    left += of_waivers(settings.waive, used, _named(where, report.root), today, names, set(rules))
    more_left = {code: count for code, count in more.items() if count}
    made = replace(report.listing(left), more=more_left, unlisted=kept)
    ran = {*report.ran, *(code for code in rules if not rule_of(code).applies)}  # those about waivers ran here
    here = where.resolve().is_relative_to(Path.cwd())
    told = (os.path.relpath(where) if here else where.as_posix()) + _left_out(settings)
    return replace(made, waived=dict(sorted(waived.items())), ran=tuple(sorted(ran)), settings=told)


def _left_out(settings: Settings) -> str:
    """How many rules the settings leave out, in words."""
    every, left = chosen((), (), None), chosen(settings.select, settings.ignore, settings.profile)
    out = len(every) - len(left)
    return f" (leaves out {out:,} of {len(every):,} rules)" if out else ""


def _named(where: Path, root: str) -> str:
    """The settings file as findings name files: below the checked folder or beside it, if it lies below here."""
    if not where.resolve().is_relative_to(Path.cwd()):
        return where.as_posix()
    return Path(os.path.relpath(where.resolve(), Path(root).resolve())).as_posix()

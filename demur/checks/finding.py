"""What a rule found, and what a whole check found. A finding names file, row and record id, never a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import total_ordering
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "advice"]

SEVERITIES: tuple[Severity, ...] = ("advice", "warning", "error")
"""From the least to the worst."""

FailOn: TypeAlias = Literal["error", "warning", "advice", "never"]

_SHOWN = 300  # characters of a text, in a report
_NAMED = 3  # files of one reason


@total_ordering
@dataclass(frozen=True)
class Finding:
    """One fault, with its place and what to do about it; findings sort by file, row, code and message.

    Attributes:
        file: as it was named, or its path below the checked folder.
        row: 0-based row of the file, headers and blank lines left out; None for the file or the set as a whole.
        code: of the rule.
        record_id: the row's id, where it has one that can be shown.
        column: the file's own name of the column.
        text: what the row says; only filled when it was asked for, and no part of equality or of the printed form.
        line: of the file, from 1, on which the row begins, or the fault lies; None where rows have no lines.
        severity: of the rule.
        rows: how many rows it is about: none where it is about the file, all of them where each has the fault.
        mark: of what the row holds, wherever it stands; only filled when it was asked for.
    """

    file: str
    row: int | None
    code: str
    message: str
    fix: str
    record_id: str | None = None
    column: str | None = None
    text: str | None = field(default=None, compare=False, repr=False)
    line: int | None = None
    severity: Severity = "error"
    rows: int = field(default=-1, compare=False, repr=False)
    mark: str | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.rows < 0:
            object.__setattr__(self, "rows", 0 if self.row is None else 1)

    def of_rule(self, code: str, fix: str, severity: Severity) -> Finding:
        """The same as what a rule found; `fix` where it says none itself. As `replace` does it, and much quicker."""
        made = object.__new__(Finding)
        made.__dict__.update(self.__dict__, code=code, fix=self.fix or fix, severity=severity)
        return made

    def of_row(self, record_id: str | None, text: str | None, line: int | None, mark: str | None) -> Finding:
        """The same with what its row says of itself; an id that the rule gave stays."""
        made = object.__new__(Finding)
        told = {"record_id": self.record_id or record_id, "text": text, "line": line, "mark": mark}
        made.__dict__.update(self.__dict__, **told)
        return made

    @property
    def where(self) -> str:
        """File and line, as compilers print them and editors open them; the row's number where rows have no lines.

        Example:
            >>> Finding("a.csv", 3, "DMR006", "is empty", "", line=5).where
            'a.csv:5'
            >>> Finding("a.parquet", 3, "DMR006", "", "").where, Finding("a.csv", None, "DMR003", "", "").where
            ('a.parquet: row 3', 'a.csv')
        """
        if self.line is not None:
            return f"{self.file}:{self.line}"
        return self.file if self.row is None else f"{self.file}: row {self.row}"

    @property
    def excerpt(self) -> str | None:
        """The beginning of the text, as reports show it.

        Example:
            >>> len(Finding("a.csv", 3, "DMR006", "is odd", "", text="word " * 100).excerpt)
            304
        """
        return self.text if self.text is None or len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]} ..."

    def __lt__(self, other: Finding) -> bool:
        return self.order < other.order

    @property
    def order(self) -> tuple[str, int, str, str, str, str, str]:
        """What findings sort by."""
        row = -1 if self.row is None else self.row
        return (self.file, row, self.code, self.message, self.column or "", self.record_id or "", self.fix)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sorted findings; the order of each is made once."""
    return sorted(findings, key=lambda finding: finding.order)


def hit(
    message: str,
    file: str,
    row: int | None = None,
    *,
    record_id: str | None = None,
    column: str | None = None,
    fix: str = "",
    line: int | None = None,
) -> Finding:
    """A finding as a rule yields it: the rule's decorator adds the code and, if there is none, its usual fix."""
    return Finding(file, row, "", message, fix, record_id, column, line=line)


@dataclass(frozen=True)
class Unjudged:
    """What rules had nothing to judge of.

    Attributes:
        what: is judged, in a word or two.
        why: it was not.
        codes: of the rules.
        files: in which it was not; none where that is about the whole.
        fails: whether a check may not pass in silence over it; else it is only told.
    """

    what: str
    why: str
    codes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    fails: bool = False

    def __str__(self) -> str:
        """As summaries have it.

        Example:
            >>> str(Unjudged("leaks", "no prompt column in 1 of 5 files", files=("a.csv",), fails=True))
            'leaks: no prompt column in 1 of 5 files (a.csv)'
        """
        named = [*self.files[:_NAMED], *([f"and {more:,} more"] if (more := len(self.files) - _NAMED) > 0 else [])]
        return f"{self.what}: {self.why}" + (f" ({', '.join(named)})" if named else "")


@dataclass(frozen=True)
class Statistic:
    """What one rule found.

    Attributes:
        findings: how many.
        rows: that they are about; each fault of a row counts by itself.
        per_thousand: of these, in 1,000 rows that were read.
    """

    code: str
    name: str
    severity: Severity
    findings: int
    rows: int
    per_thousand: float


@dataclass(frozen=True)
class Report:
    """The result of a check.

    Attributes:
        findings: in their order.
        files: how many files were read.
        rows: how many rows they hold.
        more: by code, findings beyond those listed.
        unlisted: by file and code, those of them that were never listed at all.
        layouts: by file, the name of the layout that its columns were read as.
        root: the folder that files are named below; empty where they are named as they were given.
        waived: by code, findings that a settings file waives; they are not among the findings.
        unjudged: what rules had nothing to judge of, with the reason.
        ran: codes of the rules that ran.
        idle: by code, why a rule had nothing to judge in any file.
        known: by code, findings that a baseline knows; they are not among the findings.
        stale: entries of a baseline that match nothing any more.
        statistics: of every rule that found something, where they were asked for.
        fail_on: the least severity that fails the check.
        seconds: by code, how long a rule took.
        settings: the settings file that it was made under, and how many rules that leaves out; empty for none.
    """

    findings: tuple[Finding, ...]
    files: int = 0
    rows: int = 0
    more: Mapping[str, int] = field(default_factory=dict)
    layouts: Mapping[str, str] = field(default_factory=dict)
    root: str = ""
    waived: Mapping[str, int] = field(default_factory=dict)
    unlisted: Mapping[tuple[str, str], int] = field(default_factory=dict)
    unjudged: tuple[Unjudged, ...] = ()
    ran: tuple[str, ...] = ()
    idle: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, int] = field(default_factory=dict)
    stale: tuple[str, ...] = ()
    statistics: tuple[Statistic, ...] = ()
    fail_on: FailOn = "warning"
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)
    settings: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Findings by code, listed or not, ordered by code."""
        counted = Counter(finding.code for finding in self.findings)
        counted.update(self.more)
        return dict(sorted(counted.items()))

    @property
    def total(self) -> int:
        """Findings in all, listed or not."""
        return sum(self.counts.values())

    def fails(self, severity: Severity) -> bool:
        """Whether findings of this severity fail the check."""
        return self.fail_on != "never" and SEVERITIES.index(severity) >= SEVERITIES.index(self.fail_on)

    @property
    def unjudged_files(self) -> bool:
        """Whether something could not be judged in some file that should have been."""
        return any(each.fails for each in self.unjudged)

    def listing(self, findings: Iterable[Finding]) -> Report:
        """The same report with other findings listed (some waived, say); what was only counted stays counted."""
        return replace(self, findings=tuple(in_order(findings)))

    def shortened(self, most: int | None) -> Report:
        """At most so many findings listed, the first ones; the rest is counted.

        Example:
            >>> two = Report((Finding("a", 0, "DMR006", "", ""), Finding("a", 1, "DMR006", "", "")))
            >>> two.shortened(1).more, two.shortened(1).total
            ({'DMR006': 1}, 2)
        """
        if most is None or len(self.findings) <= most:
            return self
        more = Counter(self.more)
        more.update(finding.code for finding in self.findings[most:])
        return replace(self, findings=self.findings[:most], more=dict(sorted(more.items())))

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

_SHOWN = 300  # characters of a text, in a report


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

    @property
    def where(self) -> str:
        """File and row, as compilers print them.

        Example:
            >>> Finding("a.csv", 3, "DMR006", "is empty", "").where, Finding("a.csv", None, "DMR003", "", "").where
            ('a.csv:3', 'a.csv')
        """
        return self.file if self.row is None else f"{self.file}:{self.row}"

    @property
    def excerpt(self) -> str | None:
        """The beginning of the text, as reports show it.

        Example:
            >>> len(Finding("a.csv", 3, "DMR006", "is odd", "", text="word " * 100).excerpt)
            304
        """
        return self.text if self.text is None or len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]} ..."

    def __lt__(self, other: Finding) -> bool:
        return self._key < other._key

    @property
    def _key(self) -> tuple[str, int, str, str, str, str, str]:
        row = -1 if self.row is None else self.row
        return (self.file, row, self.code, self.message, self.column or "", self.record_id or "", self.fix)


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
    """

    findings: tuple[Finding, ...]
    files: int = 0
    rows: int = 0
    more: Mapping[str, int] = field(default_factory=dict)
    layouts: Mapping[str, str] = field(default_factory=dict)
    root: str = ""
    waived: Mapping[str, int] = field(default_factory=dict)
    unlisted: Mapping[tuple[str, str], int] = field(default_factory=dict)
    unjudged: tuple[str, ...] = ()

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

    def listing(self, findings: Iterable[Finding]) -> Report:
        """The same report with other findings listed (some waived, say); what was only counted stays counted."""
        return replace(self, findings=tuple(sorted(findings)))

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

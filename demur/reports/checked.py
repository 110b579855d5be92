"""What a page tells of a check: its findings by rule, the rules' own texts, and what was not judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from demur.checks.finding import Finding, Report
from demur.checks.rule import RULES, Rule
from demur.rates import Rate

LISTED = 300
"""Findings that a page lists; more are counted."""

_LEAKS = "DMR1"


@dataclass(frozen=True)
class Checked:
    """A check and how it is shown."""

    report: Report
    with_text: bool = False

    @cached_property
    def rules(self) -> dict[Rule, int]:
        """Every rule that found something -> how many findings, the worst first."""
        order = ("error", "warning", "advice")
        found = [(RULES[code], count) for code, count in self.report.counts.items() if code in RULES]
        return dict(sorted(found, key=lambda each: (order.index(each[0].severity), each[0].code)))

    @property
    def listed(self) -> tuple[Finding, ...]:
        """The findings that are listed."""
        return self.report.findings[:LISTED]

    @property
    def left_out(self) -> int:
        """Findings that are only counted."""
        return self.report.total - len(self.listed)

    @property
    def severities(self) -> dict[str, int]:
        """How many findings of every severity."""
        counted: Counter[str] = Counter()
        for rule, count in self.rules.items():
            counted[rule.severity] += count
        return dict(counted)

    @property
    def by_file(self) -> dict[str, dict[str, int]]:
        """File -> rule -> findings that are listed."""
        found: dict[str, Counter[str]] = {}
        for each in self.report.findings:
            found.setdefault(each.file, Counter())[each.code] += 1
        return {file: dict(sorted(counts.items())) for file, counts in sorted(found.items())}

    @property
    def files(self) -> list[str]:
        """Files that were read, or of which something was found."""
        return sorted({*self.report.layouts, *self.by_file})

    @property
    def most(self) -> int:
        """The most findings that one rule has in one file."""
        return max((count for counts in self.by_file.values() for count in counts.values()), default=0)

    def leaks(self) -> Iterator[tuple[Rule, Rate]]:
        """Every rule about duplicates, splits and leakage that ran: the share of rows that it found."""
        rows: Counter[str] = Counter(self.report.more)
        for each in self.report.findings:
            rows[each.code] += max(1, each.rows)
        unjudged = {code for each in self.report.unjudged for code in each.codes}
        for code in self.report.ran:
            if code.startswith(_LEAKS) and code in RULES and code not in unjudged and self.report.rows:
                yield RULES[code], Rate.of(min(rows[code], self.report.rows), self.report.rows)

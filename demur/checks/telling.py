"""What a check says of itself beside its findings: the summary, statistics by rule, and what -v adds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from demur.checks.finding import Report, Statistic
from demur.checks.outputs import from_here
from demur.checks.rule import RULES, severity_of

_SLOWEST = 10


def summary_of(report: Report, *, quiet: bool = False, verbose: bool = False) -> list[str]:
    """Findings by rule, what was not judged, and what was read as what; the last line alone, or more."""
    last = _last(report)
    if quiet:
        return [last]
    return [*_by_rule(report), *(_of_files(report) if verbose else ()), *_beside(report, verbose), last]


def _by_rule(report: Report) -> Iterator[str]:
    for code, count in report.counts.items():
        more = f" ({report.more[code]:,} not listed)" if report.more.get(code) else ""
        yield f"{code} {_name(code)} ({severity_of(code)}): {count:,}{more}"


def _of_files(report: Report) -> Iterator[str]:
    for file, layout in report.layouts.items():
        yield f"{from_here(report.root, file)}: read as {layout}"
    slowest = sorted(report.seconds.items(), key=lambda each: (-each[1], each[0]))
    for code, seconds in slowest[:_SLOWEST]:
        yield f"{code} {_name(code)}: {seconds:.2f} s"
    if rest := slowest[_SLOWEST:]:
        yield f"{len(rest)} other rules: {sum(seconds for _, seconds in rest):.2f} s"


def _beside(report: Report, verbose: bool) -> Iterator[str]:
    """The settings, what was not judged, and what a baseline holds that is not there any more."""
    if report.settings:
        yield f"settings: {report.settings}"
    if verbose:
        yield from (f"not judged: {each}{'' if each.fails else ' (only told)'}" for each in report.unjudged)
    elif report.unjudged:
        yield f"not judged: {'; '.join(map(str, report.unjudged))}"
    if report.stale:
        told = report.stale if verbose else report.stale[:3]
        more = len(report.stale) - len(told)
        yield f"baseline, matching nothing any more: {'; '.join(told)}{f'; and {more:,} more' if more else ''}"


def _last(report: Report) -> str:
    layouts = Counter(report.layouts.values())
    read_as = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in sorted(layouts.items()))
    findings = "finding" if report.total == 1 else "findings"
    read = f"{report.files:,} {'file' if report.files == 1 else 'files'}, {report.rows:,} rows"
    beside = f", {sum(report.waived.values())} waived" if report.waived else ""
    beside += f", {sum(report.known.values())} in the baseline" if report.known else ""
    beside += ", not all could be judged" if report.unjudged_files else ""
    return f"{read}{f', read as {read_as}' if read_as else ''}: {report.total or 'no'} {findings}{beside}"


def statistics(report: Report) -> tuple[Statistic, ...]:
    """What each rule found, with its rate; of a report whose findings are all listed that were kept."""
    rows = Counter(report.more)
    for each in report.findings:
        rows[each.code] += each.rows
    return tuple(
        Statistic(
            code, _name(code), severity_of(code), count, rows[code], round(1000 * rows[code] / max(1, report.rows), 3)
        )
        for code, count in report.counts.items()
    )


def table_of(report: Report) -> str:
    """Statistics as a table."""
    head = ("code", "name", "severity", "findings", "rows", "per 1,000 rows")
    body = [
        (each.code, each.name, each.severity, f"{each.findings:,}", f"{each.rows:,}", f"{each.per_thousand:,.3f}")
        for each in report.statistics
    ]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if place < 3 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in ((head, *body) if body else ())
    ]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _name(code: str) -> str:
    return RULES[code].name if code in RULES else ""

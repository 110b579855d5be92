"""A report for people, a line a finding, and for machines: JSON, JUnit XML, SARIF 2.1.0 and GitHub's annotations.

None holds a text, but lines and JSON where texts were asked for. All but JSON name files as they lie from here, not
from the checked folder, and point to lines where rows have lines. What is said beside findings is in `telling`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from demur import __version__
from demur.checks.docs import page
from demur.checks.finding import SEVERITIES, Finding, Report
from demur.checks.rule import Rule, severity_of
from demur.checks.rules import RULES
from demur.errors import as_lines, plain, printable
from demur.files.remote import is_url

_LEVELS = {"error": ("error", "error"), "warning": ("warning", "warning"), "advice": ("note", "notice")}
"""Severities, in the words of SARIF and of GitHub."""

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_text(report: Report) -> str:
    """A line for every finding."""
    return "".join(f"{line_of(each, report.root)}\n" for each in report.findings)


def line_of(finding: Finding, root: str = "") -> str:
    """A finding as compilers print theirs: place, severity, code, name, message, record id, and what to do."""
    placed = replace(finding, file=from_here(root, finding.file))
    message = f"{finding.severity} {finding.code} {_name(finding.code)}: {_message(finding)}"
    line = plain(f"{placed.where}: {message}. {finding.fix}")
    return line if finding.text is None else f"{line}\n    {finding.excerpt!r}"


def as_json(report: Report) -> str:
    """Findings, counts by rule, and what was read as what; with the texts that were asked for, if any."""
    findings = [
        {
            name: value
            for name, value in (asdict(each) | {"text": each.excerpt}).items()
            if value or name not in ("text", "mark")
        }
        for each in report.findings
    ]
    about = {"root": report.root, "files": report.files, "rows": report.rows, "total": report.total}
    more = {
        **({"settings": report.settings} if report.settings else {}),
        "counts": report.counts,
        "more": dict(report.more),
        "waived": dict(report.waived),
        "known": dict(report.known),
        "stale": list(report.stale),
        "layouts": dict(report.layouts),
        "unjudged": [asdict(each) for each in report.unjudged],
        "severities": {code: severity_of(code) for code in report.counts},
        **({"statistics": [asdict(each) for each in report.statistics]} if report.statistics else {}),
    }
    return as_lines({**about, **more, "findings": findings}) + "\n"


def as_junit(report: Report) -> str:
    """JUnit XML: a test case for every rule that ran; one fails if what it found fails the check.

    A rule that had nothing to judge in any file is skipped, and what is only told stands in the case's output.
    """
    from xml.etree import ElementTree

    told: dict[str, list[Finding]] = {}
    for finding in report.findings:
        told.setdefault(finding.code, []).append(finding)
    counts = report.counts
    whole = (0, len(report.layouts))
    idle = dict(report.idle)
    idle |= {code: str(each) for each in report.unjudged if len(each.files) in whole for code in each.codes}
    suite = ElementTree.Element("testsuite", name="demur check")
    for code in sorted({*report.ran, *counts}):
        case = ElementTree.SubElement(suite, "testcase", classname=f"demur.{code}", name=_name(code))
        text = _xml("\n".join(line_of(replace(each, text=None), report.root) for each in told.get(code, [])))
        if code in counts and report.fails(severity_of(code)):
            failure = ElementTree.SubElement(case, "failure", message=f"{counts[code]} findings", type=code)
            failure.text = text
        elif code in counts:
            ElementTree.SubElement(case, "system-out").text = text
        elif code in idle:
            ElementTree.SubElement(case, "skipped", message=_xml(idle[code]))
    if not len(suite):
        ElementTree.SubElement(suite, "testcase", classname="demur.checks.engine", name=f"{report.rows} rows")
    failures, skipped = (len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "skipped"))
    about = {"tests": len(suite), "failures": failures, "errors": 0, "skipped": skipped}
    suite.attrib |= {name: str(number) for name, number in about.items()}
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def as_sarif(report: Report) -> str:
    """SARIF 2.1.0: the rules that found something with their own texts, and a result for every finding."""
    rules = [RULES[code] for code in report.counts if code in RULES]
    places = {rule.code: place for place, rule in enumerate(rules)}
    seen = Counter[str]()
    results = []
    for each in report.findings:
        mark = _mark(each)
        seen[mark] += 1
        result = _sarif_result(each, report.root)
        result["partialFingerprints"] = {"demur/v1": f"{mark}:{seen[mark]}"}
        if each.code in places:
            result["ruleIndex"] = places[each.code]
        results.append(result)
    run = {
        "tool": {"driver": {"name": "demur", "version": __version__, "rules": [_sarif_rule(rule) for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "files": report.files,
            "rows": report.rows,
            "counts": report.counts,
            "waived": dict(report.waived),
        },
    }
    return as_lines({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def as_github(report: Report) -> str:
    """Workflow commands that GitHub shows as annotations of files; a last one where not every finding is listed.

    Source: GitHub's documentation of workflow commands; what it escapes is what the runner unescapes.
    """
    said = []
    for each in report.findings:
        where = f"file={_property(from_here(report.root, each.file))}" + (f",line={each.line}" if each.line else "")
        place = "" if each.line or each.row is None else f"row {each.row}: "
        title = _property(f"{each.code} {_name(each.code)}")
        level = _LEVELS[each.severity][1]
        said.append(f"::{level} {where},title={title}::{_data(f'{place}{_message(each)}. {each.fix}')}")
    if more := sum(report.more.values()):
        worst = max((severity_of(code) for code, count in report.more.items() if count), key=SEVERITIES.index)
        said.append(f"::{_LEVELS[worst][1]} title=demur check::{more} more findings, not listed")
    return "".join(f"{line}\n" for line in said)


OUTPUTS: dict[str, Callable[[Report], str]] = {
    "text": as_text,
    "json": as_json,
    "junit": as_junit,
    "sarif": as_sarif,
    "github": as_github,
}
"""Forms of a report by name."""


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why}\n\n{rule.fix}", "markdown": page(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity][0]},
    }


def _sarif_result(finding: Finding, root: str) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(from_here(root, finding.file))}}
    location: dict[str, Any] = {"physicalLocation": physical}
    if finding.line:
        physical["region"] = {"startLine": finding.line}
    if finding.row is not None:
        name = finding.record_id or f"row {finding.row}"
        location["logicalLocations"] = [
            {"name": name, "fullyQualifiedName": f"{finding.file}:{finding.row}", "kind": "row"}
        ]
    about = {"row": finding.row, "column": finding.column, "record_id": finding.record_id}
    return {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity][0],
        "message": {"text": f"{_message(finding)}. {finding.fix}"},
        "locations": [location],
        "properties": {name: value for name, value in about.items() if value is not None},
    }


def _mark(finding: Finding) -> str:
    """What makes a finding the same one in another run: a row with an id keeps it wherever it moves."""
    row = (finding.record_id,) if finding.record_id else (str(finding.row), finding.message)
    said = "\0".join((finding.file, finding.code, finding.column or "", *row))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def from_here(root: str, file: str) -> str:
    """A file from where the command runs, if it lies below; a URL as it is."""
    if is_url(file):
        return file
    path, here = os.path.normpath(Path(root, file)), f"{Path.cwd()}{os.sep}"
    return path.removeprefix(here).replace("\\", "/")


def _uri(path: str) -> str:
    from urllib.parse import quote

    if is_url(path):
        return quote(path, safe="/:@%+,=~")
    return Path(path).as_uri() if Path(path).is_absolute() else quote(os.fsencode(path))


def _message(finding: Finding) -> str:
    column = f" (column {finding.column})" if finding.column else ""
    return f"{finding.message}{column}" + (f" [{finding.record_id}]" if finding.record_id else "")


def _name(code: str) -> str:
    return RULES[code].name if code in RULES else ""


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold. Source: its section 2.2."""
    return _NO_XML.sub("", printable(text))


_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _data(text: str) -> str:
    return plain(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

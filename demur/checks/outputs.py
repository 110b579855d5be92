"""A report for machines: JSON, JUnit XML, SARIF 2.1.0 and GitHub's annotations. None of them ever holds a text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from demur import __version__
from demur.checks.finding import Finding, Report
from demur.checks.rule import RULES, Rule

LINE_BASED = (".jsonl", ".ndjson")
"""Files in which row n is line n + 1, blank lines apart."""

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_json(report: Report) -> str:
    """Findings, counts by rule, and what was read as what; with the texts that were asked for, if any."""
    findings = [{name: value for name, value in asdict(each).items() if name != "text" or value is not None}
                for each in report.findings]  # fmt: skip
    about = {"files": report.files, "rows": report.rows, "total": report.total, "counts": report.counts}
    more = {"more": dict(report.more), "layouts": dict(report.layouts), "waived": dict(report.waived)}
    return json.dumps({**about, **more, "findings": findings}, indent=1, ensure_ascii=False) + "\n"


def as_junit(report: Report) -> str:
    """JUnit XML: a test case for every rule that found something, with its findings; one that passes if none did."""
    from xml.etree import ElementTree

    failed: dict[str, list[Finding]] = {}
    for finding in report.findings:
        failed.setdefault(finding.code, []).append(finding)
    codes = report.counts
    suite = ElementTree.Element(
        "testsuite",
        name="demur check",
        tests=str(max(1, len(codes))),
        failures=str(len(codes)),
        errors="0",
        skipped="0",
    )
    if not codes:
        ElementTree.SubElement(suite, "testcase", classname="demur.check", name=f"{report.rows} rows")
    for code, count in codes.items():
        case = ElementTree.SubElement(suite, "testcase", classname=f"demur.{code}", name=_name(code))
        failure = ElementTree.SubElement(case, "failure", message=f"{count} findings", type=code)
        failure.text = _xml("\n".join(f"{each.where}: {_message(each)}. {each.fix}" for each in failed.get(code, [])))
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def as_sarif(report: Report) -> str:
    """SARIF 2.1.0: the rules that found something with their own texts, and a result for every finding."""
    rules = [RULES[code] for code in report.counts if code in RULES]
    places = {rule.code: place for place, rule in enumerate(rules)}
    driver = {
        "name": "demur",
        "version": __version__,
        "rules": [_sarif_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(each, places) for each in report.findings],
        "properties": {"files": report.files, "rows": report.rows, "counts": report.counts},
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False) + "\n"


def as_github(report: Report) -> str:
    """Workflow commands that GitHub shows as annotations of files.

    Source: GitHub's documentation of workflow commands; what it escapes is what the runner unescapes.
    """
    lines = []
    for each in report.findings:
        line = f",line={each.row + 1}" if each.row is not None and each.file.endswith(LINE_BASED) else ""
        place = "" if line or each.row is None else f"row {each.row}: "
        title = f"{each.code} {_name(each.code)}"
        said = f"{place}{_message(each)}. {each.fix}"
        lines.append(f"::error file={_property(each.file)}{line},title={_property(title)}::{_data(said)}")
    return "".join(f"{line}\n" for line in lines)


OUTPUTS: dict[str, Callable[[Report], str]] = {
    "json": as_json,
    "junit": as_junit,
    "sarif": as_sarif,
    "github": as_github,
}
"""Forms of a report by name; ``text`` is the command's own."""


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    text = f"{rule.why}\n\n{rule.fix}"
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": "error"},
    }


def _sarif_result(finding: Finding, places: dict[str, int]) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file)}}
    if finding.row is not None and finding.file.endswith(LINE_BASED):
        physical["region"] = {"startLine": finding.row + 1}
    location: dict[str, Any] = {"physicalLocation": physical}
    if finding.record_id:
        location["logicalLocations"] = [{"name": finding.record_id, "kind": "element"}]
    about = {"row": finding.row, "column": finding.column, "record_id": finding.record_id}
    said = "\0".join(map(str, (finding.file, finding.row, finding.code, finding.message, finding.column)))
    return {
        "ruleId": finding.code,
        **({"ruleIndex": places[finding.code]} if finding.code in places else {}),
        "level": "error",
        "message": {"text": f"{_message(finding)}. {finding.fix}"},
        "locations": [location],
        "partialFingerprints": {"demur/v1": hashlib.sha256(said.encode()).hexdigest()},
        "properties": {name: value for name, value in about.items() if value is not None},
    }


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path.replace("\\", "/"))


def _message(finding: Finding) -> str:
    column = f" (column {finding.column})" if finding.column else ""
    return f"{finding.message}{column}" + (f" [{finding.record_id}]" if finding.record_id else "")


def _name(code: str) -> str:
    return RULES[code].name if code in RULES else ""


def _xml(text: str) -> str:
    """Without the control characters that XML 1.0 cannot hold."""
    return "".join(sign for sign in text if sign in "\t\n" or sign >= " ")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

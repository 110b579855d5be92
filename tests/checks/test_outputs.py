"""Every form of a report, read by what reads it: a JSON parser, an XML parser, SARIF's schema, GitHub's own rules."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from demur.check import Finding, check
from demur.checks.finding import Report
from demur.checks.outputs import OUTPUTS, as_github, as_junit, as_sarif
from demur.checks.rule import RULES
from demur.cli import main

ROWS = [
    {"prompt": "Describe the lamp in the harbour office", "split": "train"},
    {"prompt": "", "split": "train"},
    {"prompt": "Describe the lamp in the harbour office", "split": "test"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "more.csv").write_text("prompt\nDraw a kite\nDraw a kite\n")
    return tmp_path


@pytest.fixture
def report(folder: Path) -> Report:
    return check(folder)


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - our own


def test_there_is_something_to_tell(report: Report) -> None:
    assert {"DMR006", "DMR101", "DMR102", "DMR401"} <= set(report.counts)


def test_no_form_holds_a_text(report: Report) -> None:
    for form in OUTPUTS.values():
        assert not any(row["prompt"] and row["prompt"] in form(report) for row in ROWS)


def test_forms_do_not_depend_on_the_order_of_findings(report: Report) -> None:
    turned = report.listing(report.findings[::-1])
    assert all(form(report) == form(turned) for form in OUTPUTS.values())


def test_json_says_everything(report: Report) -> None:
    said = json.loads(OUTPUTS["json"](report))
    assert [Finding(**each) for each in said["findings"]] == list(report.findings)
    assert (said["total"], said["counts"], said["rows"]) == (report.total, report.counts, 5)


def test_junit_has_a_case_for_every_rule(report: Report) -> None:
    suite = parsed(as_junit(report))[0]
    assert {case.get("classname") for case in suite} == {f"demur.{code}" for code in report.counts}
    assert suite.get("failures") == str(len(report.counts))
    lines = [line for case in suite for line in (case[0].text or "").splitlines()]
    assert len(lines) == report.total
    clean = parsed(as_junit(Report((), 1, 7)))[0]
    assert (clean.get("tests"), clean.get("failures"), len(clean)) == ("1", "0", 1)


def test_junit_takes_any_message() -> None:
    odd = Report((Finding("a<b>&.csv", 0, "DMR006", 'says "\x00\x1f]]>"', "Do."),))
    assert 'says "]]>"' in (parsed(as_junit(odd))[0][0][0].text or "")


def test_sarif_results_name_their_rules_and_lines(report: Report) -> None:
    (run,) = json.loads(as_sarif(report))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(report.counts)
    for result, finding in zip(run["results"], report.findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.code
        place = result["locations"][0]["physicalLocation"]
        assert "region" not in place or (finding.file, place["region"]["startLine"]) == ("a b.jsonl", finding.row + 1)  # type: ignore[operator]
        assert " " not in place["artifactLocation"]["uri"]
    marks = [result["partialFingerprints"]["demur/v1"] for result in run["results"]]
    assert len(set(marks)) == len(marks)


@pytest.fixture(scope="session")
def sarif_schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The schema of SARIF 2.1.0, as the npm package @microsoft/jest-sarif carries it; no package on PyPI does."""
    if os.environ.get("DEMUR_NETWORK") != "1" or shutil.which("npm") is None:
        pytest.skip("DEMUR_NETWORK is not 1, or there is no npm")
    folder = tmp_path_factory.mktemp("npm")
    command = ["npm", "pack", "--silent", "@microsoft/jest-sarif@1.0.0-beta.0"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    with tarfile.open(next(folder.glob("*.tgz"))) as packed:
        member = packed.extractfile("package/lib/schemas/sarif-2.1.0-rtm.5.json")
        assert member is not None
        return json.loads(member.read())


@pytest.mark.network
def test_sarif_is_valid(report: Report, sarif_schema: Any) -> None:
    import jsonschema

    every = Report(tuple(Finding("x.csv", 3, code, "is wrong", "Mend it.", "id1", "prompt") for code in RULES))
    for each in (report, every, Report(())):
        jsonschema.validate(json.loads(as_sarif(each)), sarif_schema)
    broken = json.loads(as_sarif(report))
    broken["runs"][0]["results"][0]["level"] = "dreadful"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, sarif_schema)


def unescaped(text: str) -> str:
    for sign, code in ((":", "%3A"), (",", "%2C"), ("\r", "%0D"), ("\n", "%0A"), ("%", "%25")):
        text = text.replace(code, sign)
    return text


def test_github_reads_back_what_was_said() -> None:
    finding = Finding("a,b:c%.jsonl", 4, "DMR006", "one\r\ntwo: 50 %", "Do, please.")
    line = as_github(Report((finding,)))
    found = re.fullmatch(r"::error file=([^,:]*),line=5,title=([^,:]*)::(.*)\n", line)
    assert found is not None
    assert [unescaped(each) for each in found.groups()] == [
        finding.file,
        f"DMR006 {RULES['DMR006'].name}",
        "one\r\ntwo: 50 %. Do, please.",
    ]
    assert "row 4: " in as_github(Report((Finding("a.parquet", 4, "DMR006", "is empty", ""),)))


@pytest.mark.parametrize("form", ["text", *OUTPUTS])
def test_the_command_writes_every_form(folder: Path, tmp_path: Path, form: str) -> None:
    done = CliRunner().invoke(main, ["check", str(folder), "--format", form])
    assert done.exit_code == 1, done.output
    out = tmp_path / "report"
    again = CliRunner().invoke(main, ["check", str(folder), "--format", form, "--output", str(out)])
    assert again.exit_code == 1
    assert out.read_text() == done.stdout
    assert "findings" in again.stderr
    if form in OUTPUTS:
        assert done.stdout == OUTPUTS[form](check(folder))
    few = CliRunner().invoke(main, ["check", str(folder), "--format", form, "--max-findings", "1"])
    assert few.exit_code == 1
    assert len(few.stdout) < len(done.stdout)

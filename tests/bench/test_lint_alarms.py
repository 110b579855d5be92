"""The table of false alarms: judgements hold for the findings that they were made of, and rates for the rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from bench.lint_alarms import UNJUDGED, Alarms, File, Found, Judged, by_file, by_rule, find, read_alarms, tables
from demur.checks.rule import RULES
from demur.rates import wilson

KITES, LAMPS = File(name="kites", paths=("kites.jsonl",)), File(name="lamps", paths=("lamps.jsonl",), trains=True)
FOUND = [
    Found(file=KITES, rows=500, findings={"DMR006": 4, "DMR102": 10}),
    Found(file=LAMPS, rows=1500, findings={"DMR102": 20, "DMR104": 3}),
    Found(
        file=File(name="again", paths=("kites.jsonl",), select=("DMR104",), against=("sketch",)), rows=500, findings={}
    ),
]


def judged(file: str, rule: str, findings: int, true: int, false: int) -> Judged:
    return Judged(file=file, rule=rule, findings=findings, true=true, false=false, why="read")


def cells(table: str, first: str) -> list[str]:
    (line,) = (line for line in table.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_judgement_is_of_so_many_findings() -> None:
    alarms = Alarms(file=(KITES,), judged=(judged("kites", "DMR102", 10, 8, 2), judged("kites", "DMR006", 3, 3, 0)))
    lines = by_file(alarms, FOUND[:1])
    assert cells(lines, "kites | 500 | DMR102") == ["kites", "500", "DMR102", "10", "20.0", "10", "8", "2", "read"]
    assert cells(lines, "kites | 500 | DMR006")[3:] == ["4", "8.0", "", "", "", UNJUDGED]
    assert cells(by_file(alarms, FOUND[2:]), "again")[2:4] == ["none", "0"]


def test_false_alarms_by_rule() -> None:
    """Of a sample the false share stands for what was not read; rows are those that the rule judges."""
    marks = (judged("kites", "DMR102", 10, 9, 1), judged("lamps", "DMR102", 20, 6, 4))
    lines = by_rule(Alarms(file=(KITES, LAMPS), judged=marks), FOUND)
    _, rows, findings, read, false, share, alarm, rest = cells(lines, "DMR102")
    assert (rows, findings, read, false, rest) == ("2,000", "30", "20", "5", "")
    low, high = wilson(5, 20)
    assert share == f"25 % ({100 * low:.0f}-{100 * high:.0f})"
    low, high = wilson(9, 2000)
    assert alarm == f"4.500 ({1000 * low:.3f}-{1000 * high:.3f})"
    assert cells(lines, "DMR104")[1:] == ["2,000", "3", "0", "0", "", "", f"3 {UNJUDGED}"]
    assert cells(lines, "DMR006")[1:3] == ["2,000", "4"]


def test_files_are_checked_where_the_mirror_has_them(tmp_path: Path) -> None:
    (tmp_path / "github").mkdir()
    rows = [{"prompt": text} for text in ("Mend the kite.", "Trim the lamp.", "Mend the kite.")]
    (tmp_path / "github" / "kites.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    given = KITES.model_copy(update={"license": "mit"})
    (found,) = find(Alarms(file=(given,)), tmp_path)
    assert (found.rows, dict(found.findings)) == (3, {"DMR102": 1})
    assert tables(Alarms(file=(given,)), [found]).startswith("1 files and folders, 3 rows, all rules.")


def test_what_is_declared() -> None:
    """At least 24 files; every judgement is of one of them, of a rule, and of no more than was found."""
    alarms = read_alarms()
    names = [file.name for file in alarms.file]
    assert len(names) == len(set(names)) >= 24
    places = [(each.file, each.rule) for each in alarms.judged]
    assert len(places) == len(set(places))
    for each in alarms.judged:
        assert each.file in names
        assert each.rule in RULES
        assert 0 < each.read <= each.findings
    with pytest.raises(ValidationError):
        judged("kites", "DMR102", 1, 1, 0).model_validate({"file": "kites", "text": "no"})

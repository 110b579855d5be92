"""Waivers end, are counted, and are missed when they match nothing; DMR901 and DMR902, which only they make."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from demur.checks.engine import Report, check
from demur.checks.rule import selected
from demur.checks.settings import applied, read_settings
from demur.cli import main
from tests.checks.test_rules import golden

TODAY = date(2026, 5, 5)
WAIVER = """
[[waive]]
rule = "{rule}"
path = "{path}"
reason = "upstream repeats it on purpose"
expires = {day}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files with a license, each with a row that stands twice; the current folder is above theirs."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "LICENSE").write_text("MIT License\n")
    data = tmp_path / "data"
    data.mkdir()
    for name in ("one", "two"):
        rows = [{"id": f"{name}-{place}", "prompt": f"Draw a kite for {name}"} for place in range(2)]
        (data / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.chdir(tmp_path)
    return data


def after(text: str, *paths: str, today: date = TODAY, select: tuple[str, ...] = ()) -> Report:
    """A check of some paths, by settings in the current folder."""
    where = Path("demur.toml").resolve()
    where.write_text(text)
    report, ran = check(paths, select=select), {rule.code for rule in selected(select)}
    return applied(report, read_settings(where), where, today, [Path(path) for path in paths], ran)


def waiver(path: str, rule: str = "DMR102", day: str = "2026-05-05", more: str = "") -> str:
    return WAIVER.format(rule=rule, path=path, day=day) + more


def codes(report: Report) -> list[tuple[str, str]]:
    return [(finding.code, finding.file) for finding in report.findings]


@pytest.mark.parametrize("path", ["data/one.jsonl", "one.jsonl", "o*", "duplicate of one"])
def test_a_waiver_covers_what_it_names(folder: Path, path: str) -> None:
    if path == "duplicate of one":  # by the name of the rule, and the id of the row
        report = after(waiver("*", rule="duplicate", more='record_id = "one-1"\n'), "data")
    else:
        report = after(waiver(path), "data")
    assert (codes(report), report.waived) == ([("DMR102", "two.jsonl")], {"DMR102": 1})


def test_a_row_is_waived_alone(folder: Path) -> None:
    assert after(waiver("one.jsonl", more="row = 1\n"), "data").waived == {"DMR102": 1}
    other = after(waiver("one.jsonl", more="row = 0\n"), "data")
    assert codes(other) == [("DMR902", "../demur.toml"), ("DMR102", "one.jsonl"), ("DMR102", "two.jsonl")]


@pytest.mark.parametrize("paths", [["data"], ["."], ["data/one.jsonl"], ["data/one.jsonl", "data/two.jsonl"]])
def test_one_waiver_fits_however_the_check_is_called(folder: Path, paths: list[str]) -> None:
    report = after(waiver("data/one.jsonl"), *paths)
    assert report.waived == {"DMR102": 1}
    assert {finding.code for finding in report.findings} <= {"DMR102"}


def test_findings_that_were_never_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.checks.engine.LISTED", 3)
    (folder / "one.jsonl").write_text('{"prompt": "Draw"}\n' * 10 + '{"prompt": "Sing"}\n')
    assert check("data").total == 10
    assert after(waiver("one.jsonl") + waiver("two.jsonl"), "data").waived == {"DMR102": 10}
    assert after(waiver("one.jsonl") + waiver("two.jsonl"), "data").total == 0
    assert after('[per-path."one.jsonl"]\nignore = ["DMR1"]\n', "data").total == 1
    row = after(waiver("one.jsonl", more="row = 1\n"), "data")
    assert (row.waived, row.total) == ({"DMR102": 1}, 9)


def test_the_last_day_is_the_last(folder: Path) -> None:
    text = waiver("data/one.jsonl")
    assert after(text, "data/one.jsonl").findings == ()
    late = after(text, "data/one.jsonl", today=date(2026, 5, 6))
    assert codes(late) == [("DMR102", "data/one.jsonl"), ("DMR901", "demur.toml")]
    assert late.waived == {}


def test_the_day_of_the_command(folder: Path) -> None:
    Path("demur.toml").write_text(waiver("*"))
    for day, code in (("2026-05-05", 0), ("2026-05-06", 1)):
        done = CliRunner().invoke(main, ["check", "data", "--today", day])
        assert (done.exit_code, "DMR901" in done.output) == (code, bool(code)), done.output
    assert CliRunner().invoke(main, ["check", "data", "--today", "tomorrow"]).exit_code == 2
    assert "--today" not in CliRunner().invoke(main, ["check", "--help"]).output


def test_expired_waiver(folder: Path) -> None:
    said = after(waiver("*", day="2026-05-04"), "data", select=("DMR901",))
    golden(list(said.findings), "DMR901", folder)
    assert after(waiver("*", day="2026-05-05"), "data", select=("DMR901",)).findings == ()


def test_stale_waiver(folder: Path) -> None:
    text = waiver("data/gone.jsonl") + waiver("data/one.jsonl", rule="DMR006") + waiver("data/one.jsonl")
    said = after(text, "data", select=("DMR902", "DMR102", "DMR006"))
    golden([each for each in said.findings if each.code == "DMR902"], "DMR902", folder)
    fine = after(waiver("data/one.jsonl") + waiver("data/two.jsonl"), "data", select=("DMR902", "DMR102"))
    assert fine.findings == ()


@pytest.mark.parametrize("path", ["data/one.jsonl", "*", "data/*", "data", "."])
def test_a_waiver_of_what_was_not_checked_is_not_stale(folder: Path, path: str) -> None:
    (folder / "one.jsonl").write_text('{"prompt": "Draw"}\n')
    (folder / "two.jsonl").write_text('{"prompt": "Sing"}\n')
    assert after(waiver(path), "data/two.jsonl").findings == ()
    assert codes(after(waiver(path), ".")) == [("DMR902", "demur.toml")]


def test_a_waiver_of_a_rule_that_did_not_run_is_not_stale(folder: Path) -> None:
    text = waiver("data/one.jsonl", rule="DMR006")
    assert after(text, "data", select=("DMR0", "DMR9")).counts == {"DMR902": 1}
    assert after(text, "data", select=("DMR3", "DMR9")).findings == ()
    assert after(text, "data", select=("DMR006",)).findings == ()  # nobody asked for DMR902


def test_the_command_counts_what_is_waived(folder: Path) -> None:
    Path("demur.toml").write_text(waiver("*", day="2999-01-01"))
    done = CliRunner().invoke(main, ["check", "data"])
    assert (done.exit_code, "no findings, 2 waived" in done.output) == (0, True), done.output
    said = CliRunner().invoke(main, ["check", "data", "--json"])
    assert json.loads(said.stdout)["waived"] == {"DMR102": 2}
    Path("demur.toml").write_text(waiver("*", day="2000-01-01"))
    ended = CliRunner().invoke(main, ["check", "data", "--ignore", "DMR102"])
    assert (ended.exit_code, "demur.toml: error DMR901 expired-waiver" in ended.output) == (1, True), ended.output
    assert CliRunner().invoke(main, ["check", "data", "--ignore", "DMR102,DMR9"]).exit_code == 0


def test_settings_elsewhere(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A settings file that lies beside none of the files goes by bare names."""
    where = tmp_path_factory.mktemp("elsewhere") / "demur.toml"
    where.write_text(waiver("one.jsonl") + waiver("three.jsonl"))
    paths = [Path("data/one.jsonl"), Path("data/two.jsonl")]
    report = applied(check(paths), read_settings(where), where, TODAY, paths, {"DMR102", "DMR902"})
    assert codes(report) == [("DMR902", where.as_posix()), ("DMR102", "data/two.jsonl")]

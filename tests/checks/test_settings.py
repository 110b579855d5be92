"""Settings files, rules by path, and waivers that end."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from demur.check import check
from demur.checks.settings import Settings, applied, find_settings, read_settings
from demur.cli import main
from demur.errors import UsageError

TODAY = date(2026, 5, 5)
WAIVER = """
[[waive]]
rule = "{rule}"
path = "{path}"
reason = "upstream repeats it on purpose"
expires = {day}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files, each with a row that stands twice; and no license."""
    (tmp_path / ".git").mkdir()
    data = tmp_path / "data"
    data.mkdir()
    for name in ("one.jsonl", "two.jsonl"):
        rows = [{"prompt": f"Draw a kite for {name}"}] * 2
        (data / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return data


def codes(folder: Path, text: str, today: date = TODAY) -> list[tuple[str, str]]:
    path = folder.parent / "demur.toml"
    path.write_text(text)
    settings = read_settings(find_settings(folder))
    report = applied(check(folder, select=settings.select, ignore=settings.ignore), settings, "demur.toml", today)
    return sorted((finding.code, finding.file) for finding in report.findings)


BARE = [("DMR102", "one.jsonl"), ("DMR102", "two.jsonl"), ("DMR401", "one.jsonl")]


def test_without_settings_nothing_changes(folder: Path) -> None:
    assert codes(folder, "") == BARE


def test_ignored_and_selected_rules(folder: Path) -> None:
    assert codes(folder, 'ignore = ["no-license", "DMR102"]') == []
    assert codes(folder, 'ignore = ["DMR4"]') == BARE[:2]
    assert codes(folder, 'select = ["DMR4"]') == BARE[2:]


def test_rules_by_path(folder: Path) -> None:
    assert codes(folder, '[per-path."one*"]\nignore = ["DMR102"]\n') == BARE[1:]


def test_a_waiver_covers_what_it_names_until_its_day(folder: Path) -> None:
    text = WAIVER.format(rule="DMR102", path="one.jsonl", day="2026-05-05")
    assert codes(folder, text) == BARE[1:]
    assert codes(folder, text, date(2026, 5, 6)) == [*BARE, ("DMR901", "demur.toml")]


def test_a_waiver_of_nothing_is_stale(folder: Path) -> None:
    text = WAIVER.format(rule="DMR102", path="three.jsonl", day="2027-01-01")
    assert codes(folder, text) == [*BARE, ("DMR902", "demur.toml")]


def test_waived_findings_are_counted(folder: Path) -> None:
    (folder.parent / "demur.toml").write_text(WAIVER.format(rule="DMR102", path="*", day="2999-01-01"))
    done = CliRunner().invoke(main, ["check", str(folder), "--license", "mit"])
    assert (done.exit_code, "no findings, 2 waived" in done.output) == (0, True), done.output


def test_the_command_line_wins(folder: Path) -> None:
    (folder.parent / "demur.toml").write_text('select = ["DMR4"]\nmax-findings = 0\nformat = "json"\n')
    done = CliRunner().invoke(main, ["check", str(folder)])
    assert (json.loads(done.stdout)["findings"], json.loads(done.stdout)["total"]) == ([], 1)
    won = CliRunner().invoke(
        main, ["check", str(folder), "--select", "DMR1", "--max-findings", "9", "--format", "text"]
    )
    assert won.stdout.count("DMR102") >= 2


def test_pyproject_and_the_root_of_the_repository(folder: Path) -> None:
    project = folder.parent / "pyproject.toml"
    project.write_text("[project]\nname = 'x'\n")
    assert find_settings(folder) is None
    project.write_text('[tool.demur.check]\nignore = ["DMR4"]\n')
    assert find_settings(folder) == project
    assert read_settings(project) == Settings(ignore=["DMR4"])
    (folder / ".git").mkdir()
    assert find_settings(folder) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('ignroe = ["DMR4"]', "Did you mean 'ignore'?"),
        ('ignore = ["split-laek"]', "Did you mean 'split-leak'?"),
        ('[[waive]]\nrule = "DMR102"\nexpires = 2027-01-01', "reason"),
        ('[[waive]]\nrule = "DMR102"\nreason = "known"', "expires"),
        ('[[waive]]\nrule = "DMR102"\nreason = " "\nexpires = 2027-01-01', "reason"),
        ('[[waive]]\nrule = "DMR999"\nreason = "known"\nexpires = 2027-01-01', "No rule 'DMR999'"),
        ("ignore = 3", "list"),
        ("ignore = [", "TOML"),
    ],
)
def test_settings_that_are_wrong(folder: Path, text: str, said: str) -> None:
    path = folder.parent / "demur.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        read_settings(path)
    assert said in str(raised.value)
    done = CliRunner().invoke(main, ["check", str(folder)])
    assert (done.exit_code, said in done.output) == (2, True), done.output

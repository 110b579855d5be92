"""Settings files, and rules by path; waivers are in test_waivers.py."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from demur.checks.engine import check
from demur.checks.rules import RULES
from demur.checks.settings import Settings, applied, find_settings, read_settings
from demur.cli import main
from demur.errors import UsageError

TODAY = date(2026, 5, 5)


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


def codes(folder: Path, text: str) -> list[tuple[str, str]]:
    path = folder.parent / "demur.toml"
    path.write_text(text)
    settings = read_settings(find_settings(folder))
    report = check(folder, select=settings.select, ignore=settings.ignore)
    return sorted((each.code, each.file) for each in applied(report, settings, path, TODAY, [folder], RULES).findings)


BARE = [("DMR102", "one.jsonl"), ("DMR102", "two.jsonl"), ("DMR401", "one.jsonl")]


def test_without_settings_nothing_changes(folder: Path) -> None:
    assert codes(folder, "") == BARE


def test_ignored_and_selected_rules(folder: Path) -> None:
    assert codes(folder, 'ignore = ["no-license", "DMR102"]') == []
    assert codes(folder, 'ignore = ["DMR4"]') == BARE[:2]
    assert codes(folder, 'select = ["DMR4"]') == BARE[2:]


def test_rules_by_path(folder: Path) -> None:
    for pattern in ("one*", "data/one.jsonl", "*.jsonl"):
        ignored = codes(folder, f'[per-path."{pattern}"]\nignore = ["DMR102"]\n')
        assert ignored == (BARE[2:] if pattern == "*.jsonl" else BARE[1:])
    assert codes(folder, '[per-path."data/*"]\nselect = ["DMR4"]\n') == BARE[2:]


def test_rules_about_waivers_ran_and_those_of_other_sets_did_not(folder: Path) -> None:
    report = check(folder)
    after = applied(report, Settings(), folder.parent / "demur.toml", TODAY, [folder], RULES)
    assert {*after.ran} - {*report.ran} == {"DMR901", "DMR902"}
    assert not {"DMR407", "DMR501"} & {*after.ran}, "of built sets alone"


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


def test_the_home_folder_ends_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "demur.toml").touch()
    data = tmp_path / "home" / "data"
    data.mkdir(parents=True)
    assert find_settings(data) == tmp_path / "demur.toml"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert find_settings(data) is None


def test_files_lie_beside_the_settings_that_name_them(folder: Path) -> None:
    path = folder.parent / "demur.toml"
    (folder.parent / "layout.toml").write_text('name = "mine"\n[columns]\nprompt = "prompt"\n')
    (folder.parent / "protected.jsonl").write_text('{"prompt": "Draw a kite for one.jsonl"}\n')
    (folder.parent / "sketch").touch()
    path.write_text('map = "layout.toml"\nagainst = ["protected.jsonl", "sketch", "gone.jsonl"]\n')
    settings = read_settings(path)
    assert settings.map == str(folder.parent / "layout.toml")
    assert settings.against == [str(folder.parent / "protected.jsonl"), "sketch", "gone.jsonl"]
    path.write_text('map = "layout.toml"\nagainst = ["protected.jsonl"]\nlicense = "mit"\nselect = ["DMR104"]\n')
    done = CliRunner().invoke(main, ["check", str(folder), "--json"])
    said = json.loads(done.stdout)
    assert ({*said["layouts"].values()}, said["counts"]) == ({"layout"}, {"DMR104": 1})


@pytest.mark.parametrize("said", ['"prompt=asked"', '{ prompt = "asked" }'], ids=["text", "table"])
def test_a_mapping_of_columns(folder: Path, said: str) -> None:
    (folder / "one.jsonl").write_text('{"asked": "Draw a kite"}\n' * 2)
    (folder / "two.jsonl").unlink()
    assert "DMR102" not in check(folder).counts
    (folder.parent / "demur.toml").write_text(f"map = {said}\n")
    done = CliRunner().invoke(main, ["check", str(folder), "--json"])
    assert json.loads(done.stdout)["counts"] == {"DMR102": 1, "DMR401": 1}
    (folder.parent / "demur.toml").write_text(f"map = {said}\n".replace("prompt", "promt"))
    wrong = CliRunner().invoke(main, ["check", str(folder)])
    assert (wrong.exit_code, "Did you mean 'prompt'?" in wrong.output) == (2, True), wrong.output


def test_a_set_of_the_hub_brings_no_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.release.pull.snapshot", lambda text, offline: folder)
    (folder / "demur.toml").write_text('ignore = ["DMR1", "DMR4"]\n')
    here = folder.parent / "here"
    (here / ".git").mkdir(parents=True)
    monkeypatch.chdir(here)
    assert CliRunner().invoke(main, ["check", str(folder)]).exit_code == 0
    assert CliRunner().invoke(main, ["check", "demo/kites@v1"]).exit_code == 1
    (here / "demur.toml").write_text('ignore = ["DMR1", "DMR4"]\n')
    assert CliRunner().invoke(main, ["check", "demo/kites@v1"]).exit_code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('ignroe = ["DMR4"]', "Did you mean 'ignore'?"),
        ('ignore = ["split-laek"]', "Did you mean 'split-leak'?"),
        ('format = "jsn"', "'json'"),
        ('[per-path."*"]\nignroe = ["DMR4"]', "Did you mean 'ignore'?"),
        ('[[waive]]\nrule = "DMR102"\nreason = "known"\nexpirse = 2027-01-01', "Did you mean 'expires'?"),
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


@pytest.mark.parametrize(
    "text",
    ['ignore = ["DMR"]', 'ignore = ["DMR4", "DMR001"]', 'ignore = ["dmr00"]', '[per-path."**/*"]\nignore = ["DMR001"]'],
)
def test_no_settings_hide_what_cannot_be_read(folder: Path, text: str) -> None:
    (folder / "broken.parquet").write_bytes(b"PAR1")
    (folder.parent / "demur.toml").write_text(text)
    done = CliRunner().invoke(main, ["check", str(folder)])
    assert done.exit_code == 2
    assert "turns off DMR001" in done.stderr
    for more in ('select = ["DMR901"]', '[per-path."one*"]\nignore = ["DMR001"]'):
        (folder.parent / "demur.toml").write_text(more)
        assert "DMR001" in CliRunner().invoke(main, ["check", str(folder)]).output


def test_the_summary_names_the_settings_and_what_they_leave_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    quiet = ["DMR1", "DMR4", "DMR9"]
    Path("demur.toml").write_text(f"ignore = {json.dumps(quiet)}")
    said = CliRunner().invoke(main, ["check", "data"])
    left = sum(code.startswith(tuple(quiet)) for code in RULES)
    assert f"settings: demur.toml (leaves out {left} of {len(RULES)} rules)" in said.output
    assert json.loads(CliRunner().invoke(main, ["check", "data", "--json"]).stdout)["settings"].startswith("demur.toml")
    Path("demur.toml").write_text('[project]\nextends = "demur"\n')
    assert "settings:" not in CliRunner().invoke(main, ["check", "data"]).output


def test_a_built_or_pulled_folder_brings_no_settings(folder: Path) -> None:
    inner = folder / "default"
    inner.mkdir()
    (inner / "demur.toml").write_text('ignore = ["DMR4"]')
    (folder / "pyproject.toml").write_text('[tool.demur.check]\nignore = ["DMR4"]')
    assert find_settings(inner) == inner / "demur.toml"
    (folder / "manifest.json").write_text('{"format": 2, "name": "x", "configs": []}')
    assert find_settings(inner) is None
    (folder.parent / "demur.toml").write_text('ignore = ["DMR4"]')
    assert find_settings(inner) == folder.parent / "demur.toml"


def test_another_users_settings_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = folder.parent / "demur.toml"
    settings.write_text('ignore = ["DMR4"]')
    monkeypatch.setattr("demur.checks.settings.foreign", lambda path: True)
    done = CliRunner().invoke(main, ["check", str(folder)])
    assert done.exit_code == 2
    assert "The settings belong to another user" in done.stderr
    assert CliRunner().invoke(main, ["check", str(folder), "--settings", str(settings)]).exit_code == 1


@pytest.mark.parametrize(
    ("said", "got"),
    [
        ('ignore = ["DMR999"]', "No rule 'DMR999'. Did you mean 'DMR902'? `demur rule` lists all rules."),
        ("ignore = [\n", "no TOML, at its end"),
        ("[check\n", "no TOML, at line 1, column 7"),
    ],
)
def test_what_is_wrong_with_settings_is_told_in_one_line(said: str, got: str, tmp_path: Path) -> None:
    (tmp_path / "demur.toml").write_text(said)
    with pytest.raises(UsageError) as told:
        read_settings(tmp_path / "demur.toml")
    assert told.value.got == got

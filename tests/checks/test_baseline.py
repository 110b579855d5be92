"""A baseline: what it knows, what is new, what is stale; and no text in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from demur.checks import engine
from demur.checks.baseline import NAME, mark_of, read_baseline, without_known, write_baseline
from demur.checks.engine import check
from demur.checks.finding import Report
from demur.cli import main
from demur.errors import UsageError

LAMP, SOUP, KITE = "Describe the lamp.", "Describe the soup.", "Draw a kite."
ROWS = [{"prompt": LAMP, "response": "Brass."}, {"prompt": SOUP, "response": ""}, {"prompt": KITE, "response": " "}]


def write(folder: Path, rows: list[Any], name: str = "a.jsonl") -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def judged(folder: Path) -> Report:
    return check(folder, license="mit", marked=True)


def after(folder: Path, path: Path) -> Report:
    report = judged(folder)
    return without_known(report, read_baseline(path), path, [*report.layouts])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write(tmp_path / "data", [*ROWS, ROWS[0]])
    return tmp_path / "data"


@pytest.fixture
def known(data: Path) -> Path:
    path = data.parent / NAME
    assert write_baseline(path, judged(data)) == 3
    return path


def test_what_is_known_is_not_told(data: Path, known: Path) -> None:
    report = after(data, known)
    assert (report.findings, dict(report.known), report.stale) == ((), {"DMR006": 2, "DMR102": 1}, ())


def test_rows_that_move_stay_known(data: Path, known: Path) -> None:
    write(data, [{"prompt": "Sing.", "response": "La."}, ROWS[2], ROWS[0], ROWS[1], ROWS[0]])
    assert after(data, known).total == 0


def test_what_is_new_is_told(data: Path, known: Path) -> None:
    write(data, [*ROWS, ROWS[0], ROWS[0], {"prompt": "Sing.", "response": ""}])
    assert [(each.code, each.line) for each in after(data, known).findings] == [("DMR102", 5), ("DMR006", 6)]
    write(data, ROWS, "b.jsonl")
    assert {each.file for each in after(data, known).findings if each.code == "DMR006"} == {"a.jsonl", "b.jsonl"}


def test_a_row_that_changes_is_new_and_its_old_entry_stale(data: Path, known: Path) -> None:
    write(data, [ROWS[0], {**ROWS[1], "prompt": "Describe the broth."}, ROWS[2], ROWS[0]])
    report = after(data, known)
    assert [each.line for each in report.findings] == [2]
    assert report.stale == ("data/a.jsonl DMR006 (1)",)


def test_entries_of_files_that_were_not_checked_are_not_stale(data: Path, known: Path) -> None:
    write(data, [{"prompt": "Sing.", "response": "La."}], "b.jsonl")
    report = check(data / "b.jsonl", license="mit", marked=True)
    assert without_known(report, read_baseline(known), known, [*report.layouts]).stale == ()
    (data / "a.jsonl").unlink()
    assert after(data, known).stale == ("data/a.jsonl DMR006 (2)", "data/a.jsonl DMR102 (1)")


def test_it_does_not_matter_where_the_check_runs(data: Path, known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data)
    report = check("a.jsonl", license="mit", marked=True)
    assert without_known(report, read_baseline(known), known, [*report.layouts]).total == 0


def test_it_is_the_same_each_time_and_holds_no_text(data: Path, known: Path) -> None:
    text = known.read_text()
    write_baseline(known, judged(data))
    assert known.read_text() == text
    assert not any(word in text for row in ROWS for word in row["prompt"].split() if len(word) > 3)


def test_a_fault_of_all_rows_is_known_when_there_are_more(tmp_path: Path) -> None:
    write(tmp_path / "data", [{"prompt": LAMP, "response": ""}, {"prompt": SOUP, "response": ""}])
    write_baseline(tmp_path / NAME, judged(tmp_path / "data"))
    write(tmp_path / "data", [{"prompt": text, "response": ""} for text in (LAMP, SOUP, KITE)])
    assert after(tmp_path / "data", tmp_path / NAME).total == 0


def test_of_a_flood_the_number_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LISTED", 3)

    def flood(empty: int) -> None:
        rows = [{"prompt": f"{KITE} {number}", "response": ""} for number in range(empty)]
        write(tmp_path / "data", [{"prompt": LAMP, "response": "Brass."}, *rows])

    flood(9)
    path = tmp_path / NAME
    assert write_baseline(path, judged(tmp_path / "data")) == 9
    assert after(tmp_path / "data", path).total == 0
    flood(11)
    assert after(tmp_path / "data", path).total == 2
    flood(7)
    report = after(tmp_path / "data", path)
    assert (report.total, report.stale) == (0, ("data/a.jsonl DMR006 (2)",))


def test_marks_differ_by_column() -> None:
    one, two = (engine.Finding("a", 1, "DMR006", "is empty", "", column=name, mark="x") for name in "ab")
    assert mark_of(one) != mark_of(two)


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2, "known": []}', '{"known": [{"file": 3}]}'])
def test_what_is_no_baseline(text: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(UsageError, match="baseline is broken"):
        read_baseline(tmp_path / NAME)
    with pytest.raises(UsageError, match="cannot be read"):
        read_baseline(tmp_path / "gone.json")


def test_the_command(data: Path) -> None:
    run, path = CliRunner(), data / NAME
    args = ["check", str(data), "--license", "mit"]
    assert run.invoke(main, args).exit_code == 1
    made = run.invoke(main, [*args, "--write-baseline", str(path)])
    assert (made.exit_code, made.stdout) == (0, f"{path}: 3 findings are known from now on\n")
    done = run.invoke(main, [*args, "--baseline", str(path)])
    assert (done.exit_code, ": no findings, 3 in the baseline" in done.stdout) == (0, True)
    assert "1 file, 4 rows" in done.stdout, "a baseline beside data is no data"
    (data / "demur.toml").write_text(f'baseline = "{NAME}"\n')
    write(data, ROWS)
    stale = run.invoke(main, args)
    assert (stale.exit_code, "matching nothing any more: a.jsonl DMR102 (1)" in stale.stdout) == (0, True)
    assert run.invoke(main, [*args, "--write-baseline", str(path)]).stdout.endswith(
        "2 findings are known from now on\n"
    )

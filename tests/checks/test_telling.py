"""What a check says beside its findings: -q, -v, statistics, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from demur.checks.engine import Finding, check
from demur.checks.finding import Report, Severity, Unjudged
from demur.checks.telling import statistics, summary_of, table_of
from demur.cli import main

ROWS = [{"prompt": "Name a lake.", "response": "Garda."}, {"prompt": "Name a river.", "response": ""}]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*ROWS, ROWS[0], ROWS[0]]))
    return tmp_path


def run(*args: str) -> tuple[int, list[str], list[str]]:
    done = CliRunner().invoke(main, ["check", *args])
    return done.exit_code, done.stdout.splitlines(), done.stderr.splitlines()


def test_quiet_and_verbose(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data.parent)
    args = (data.name, "--license", "mit")
    last = "1 file, 4 rows, read as prompt-response: 3 findings"
    assert run(*args, "-q") == (1, [], [last])
    _, listed, plain = run(*args)
    assert [line.partition(" ")[0] for line in listed] == [f"{data.name}/a.jsonl:{line}:" for line in (2, 3, 4)]
    assert plain == [
        "DMR006 empty-text (error): 1",
        "DMR102 duplicate (warning): 2",
        "not judged: leaks: rows of no known split; "
        "contamination: no rows that are trained on; --against judges every row",
        last,
    ]
    _, again, more = run(*args, "-v")
    assert again == listed
    assert f"{data.name}/a.jsonl: read as prompt-response" in more
    assert sum(line.endswith(" s") for line in more) == 11
    assert "not judged: leaks: rows of no known split (only told)" in more
    assert (more[:2], more[-1]) == (plain[:2], last)


def test_statistics(data: Path) -> None:
    code, out, _ = run(str(data), "--license", "mit", "--statistics")
    assert (code, out) == (
        1,
        [
            "code    name        severity  findings  rows  per 1,000 rows",
            "DMR006  empty-text  error            1     1         250.000",
            "DMR102  duplicate   warning          2     2         500.000",
        ],
    )
    _, out, _ = run(str(data), "--license", "mit", "--statistics", "--json", "--max-findings", "0")
    said = json.loads("\n".join(out))
    assert [(each["code"], each["rows"]) for each in said["statistics"]] == [("DMR006", 1), ("DMR102", 2)]
    assert said["findings"] == []
    assert run(str(data), "--select", "DMR3", "--statistics")[1] == [
        "1 file, 4 rows, read as prompt-response: no findings"
    ]


def test_statistics_count_the_rows_that_one_finding_is_about(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"prompt": "", "n": n}) + "\n" for n in range(9)))
    (said,) = statistics(check(tmp_path, select=["DMR006"]))
    assert (said.findings, said.rows, said.per_thousand) == (1, 9, 1000.0)
    assert table_of(Report(())) == ""


LEVELS: dict[str, Severity] = {"DMR006": "error", "DMR102": "warning", "DMR316": "advice"}


@pytest.mark.parametrize(
    ("fail_on", "fails"),
    [
        ("error", ["error"]),
        ("warning", ["warning", "error"]),
        ("advice", ["advice", "warning", "error"]),
        ("never", []),
    ],
)
def test_what_fails(fail_on: str, fails: list[str]) -> None:
    report = Report((), fail_on=fail_on)  # type: ignore[arg-type]
    assert [each for each in ("advice", "warning", "error") if report.fails(each)] == fails


@pytest.mark.parametrize(
    ("fail_on", "codes"),
    [("error", [1, 0, 0]), ("warning", [1, 1, 0]), ("advice", [1, 1, 1]), ("never", [0, 0, 0])],
)
def test_exit_codes_by_severity(fail_on: str, codes: list[int], tmp_path: Path) -> None:
    refused = {"prompt": "Name a lake.", "response": "I'm sorry, but I cannot help with that."}
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*ROWS, ROWS[0], refused]))
    found = []
    for code in LEVELS:
        args = [str(tmp_path), "--select", code]
        assert code in "\n".join(run(*args)[1])
        found.append(run(*args, "--fail-on", fail_on)[0])
        (tmp_path / "demur.toml").write_text(f'fail-on = "{fail_on}"\n')
        assert run(*args)[0] == found[-1]
        (tmp_path / "demur.toml").unlink()
    assert found == codes


def test_what_could_not_be_judged_has_its_own_exit_code(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"input_ids": [1, 2], "labels": [-100, 2]}\n')
    args = (str(tmp_path), "--license", "mit")
    code, out, told = run(*args)
    assert (code, out[-1]) == (3, "1 file, 1 rows, read as tokenised: no findings, not all could be judged")
    assert "texts: no column of texts in 1 of 1 files (a.jsonl)" in out[0]
    assert told == ["Not everything could be judged (exit code 3); --allow-unjudged passes."]
    assert run(*args, "--allow-unjudged")[0] == 0
    assert run(*args, "--select", "DMR306")[0] == 0, "what was asked for was judged"
    (tmp_path / "demur.toml").write_text("allow-unjudged = true\n")
    assert run(*args)[0] == 0
    assert run(*args, "--no-allow-unjudged")[0] == 3


def test_findings_come_before_what_could_not_be_judged(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"input_ids": [1, 2], "labels": [-100]}\n')
    assert run(str(tmp_path), "--license", "mit")[0] == 1
    assert run(str(tmp_path), "--license", "mit", "--fail-on", "never")[0] == 3


def test_a_summary_names_few_files_and_few_stale_entries() -> None:
    long = Unjudged("leaks", "no prompt column in 5 of 9 files", files=tuple("abcde"), fails=True)
    report = Report((Finding("a", 1, "DMR006", "", ""),), unjudged=(long,), stale=tuple("vwxyz"), known={"DMR006": 2})
    _, unjudged, stale, last = summary_of(report)
    assert unjudged == "not judged: leaks: no prompt column in 5 of 9 files (a, b, c, and 2 more)"
    assert stale == "baseline, matching nothing any more: v; w; x; and 2 more"
    assert last.endswith("1 finding, 2 in the baseline, not all could be judged")
    assert "; y; z" in "\n".join(summary_of(report, verbose=True))

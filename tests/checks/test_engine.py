"""What a check reads, how it reads it, and what it gives back: layouts, splits, order, limits, texts, command."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from demur.checks import engine
from demur.checks import rule as rules
from demur.checks.batch import Batch
from demur.checks.engine import Finding, Report, check
from demur.checks.finding import hit
from demur.checks.layouts import detect, layouts
from demur.cli import main
from demur.errors import DemurError, UsageError
from demur.files.bounds import within
from tests.checks.fixtures import KITE, LAMP, SOUP, one, prompts

COLUMNS = {
    "messages": ["messages", "id"],
    "prompt-chosen-rejected": ["prompt", "chosen", "rejected", "margin"],
    "advbench": ["goal", "target"],
    "strongreject": ["category", "source", "forbidden_prompt"],
    "xstest": ["id", "prompt", "type", "label", "focus", "note"],
    "beavertails": ["prompt", "response", "category", "is_safe"],
    "derta-jsonl": ["prefix", "text", "safe"],
    "harmbench": ["Behavior", "FunctionalCategory", "SemanticCategory", "Tags", "ContextString", "BehaviorID"],
    "openai-moderation": ["prompt", "S", "H", "V", "HR", "SH", "S3", "H2", "V2"],
    "do-not-answer": ["id", "risk_area", "types_of_harm", "specific_harms", "question"],
    "coconot": ["id", "category", "subcategory", "prompt", "response"],
    "refusal-direction": ["instruction", "category"],
}


@pytest.mark.parametrize("name", COLUMNS)
def test_layouts_are_found_by_their_columns(name: str) -> None:
    found = detect(COLUMNS[name])
    assert found is not None
    assert found.name == name
    assert detect(reversed(COLUMNS[name])) == found


def test_no_layout_hides_another() -> None:
    """Each is found by its own columns, so that none is there in vain."""
    for name, layout in layouts().items():
        found = detect([*layout.columns.values(), *layout.needs])
        assert found is not None
        assert found.name == name


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    one(rows, path.name).write(path.parent)
    return path


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


TEXT = "".join(json.dumps(row) + "\n" for row in prompts(LAMP, SOUP, LAMP))
FORMS: dict[str, bytes] = {
    "set.jsonl": TEXT.encode(),
    "set.ndjson": TEXT.encode(),
    "set.jsonl.gz": gzip.compress(TEXT.encode()),
    "set.json": json.dumps(prompts(LAMP, SOUP, LAMP)).encode(),
    "set-list.json": json.dumps([LAMP, SOUP, LAMP]).encode(),
    "set-inside.json": json.dumps({"version": 1, "data": prompts(LAMP, SOUP, LAMP)}).encode(),
    "set-lines.json": TEXT.encode(),
    "set.csv": f"prompt\n{LAMP}\n\n{SOUP}\n{LAMP}\n".encode(),
    "set-bom.csv": f"\ufeffprompt,note\n{LAMP},\n{SOUP},\n{LAMP},\n".encode(),
    "set.tsv": f"prompt\tnote\n{LAMP}\t\n{SOUP}\t\n{LAMP}\t\n".encode(),
    "set.txt": f"{LAMP}\n\n{SOUP}\n{LAMP}\n".encode(),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_row_has_the_same_number_in_every_format(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FORMS[name])
    report = check(tmp_path / name, license="mit")
    assert [(finding.code, finding.row) for finding in report.findings] == [("DMR102", 2)]
    assert (report.files, report.rows) == (1, 3)


def test_rows_of_later_batches_have_their_numbers_in_the_file(tmp_path: Path) -> None:
    many = [f"{KITE} number {number}" for number in range(20_000)]
    many[12_345], many[19_999] = " ", many[3]
    for name in ("set.jsonl", "set.parquet"):
        report = check(write(tmp_path / name, prompts(*many)), license="mit")
        assert [(finding.code, finding.row) for finding in report.findings] == [("DMR006", 12_345), ("DMR102", 19_999)]


def test_splits_come_from_names_columns_or_the_command(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    write(data / "train-00000-of-00001.parquet", prompts(LAMP))
    write(data / "test-00000-of-00001.parquet", prompts(LAMP))
    assert codes(check(data, select=["DMR101"])) == ["DMR101"]
    one_file = write(tmp_path / "all.jsonl", [*prompts(LAMP, split="training"), *prompts(LAMP, split="test")])
    (finding,) = check(one_file, select=["DMR101"]).findings
    assert (finding.row, finding.message) == (0, f"the prompt of {one_file}:2 in 'test' (token Jaccard 1.000)")
    a, b = write(tmp_path / "a.jsonl", prompts(LAMP)), write(tmp_path / "b.jsonl", prompts(LAMP))
    assert codes(check([a, b], select=["DMR101"])) == []
    assert codes(check([a, b], select=["DMR101"], splits={str(a): "train", "b.jsonl": "test"})) == ["DMR101"]
    with pytest.raises(UsageError, match="not checked"):
        check([a], splits={"c.jsonl": "train"})


def test_a_row_that_is_trained_on_is_held_against_the_bundled_sketch(tmp_path: Path, monkeypatch: Any) -> None:
    from demur.protected import prompts as protected
    from demur.protected.prompts import Background, Protected

    small = Protected.from_texts([LAMP], "kites", background=Background())
    monkeypatch.setattr(protected, "bundled", lambda: small)
    said = [{"messages": [{"role": "user", "content": LAMP}, {"role": "assistant", "content": "Brass."}]}]
    for name, rows, expected in (
        ("train.jsonl", prompts(LAMP), ["DMR104"]),
        ("test.jsonl", prompts(LAMP), []),
        ("chat.jsonl", said, ["DMR104"]),
        ("eval.jsonl", said, []),
    ):
        assert codes(check(write(tmp_path / name, rows), select=["DMR104"])) == expected, name


def test_findings_are_in_order_whatever_the_order_of_paths(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{name}.jsonl", prompts(LAMP, " ", LAMP, "")) for name in "cab"]
    reports = [check(order, license="mit") for order in (paths, paths[::-1])]
    assert reports[0].findings == reports[1].findings == tuple(sorted(reports[0].findings))
    assert reports[0].counts == {"DMR006": 6, "DMR102": 3}
    few = reports[0].shortened(2)
    assert few.findings == reports[0].findings[:2]
    assert (few.total, few.more) == (9, {"DMR006": 5, "DMR102": 2})


def test_a_flood_of_findings_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LISTED", 3)
    report = check(write(tmp_path / "set.jsonl", prompts(LAMP, *[" "] * 9)), license="mit")
    assert [finding.row for finding in report.findings] == [1, 2, 3]
    assert (report.counts, report.more) == ({"DMR006": 9}, {"DMR006": 6})


def test_why_a_file_is_not_read_on_is_listed_after_any_flood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LISTED", 3)
    (tmp_path / "set.jsonl").write_text("1\n" * 9)
    with within({"faults": 6}):
        report = check(tmp_path / "set.jsonl", select=["DMR001"], license="mit")
    assert [finding.row for finding in report.findings] == [None, 0, 1, 2]
    assert "--limit faults=N" in report.findings[0].message
    assert (report.counts, report.more) == ({"DMR001": 7}, {"DMR001": 3})


def test_what_every_row_has_is_one_finding_about_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"prompt": f"{KITE} {number}", "response": ""} for number in range(9)]
    for listed in (3, 10_000):
        monkeypatch.setattr(engine, "LISTED", listed)
        report = check(write(tmp_path / "set.jsonl", rows), license="mit")
        (finding,) = report.findings
        assert (finding.row, finding.message) == (None, "the response is empty, in all 9 rows")
        assert (report.total, report.more) == (1, {})


class Hashed(Finding):
    """A finding that counts how often it was hashed or compared."""

    asked = 0

    def __hash__(self) -> int:
        Hashed.asked += 1
        return hash(self.message)

    def __eq__(self, other: object) -> bool:
        Hashed.asked += 1
        return super().__eq__(other)


def test_equal_faults_of_many_rows_are_counted_in_one_pass(tmp_path: Path) -> None:
    """Twice the rows, at most twice the work."""
    kept = dict(rules.RULES)
    rules.rule("DMR099", "alike", summary="x", why="x", fix="x")(
        lambda subject: (Hashed("set.jsonl", row, "", "is odd", "") for row in range(subject.rows["set.jsonl"]))
    )
    asked = []
    try:
        for rows in (100, 200):
            write(tmp_path / "set.jsonl", prompts(*map(str, range(rows))))
            Hashed.asked = 0
            (finding,) = check(tmp_path, select=["DMR099"]).findings
            assert (finding.row, finding.message) == (None, f"is odd, in all {rows} rows")
            asked.append(Hashed.asked)
    finally:
        rules.RULES.clear()
        rules.RULES.update(kept)
    assert asked[1] <= 2 * asked[0] + 10


def test_ids_are_named_and_texts_only_on_demand(tmp_path: Path) -> None:
    rows = [{"id": str(number), "prompt": LAMP, "response": f"{KITE} {number // 2}"} for number in range(2)]
    rows.append({"id": "an id of several words", "prompt": SOUP, "response": ""})
    path = write(tmp_path / "set.jsonl", rows)
    plain, shown = check(path, license="mit"), check(path, license="mit", show_text=True)
    assert [(finding.code, finding.record_id) for finding in plain.findings] == [("DMR102", "1"), ("DMR006", None)]
    assert plain.findings == shown.findings, "a text is no part of a finding's identity"
    assert {finding.text for finding in plain.findings} == {None}
    assert [finding.text for finding in shown.findings] == [LAMP, SOUP]
    assert not any(LAMP in repr(finding) for finding in shown.findings)


def test_a_column_whose_name_is_a_text_is_not_quoted(tmp_path: Path) -> None:
    path = write(tmp_path / "set.jsonl", [{"prompt": SOUP, LAMP: "true"}, {"prompt": KITE, LAMP: "no"}])
    (finding,) = check(path, license="mit").findings
    assert (finding.code, finding.column) == ("DMR008", f"<{len(LAMP)} characters>")


def test_a_rule_that_fails_is_an_error_that_quotes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(batch: Batch) -> Any:
        yield hit("fine", batch.file.name)
        raise ValueError(batch.rows.to_pylist())

    kept = dict(rules.RULES)
    rules.rule("DMR099", "broken", summary="x", why="x", fix="x", each="batch")(broken)
    try:
        with pytest.raises(DemurError) as caught:
            check(write(tmp_path / "set.jsonl", prompts(LAMP)), select=["DMR099"])
    finally:
        rules.RULES.clear()
        rules.RULES.update(kept)
    assert "DMR099" in str(caught.value)
    assert LAMP not in str(caught.value)


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="Two rules"):
        rules.rule("DMR998", "split-leak", summary="x", why="x", fix="x")(lambda _: iter(()))


@pytest.mark.parametrize(
    ("mapping", "what"),
    [
        ("prompt=a,colour=b", "No rule knows a column 'colour'"), ("beavertail", "Did you mean 'beavertails'"),
        ("id=a", "does not say where the texts are"), ("prompt=", "The mapping is broken"),
        ("absent.toml", "cannot be read"),
    ],
)  # fmt: skip
def test_a_mapping_that_says_nothing(mapping: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=what):
        check(write(tmp_path / "set.jsonl", prompts(LAMP)), mapping)


def test_a_mapping_file(tmp_path: Path) -> None:
    path = write(tmp_path / "set.jsonl", [{"ask": LAMP, "kind": "x"}, {"ask": LAMP, "kind": "y"}])
    (tmp_path / "map.toml").write_text('columns = { prompt = "ask" }\nlabels = ["kind"]\nvalues = { kind = ["x"] }\n')
    report = check(path, str(tmp_path / "map.toml"), license="mit")
    assert codes(report) == ["DMR010", "DMR102", "DMR201"]
    assert report.layouts == {path.as_posix(): "map"}


def test_generations_against_their_items(tmp_path: Path) -> None:
    write(tmp_path / "items.jsonl", [{"id": name, "prompt": f"{KITE} {name}"} for name in "abc"])
    answers = [{"item_id": name, "prompt": f"{KITE} {name}", "response": "Blue."} for name in "abd"]
    write(tmp_path / "answers.jsonl", answers)
    said = [(finding.row, finding.message) for finding in check(tmp_path, select=["DMR601"]).findings]
    assert said == [
        (None, "1 of 3 items have no generation"),
        (2, "1 generations are of no item in this check, the first of them here"),
    ]
    both = [{**row, "model": model} for model in ("one", "two") for row in answers]
    write(tmp_path / "answers.jsonl", both)
    assert [finding.row for finding in check(tmp_path, select=["DMR601"]).findings] == [None, 2], "an id a model"


def test_folders_are_searched_for_rows_only(tmp_path: Path) -> None:
    for name in ("README.md", "package.json", ".cache/hidden.jsonl", "plot.svg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    with pytest.raises(UsageError, match="nothing to check"):
        check(tmp_path)
    write(tmp_path / "set.jsonl", prompts(LAMP))
    assert check(tmp_path).files == 1
    with pytest.raises(UsageError, match="Unknown kind of file"):
        check(tmp_path / "plot.svg")


def test_nothing_beside_the_rows_is_executed(tmp_path: Path) -> None:
    (tmp_path / "set.py").write_text("raise SystemExit('executed')")
    write(tmp_path / "set.jsonl", prompts(LAMP))
    done = CliRunner().invoke(main, ["check", str(tmp_path), "--license", "mit"])
    assert (done.exit_code, "executed" in done.output) == (0, False)


def test_rows_after_many_broken_lines_are_read(tmp_path: Path) -> None:
    """More lines than a batch has rows, and not one of them an object."""
    (tmp_path / "set.jsonl").write_text("1\n" * 17_000 + json.dumps({"prompt": LAMP}) + "\n")
    report = check(tmp_path, license="mit", mapping={"prompt": "prompt"})
    assert (report.rows, report.counts["DMR001"]) == (17_001, 17_000)
    assert "DMR006" not in report.counts, "of a broken line nothing else is told"
    assert check(tmp_path, select=["DMR006"], mapping={"prompt": "prompt"}).counts == {"DMR006": 616}


def test_the_command(tmp_path: Path) -> None:
    path = write(tmp_path / "set.jsonl", prompts(LAMP, " ", LAMP))
    run = CliRunner()
    done = run.invoke(main, ["check", str(path), "--license", "mit"])
    assert done.exit_code == 1
    assert [line.split(": ")[:2] for line in done.stdout.splitlines()] == [
        [f"{path}:2", "error DMR006 empty-text"],
        [f"{path}:3", "warning DMR102 duplicate"],
    ]
    assert done.stderr.splitlines()[-1] == "1 file, 3 rows, read as prompts: 2 findings"
    few = run.invoke(main, ["check", str(path), "--license", "mit", "--max-findings", "1", "--ignore", "DMR006"])
    assert (few.exit_code, few.stdout.count("\n")) == (1, 1)
    none = run.invoke(main, ["check", str(path), "--select", "DMR3,no-rows"])
    assert (none.exit_code, none.stdout) == (0, "1 file, 3 rows, read as prompts: no findings\n")
    made = json.loads(run.invoke(main, ["check", str(path), "--license", "mit", "--json"]).stdout)
    assert [Finding(**each).code for each in made["findings"]] == ["DMR006", "DMR102"]
    assert LAMP not in done.output
    assert LAMP in run.invoke(main, ["check", str(path), "--license", "mit", "--show-text"]).stdout


def test_of_a_broken_line_one_thing_is_told(tmp_path: Path) -> None:
    pair = '{"prompt": "x", "response": "y"}'
    (tmp_path / "a.jsonl").write_text(f"{pair}\n{pair}{pair}\n" + '{"prompt": "", "response": "y"}\n[]\n')
    (tmp_path / "b.csv").write_text("prompt,response\nx,y\n ,\nz\n")
    said = [(each.file, each.line, each.code) for each in check(tmp_path, select=["DMR001", "DMR006"]).findings]
    assert said == [
        ("a.jsonl", 2, "DMR001"), ("a.jsonl", 3, "DMR006"), ("a.jsonl", 4, "DMR001"),
        ("b.csv", 3, "DMR006"), ("b.csv", 3, "DMR006"), ("b.csv", 4, "DMR001"),
    ]  # fmt: skip


def test_the_command_explains_rules() -> None:
    run = CliRunner()
    assert run.invoke(main, ["rule", "split-leak"]).stdout.startswith("# DMR101 split-leak\n")
    assert run.invoke(main, ["rule"]).stdout.count("\n") == len(rules.RULES)
    assert run.invoke(main, ["rule", "DMR1O1"]).exit_code == 2


def test_a_parquet_file_without_texts_as_text(tmp_path: Path) -> None:
    """A prompt column of numbers is told in pydantic's words, once."""
    pq.write_table(pa.table({"prompt": [1, 2]}), tmp_path / "set.parquet")
    (finding,) = check(tmp_path, license="mit").findings
    assert (finding.code, finding.message) == ("DMR010", "Input should be a valid string, in all 2 rows")

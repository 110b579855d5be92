"""What findings get at the end of a check: lines from the first reading, ids and texts from another one."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.checks.completing import Said, completed
from demur.checks.engine import check
from demur.checks.finding import Finding
from demur.checks.located import of_files
from demur.checks.subject import Subject
from tests.checks.fixtures import KITE, LAMP


def scanned(*paths: Path) -> Subject:
    root, files = of_files(paths, None, {})
    subject = Subject(None, root, files)
    for file in files:
        for _ in subject.scan(file):
            pass
    return subject


def test_rows_get_their_line_id_and_text(tmp_path: Path) -> None:
    many = 17_000
    rows = [{"id": f"r{row}", "prompt": f"{KITE} {row}", "note": [row]} for row in range(many)]
    (tmp_path / "a.jsonl").write_text("\n\n".join(map(json.dumps, rows)))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "b.parquet")
    subject = scanned(tmp_path / "a.jsonl", tmp_path / "b.parquet")
    names = [file.name for file in subject.files]
    findings = [Finding(name, row, "DMR006", "is odd", "") for name in names for row in (16_999, None, 0, 16_384)]
    for show_text in (False, True):
        found = list(completed(findings, subject, Said(show_text)))
        assert [each.row for each in found] == [16_999, None, 0, 16_384] * 2
        assert [each.record_id for each in found] == ["r16999", None, "r0", "r16384"] * 2
        assert [each.line for each in found] == [33_999, None, 1, 32_769, *[None] * 4]
        texts = [f"{KITE} 16999", None, f"{KITE} 0", f"{KITE} 16384"] * 2
        assert [each.text for each in found] == (texts if show_text else [None] * 8)


def test_what_a_rule_said_itself_stays(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "a", "prompt": LAMP}) + "\n")
    subject = scanned(tmp_path / "a.jsonl")
    given = Finding(subject.files[0].name, 0, "DMR006", "is odd", "", record_id="mine")
    (found,) = completed([given], subject, Said(True))
    assert (found.record_id, found.text, found.line) == ("mine", LAMP, 1)
    (beyond,) = completed([Finding(subject.files[0].name, 1, "DMR001", "is broken", "", line=7)], subject, Said(False))
    assert (beyond.line, beyond.record_id) == (7, None)


def test_ids_are_found_when_the_file_is_gone_only_as_far_as_lines(tmp_path: Path) -> None:
    """Lines are of the first reading, so nothing that happens to the file later moves them."""
    path = tmp_path / "a.jsonl"
    path.write_text("\n" + json.dumps({"id": "a", "prompt": LAMP}) + "\n")
    subject = scanned(path)
    path.unlink()
    (found,) = completed([Finding(subject.files[0].name, 0, "DMR006", "is odd", "")], subject, Said(True))
    assert (found.line, found.record_id, found.text) == (2, None, None)


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("a.csv", 'prompt,n\n"x","two\nlines"\n"",2\n"broken', [("DMR001", 2, 5), ("DMR006", 1, 4)]),
        ("a.csv", '"prompt\n', [("DMR001", None, 1)]),
        ("a.json", '[\n {"prompt": "x"},\n {"prompt": ""}\n]', [("DMR006", 1, 3)]),
        ("a.json", '[{"prompt": "x"}, {"prompt": ""}]', [("DMR006", 1, None)]),
        ("a.jsonl", '{"prompt": ""}\n\n{"prompt": ""}\n', [("DMR006", None, None)]),
    ],
)
def test_findings_of_a_check_name_lines(
    tmp_path: Path, name: str, text: str, lines: list[tuple[str, int | None, int | None]]
) -> None:
    (tmp_path / name).write_text(text)
    findings = check(tmp_path / name, select=["DMR001", "DMR006"]).findings
    assert sorted((each.code, each.row, each.line) for each in findings) == lines


@pytest.mark.parametrize(
    "note",
    [
        ["[" * 900 + "]" * 900],
        pa.array([1 << 62], pa.timestamp("us")),
        pa.array([123], pa.timestamp("ns")),
        pa.array([[1 << 62]], pa.list_(pa.timestamp("us"))),
        pa.array([1 << 27], pa.date32()),
    ],
)
def test_every_row_has_a_mark(note: list[str] | pa.Array, tmp_path: Path) -> None:
    """Whatever nests in it, and days that Python has not."""
    pq.write_table(pa.table({"prompt": [f"{KITE} \ufffd"], "note": note}), tmp_path / "a.parquet")
    (found,) = check(tmp_path / "a.parquet", license="mit", select=["DMR002"], marked=True).findings
    assert found.mark

"""Workbooks: sheets as tables, lines as rows of their sheet, and what is missing or broken is told."""

from __future__ import annotations

import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from demur.errors import UsageError
from demur.files.bounds import within
from demur.files.reading import Fault, read_blocks

Sheets = dict[str, list[list[Any]]]


def save(path: Path, sheets: Sheets) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


def read(path: Path, columns: list[str] | None = None) -> tuple[list[dict[str, Any]], list[int], list[Fault]]:
    faults: list[Fault] = []
    blocks = list(read_blocks(path, faults.append, columns))
    lines = [line for block in blocks if block.lines is not None for line in block.lines.tolist()]
    return [row for block in blocks for row in block.rows.to_pylist()], lines, faults


def test_cells_keep_their_kinds_and_lines_are_rows_of_the_sheet(tmp_path: Path) -> None:
    table: list[list[Any]] = [
        [],
        ["prompt", "n", "good"],
        ["Name a lake.", 1, True],
        [],
        [" ", None],
        ["Name a\nsea.", 2],
    ]
    rows, lines, faults = read(save(tmp_path / "a.xlsx", {"Sheet": table}))
    assert rows == [
        {"prompt": "Name a lake.", "n": 1, "good": True},
        {"prompt": "Name a\nsea.", "n": 2, "good": None},
    ]
    assert (lines, faults) == ([3, 6], [])


def test_dates_are_texts_and_unnamed_columns_get_names(tmp_path: Path) -> None:
    table: list[list[Any]] = [["prompt", None, None, "on"], ["Name a lake.", "x", "y", date(2024, 5, 1)]]
    rows, _, faults = read(save(tmp_path / "a.xlsx", {"Sheet": table}))
    assert rows == [{"prompt": "Name a lake.", "column 2": "x", "column 3": "y", "on": "2024-05-01T00:00:00"}]
    assert faults == []


def test_a_header_that_is_a_row_is_told_and_read(tmp_path: Path) -> None:
    rows, lines, faults = read(save(tmp_path / "a.xlsx", {"Sheet": [["How deep is Lake Garda?"], ["Name a lake."]]}))
    assert [row["value"] for row in rows] == ["How deep is Lake Garda?", "Name a lake."]
    assert (lines, [fault.kind for fault in faults]) == ([1, 2], ["header"])


def test_sheets_called_as_splits_are_splits(tmp_path: Path) -> None:
    sheets: Sheets = {"train": [["prompt", "id"], ["Lake?", 1]], "Test": [["id", "prompt"], [2, "River?"]], "void": []}
    rows, lines, faults = read(save(tmp_path / "a.xlsx", sheets))
    assert rows == [{"prompt": "Lake?", "id": 1, "split": "train"}, {"prompt": "River?", "id": 2, "split": "test"}]
    assert (lines, faults) == ([2, 2], [])


def test_sheets_of_one_table_with_other_names_are_no_splits_and_one_with_other_columns_is_noted(tmp_path: Path) -> None:
    sheets: Sheets = {"Lakes": [["prompt"], ["Lake?"]], "Rivers": [["prompt"], ["River?"]], "notes": [["by"], ["us"]]}
    rows, _, faults = read(save(tmp_path / "a.xlsx", sheets))
    assert rows == [{"prompt": "Lake?"}, {"prompt": "River?"}]
    told = "the sheet 'notes' has other columns than the first, and is not read"
    assert [fault.message for fault in faults] == [told]


def test_only_some_columns(tmp_path: Path) -> None:
    path = save(tmp_path / "a.xlsx", {"Sheet": [["prompt", "id"], ["Lake?", 1]]})
    assert read(path, ["id"])[0] == [{"id": 1}]
    rows, _, faults = read(path, ["promt"])
    assert (rows, [(fault.kind, fault.message) for fault in faults]) == ([], [("absent", "Did you mean 'prompt'?")])


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_what_is_no_workbook_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    rows, _, faults = read(tmp_path / "a.xlsx")
    assert rows == []
    assert [fault.message for fault in faults] == ["cannot be read: it is no workbook (BadZipFile)"]


def test_a_broken_sheet_is_told(tmp_path: Path) -> None:
    path = save(tmp_path / "a.xlsx", {"Sheet": [["prompt"], ["Lake?"]]})
    with zipfile.ZipFile(path) as old:
        parts = {each: old.read(each) for each in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(name, data[: len(data) // 2] if "sheet1" in name else data)
    rows, _, faults = read(path)
    assert [fault.message for fault in faults] == ["cannot be read: a sheet is broken (ParseError)"], rows


def test_it_is_bounded(tmp_path: Path) -> None:
    path = save(tmp_path / "a.xlsx", {"Sheet": [["prompt"], *([f"{number}" + " lake" * 6000] for number in range(20))]})
    with within({"unpacked": 1000}):
        _, _, faults = read(path)
    assert len(faults) == 1
    assert faults[0].message.startswith("cannot be read: it unpacks to more than ")


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.xlsx", {"Sheet": [["prompt"], ["Lake?"]]})
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(UsageError, match=r"pip install 'demur\[xlsx\]'"):
        read(path)

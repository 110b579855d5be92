"""JSON lists of plain objects are read as JSON Lines are, and give what a parser of the whole document gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.checks.quick import plain_rows
from demur.files import _block
from demur.files._array import listed_objects
from demur.files._block import Fault
from demur.files.reading import read_blocks
from demur.files.syntax import Broken, listed, parse_json

TEXT = st.lists(st.sampled_from(["a", "x]", "{y", '"', "\\", ", ", "\n", "\u00e9", "}", "\u3042"]), max_size=4)
TURNS = st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": TEXT.map("".join)}), max_size=2)
ROW = st.fixed_dictionaries(
    {"n": TEXT.map("".join)}, optional={"id": st.integers(-9, 9), "seen": st.booleans(), "messages": TURNS}
)
FORMS = st.fixed_dictionaries({
    "indent": st.sampled_from([None, 1, 2]), "ensure_ascii": st.booleans(),
    "separators": st.sampled_from([None, (",", ":"), (" ,", " : ")]),
})  # fmt: skip


@given(st.lists(ROW, min_size=1, max_size=8), FORMS, st.sampled_from(["", "\n", " \r\n"]))
def test_objects_stand_on_lines_of_their_own(rows: list[dict[str, Any]], form: dict[str, Any], around: str) -> None:
    text = around + json.dumps(rows, **form) + around
    found = listed_objects(text.encode())
    assert found is not None
    lines = b"".join(block for block, _ in found.blocks).splitlines(keepends=True)
    assert [json.loads(line) for line in lines] == rows
    assert (rows, found.lines.tolist()) == listed(text)


@given(st.lists(ROW, max_size=6), FORMS, st.data())
def test_a_changed_byte_changes_what_a_parser_says(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], form: dict[str, Any], data: st.DataObject
) -> None:
    written = json.dumps(rows, **form).encode()
    place = data.draw(st.integers(0, len(written) - 1))
    put = data.draw(st.sampled_from([b"", b'"', b"{", b"}", b",", b"[", b"]", b"\\", b"\n", b"\xff", b"\x01", b"1"]))
    changed = written[:place] + put + written[place + data.draw(st.integers(0, 1)) :]
    path = tmp_path_factory.getbasetemp() / "changed.json"
    path.write_bytes(changed)
    faults: list[Fault] = []
    found = [row for block in read_blocks(path, faults.append, quick=plain_rows) for row in block.rows.to_pylist()]
    try:
        document = parse_json(changed.decode())
    except (UnicodeError, Broken):
        if changed.lstrip().startswith(b"{"):
            return  # read as JSON Lines under the wrong name
        assert [fault.kind for fault in faults] in (["unreadable"], ["encoding"])
        assert found == []
        return
    plain = isinstance(document, list) and all(isinstance(row, dict) for row in document)
    for row, read in zip(document if plain else (), found, strict=plain):
        assert {name: cell for name, cell in read.items() if cell is not None and name in row} == {
            name: cell if isinstance(cell, str | int) and isinstance(read[name], type(cell)) else read[name]
            for name, cell in row.items()
            if cell is not None
        }


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_list_of_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    rows = [
        {"n": f"lamp {number}", "messages": [{"role": "user", "content": "]"}] * (number % 3 + 1)}
        for number in range(7)
    ]
    (tmp_path / "a.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    monkeypatch.setattr(_block, "ROWS", size)
    faults: list[Fault] = []
    blocks = [*read_blocks(tmp_path / "a.json", faults.append, turns=True)]
    assert [row for block in blocks for row in block.rows.to_pylist()] == rows
    assert [block.first for block in blocks] == [*range(0, 7, size)]
    lines = [line for block in blocks for line in (block.lines if block.lines is not None else ())]
    text = (tmp_path / "a.json").read_text(encoding="utf-8").splitlines()
    assert [text[line - 1] for line in lines] == [" {"] * 7
    assert not faults


@pytest.mark.parametrize("last", ['{"n": 1.5}', '{"n": 1}', '{"n": {}}', "7", '{"n": "a", "n": "b"}', '{"n": "a"'])
def test_what_is_not_plain_is_read_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str) -> None:
    """Also where that is seen after blocks that are: no row is given twice, and none before a fault of the file."""
    text = "[" + '{"n": "a"},\n' * 5 + last + "]"
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    (tmp_path / "a.jsonl").write_text(text[1:-1].replace("},", "}"), encoding="utf-8")
    monkeypatch.setattr(_block, "ROWS", 2)
    read: dict[str, tuple[list[Any], list[Any]]] = {}
    for name in ("a.json", "a.jsonl"):
        faults: list[Fault] = []
        rows = [row for block in read_blocks(tmp_path / name, faults.append) for row in block.rows.to_pylist()]
        read[name] = rows, [(fault.kind, fault.row, fault.column, fault.line) for fault in faults]
    if last == '{"n": "a"':
        assert read["a.json"] == ([], [("unreadable", None, None, 6)])
    else:
        assert read["a.json"] == read["a.jsonl"]


def test_lines_under_the_name_of_a_list_are_read_as_lines_are(tmp_path: Path) -> None:
    rows = [
        {"n": f"lamp {number}", "messages": [{"role": "user", "content": "x"}] * (1 + number % 2)}
        for number in range(9)
    ]
    read = []
    for name in ("a.json", "a.jsonl"):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        faults: list[Fault] = []
        blocks = [*read_blocks(tmp_path / name, faults.append, turns=True, quick=plain_rows)]
        read.append([(block.rows.to_pylist(), block.rows.schema, str(block.lines), faults) for block in blocks])
        assert [row for block in blocks for row in block.rows.to_pylist()] == rows
    assert read[0] == read[1]

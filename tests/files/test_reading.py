"""The one reader: rows, the lines on which they begin, and what it stumbles on."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.files.reading import Block, Fault, parquet_batches, read_blocks, read_document

LINES: dict[str, tuple[str, list[int] | None]] = {
    "blank.jsonl": ('{"n": "a"}\n\n  \r\n{"n": "b"}\n', [1, 4]),
    "bom.ndjson": ('\ufeff\n{"n": "a"}\n', [2]),
    "mark.csv": ("\ufeffn,m\na,1\n\nb,2\nc,3\n", [2, 4, 5]),
    "breaks.csv": ('n,m\na,"two\nlines"\nb,2\n', [2, 4]),
    "header.csv": ('"n\nn",m\na,1\n', [3]),
    "tabs.tsv": ('n\tm\r\na\t1\r\nb\t"x,y"\r\n', [2, 3]),
    "plain.txt": ("a\n\nb\n", [1, 3]),
    "list.json": ('[\n {"n": "a"},\n\n {"n":\n  "]"}, \n "c"\n]\n', [2, 4, 6]),
    "dense.json": ('[{"n": "a"}, {"n": "b"}]', None),
    "inside.json": ('{"rows": [\n{"n": "a"},\n{"n": "b"}\n]}', None),
    "lines.json": ('{"n": "a"}\n\n{"n": "b"}\n', [1, 3]),
    "one.json": ('{"n": "a"}', None),
}


def read(path: Path, columns: list[str] | None = None) -> tuple[list[Block], list[Fault]]:
    faults: list[Fault] = []
    return list(read_blocks(path, faults.append, columns)), faults


def lines(blocks: list[Block]) -> list[int] | None:
    if any(block.lines is None for block in blocks):
        return None
    return [line for block in blocks if block.lines is not None for line in block.lines.tolist()]


@pytest.mark.parametrize("name", LINES)
def test_rows_begin_on_lines(tmp_path: Path, name: str) -> None:
    text, expected = LINES[name]
    (tmp_path / name).write_bytes(text.encode())
    blocks, faults = read(tmp_path / name)
    assert (lines(blocks), faults) == (expected, [])


@pytest.mark.parametrize("name", ["blank.jsonl", "breaks.csv", "plain.txt", "list.json"])
def test_a_packed_file_has_the_same_rows_and_no_lines(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(LINES[name][0].encode())
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(LINES[name][0].encode()))
    plain, packed = (read(tmp_path / each)[0] for each in (name, f"{name}.gz"))
    assert [block.rows for block in plain] == [block.rows for block in packed]
    assert lines(packed) is None


def test_later_batches_go_on_counting(tmp_path: Path) -> None:
    many = 20_000
    (tmp_path / "a.jsonl").write_text("".join(f'{{"n": {number}}}\n\n' for number in range(many)))
    (tmp_path / "a.csv").write_text("n\n" + "".join(f"{number}\n\n" for number in range(many)))
    (tmp_path / "a.json").write_text("[" + ",\n\n".join(map(str, range(many))).replace("1", '{"n": 1}', 1) + "]")
    for name, first, step in (("a.jsonl", 1, 2), ("a.csv", 2, 2), ("a.json", 1, 2)):
        blocks, _ = read(tmp_path / name)
        assert len(blocks) > 1
        assert lines(blocks) == list(range(first, first + step * many, step)), name
        assert [block.first for block in blocks] == [
            sum(len(each.rows) for each in blocks[:n]) for n in range(len(blocks))
        ]


def test_a_list_of_any_form_has_the_lines_of_its_members(tmp_path: Path) -> None:
    rows = [{"n": [1, {"m": "]\n\\"}], "t": 'a"b'}, {}, {"n": None}] * 3
    for indent in (0, 1, 4):
        text = json.dumps(rows, indent=indent)
        (tmp_path / "a.json").write_text(text)
        begin = [line for line, each in enumerate(text.split("\n"), 1) if each.startswith(" " * indent + "{") and
                 not each.startswith(" " * (indent + 1))]  # fmt: skip
        if indent:
            assert lines(read(tmp_path / "a.json")[0]) == begin
        else:
            assert len(lines(read(tmp_path / "a.json")[0]) or []) == len(rows)


FAULTS: dict[str, tuple[bytes, list[tuple[str, int | None, int | None]]]] = {
    "number.jsonl": (b'{"n": 1' + b"0" * 5000 + b"}\n", [("cannot be read: a number in it is too long", 0, 1)]),
    "broken.jsonl": (b'{"n": 1}\n\n{"n": \n[1]\n', [("is no JSON", 1, 3), ("is a JSON list, not an object", 2, 4)]),
    "quote.csv": (b'n,m\na,1\n"b\n,2\n', [("a quoted cell is broken, so the rest cannot be read", 1, 3)]),
    "head.csv": (b'"n\n', [("a quoted cell is broken, so the rest cannot be read", None, 1)]),
    "short.csv": (b'n,m\n"a\nb",1\nc\n', [("has 1 cells, the header 2", 1, 4)]),
    "long.csv": (b"n,m\n\na,1,2\n", [("has 3 cells, the header 2", 0, 3)]),
    "twice.csv": (b"n,n\na,1\n", [("a column name stands twice in the header", None, None)]),
    "mixed.jsonl": (b'{"n": "a"}\n\n{"n": 1}\n', [("holds number and text", 1, 3)]),
    "cut.json": (b'[{"n": 1},\n{"n": ', [("is no JSON from line 2, column 7 on", None, 2)]),
    "word.json": (b"7", [("is a JSON number, not a list of rows", None, None)]),
    "member.json": (b'[{"n": 1},\n7]', [("is a JSON number, not an object", 1, 2)]),
    "latin.txt": (b"caf\xe9\n", [("is not UTF-8", None, None)]),
    "cut.jsonl.gz": (gzip.compress(b'{"n": 1}\n')[:-4], [("cannot be read: it ends too early", None, None)]),
    "line.jsonl.gz": (gzip.compress(b"\n7\n"), [("is a JSON number, not an object", 0, None)]),
    "none.parquet": (
        b"rows", [("cannot be read: it is broken, or is of another format than its name says", None, None)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_read_is_told_with_its_line(tmp_path: Path, name: str) -> None:
    content, expected = FAULTS[name]
    (tmp_path / name).write_bytes(content)
    _, faults = read(tmp_path / name)
    assert [(fault.message, fault.row, fault.line) for fault in faults] == expected


def test_a_short_row_lacks_its_last_cells(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,m\na\nb,2,3\n")
    (block,), _ = read(tmp_path / "a.csv")
    assert block.rows.to_pydict() == {"n": ["a", "b"], "m": [None, "2"]}


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.json", "a.parquet"])
def test_only_the_columns_that_are_wanted(tmp_path: Path, name: str) -> None:
    rows = [{"a": "1", "b": "2", "c": "3"}, {"a": "4", "b": "5", "c": "6"}]
    text = {"a.csv": "a,b,c\n1,2,3\n4,5,6\n", "a.json": json.dumps(rows)}
    if name == "a.parquet":
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / name)
    else:
        (tmp_path / name).write_text(text.get(name, "".join(json.dumps(row) + "\n" for row in rows)))
    (block,), faults = read(tmp_path / name, ["c", "a"])
    assert (block.rows.to_pydict(), faults) == ({"c": ["3", "6"], "a": ["1", "4"]}, [])
    _, faults = read(tmp_path / name, ["a", "bb"])
    assert [(fault.kind, fault.column, fault.message) for fault in faults] == [("absent", "bb", "Did you mean 'b'?")]


def test_unnamed_columns_get_names(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,,\na,b,\n")
    (block,), faults = read(tmp_path / "a.csv")
    assert (block.rows.to_pydict(), faults) == ({"n": ["a"], "column 2": ["b"], "column 3": [""]}, [])


def test_a_header_of_data_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("7,Where does the old harbour bus stop?\n8,Who plays the violin?\n")
    (block,), (fault,) = read(tmp_path / "a.csv")
    assert block.rows.to_pydict() == {
        "column 1": ["7", "8"],
        "value": ["Where does the old harbour bus stop?", "Who plays the violin?"],
    }
    assert block.lines is not None
    assert (fault.kind, fault.line, block.lines.tolist()) == ("header", 1, [1, 2])


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('{"prompts": ["a", "b"], "ids": [1, 2], "notes": []}', [("a", 1), ("b", 2)]),
        ('{"prompts": {"0": "a", "1": "b"}, "ids": {"0": 1, "1": 2}}', [("a", 1), ("b", 2)]),
        (
            '{"Tea": {"Green": ["a"], "Black": ["b", "c"]}}',
            [("a", "Tea", "Green"), *((each, "Tea", "Black") for each in "bc")],
        ),
        ('{"note": "x", "rows": [{"n": "a"}, {"n": "b"}]}', [("a",), ("b",)]),
        ('{"prompt": "a", "one": ["b"], "two": ["c"]}', [("a", '["b"]', '["c"]')]),
    ],
)
def test_an_object_is_its_rows(text: str, rows: list[tuple[object, ...]], tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    (block,), faults = read(tmp_path / "a.json")
    assert ([tuple(row.values()) for row in block.rows.to_pylist()], faults) == (rows, [])


@pytest.mark.parametrize("name", ["a.arrow", "stream.arrow", "a.feather", "a.jsonl.zst", "a.json.zst", "a.csv.zst"])
def test_arrow_and_zstandard_are_read(name: str, tmp_path: Path) -> None:
    table, path = pa.table({"n": ["a", "b"], "m": ["c", None]}), tmp_path / name
    if name.endswith(".zst"):
        text = {"csv": "n,m\na,c\nb,\n", "json": json.dumps(table.to_pylist())}.get(name.split(".")[1])
        lines = "".join(json.dumps(row) + "\n" for row in table.to_pylist())
        with pa.output_stream(path, compression="zstd") as file:
            file.write((text or lines).encode())
    else:
        new = pa.ipc.new_stream if name.startswith("stream") else pa.ipc.new_file
        with new(path, table.schema) as file:
            file.write_table(table)
    (block,), faults = read(path)
    assert (block.rows.column("n").to_pylist(), block.rows.num_columns, faults) == (["a", "b"], 2, [])
    (block,), faults = read(path, ["m"])
    assert (block.rows.schema.names, block.rows.num_rows, faults) == (["m"], 2, [])
    path.write_bytes(path.read_bytes()[:-9] if name.endswith(".zst") else b"lighthouse")
    _, (fault,) = read(path)
    assert fault.kind == "unreadable"


def test_a_row_may_be_a_list_of_turns(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('[{"role": "user", "content": "a"}]\n')
    (block,), faults = read(tmp_path / "a.jsonl")
    assert (block.rows.to_pydict(), faults) == ({"messages": ['[{"role": "user", "content": "a"}]']}, [])


def test_a_column_that_stands_twice_harms_only_who_wants_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,m,m\na,,\n")
    (block,), faults = read(tmp_path / "a.csv", ["n"])
    assert (block.rows.to_pydict(), faults) == ({"n": ["a"]}, [])
    assert [fault.kind for fault in read(tmp_path / "a.csv", ["m"])[1]] == ["unreadable"]


def test_cells_of_json_that_are_no_texts_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"n": "a", "m": "\\ud800", "o": null}\n{"n": [1], "m": "b", "o": 1}\n')
    (block,), _ = read(tmp_path / "a.jsonl")
    assert block.not_text == {"n": (1, "list"), "m": (0, "half a surrogate pair"), "o": (1, "int")}
    assert block.rows.to_pydict() == {"n": ["a", "[1]"], "m": ["\ufffd", "b"], "o": [None, 1]}


def test_strings_of_parquet_that_are_not_utf_8(tmp_path: Path) -> None:
    offsets = pa.array([0, 2], pa.int64()).buffers()[1]
    bad = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(b"\xff\xfe")])
    pq.write_table(pa.table({"n": bad}), tmp_path / "a.parquet")
    assert [fault.kind for fault in read(tmp_path / "a.parquet")[1]] == ["unreadable"]
    with pq.ParquetFile(tmp_path / "a.parquet") as file, pytest.raises(pa.ArrowInvalid):
        list(parquet_batches(file, 10))


def test_batches_of_some_row_groups(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": list(range(10)), "m": [""] * 10}), tmp_path / "a.parquet", row_group_size=3)
    with pq.ParquetFile(tmp_path / "a.parquet") as file:
        found = [batch.to_pydict() for batch in parquet_batches(file, 2, ["n"], [1])]
    assert found == [{"n": [3, 4]}, {"n": [5]}]


def test_a_document(tmp_path: Path) -> None:
    faults: list[Fault] = []
    for name, text in (("a.json", '\ufeff{"n": [1]}'), ("b.json", '{"n":\n1 2}'), ("c.json", "[" * 100_000)):
        (tmp_path / name).write_bytes(text.encode())
    assert read_document(tmp_path / "a.json", faults.append) == {"n": [1]}
    for name in ("b.json", "c.json", "d.json"):
        assert read_document(tmp_path / name, faults.append) is None
    assert [fault.message for fault in faults] == [
        "is no JSON from line 2, column 3 on",
        "cannot be read: it is nested too deeply",
        "cannot be read: No such file or directory",
    ]


def test_a_key_that_stands_twice_is_noted_and_the_last_one_counts(tmp_path: Path) -> None:
    for name, text in {
        "a.jsonl": '{"n": "a"}\n7\n{"n": "b", "n": "c"}\n',
        "a.json": '[{"n": "a"},\n{},\n{"n": "b", "n": "c"}]',
    }.items():
        path = tmp_path / name
        path.write_text(text)
        blocks, faults = read(path)
        (fault,) = [fault for fault in faults if fault.kind == "doubled"]
        assert (fault.row, fault.line, fault.column) == (2, 3, "n")
        assert [cell for block in blocks for cell in block.rows.column("n").to_pylist()] == ["a", None, "c"]

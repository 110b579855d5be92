"""Mending: what changes, what stays byte for byte, and that a second mending changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from demur.checks.layouts import layout_of
from demur.checks.mend import Mended, mend
from demur.cli import main
from demur.errors import UsageError

ROWS = [
    {"id": 1, "prompt": "Name a lake.", "response": "Garda."},
    {"id": 2, "prompt": " Name a river.\n", "response": "The Rh\u0008ine."},
    {"response": "Garda.", "id": 1, "prompt": "Name a lake. "},
    {"id": 3, "prompt": "Name a lake.", "response": "Garda."},
]
GOOD = [ROWS[0], {"id": 2, "prompt": "Name a river.", "response": "The Rhine."}, ROWS[3]]


def mended(path: Path, name: str = "out", **how: Any) -> tuple[Mended, Path]:
    (done,) = mend([path], path.parent / name, **how)
    return done, done.out


def lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def read(path: Path) -> list[Any]:
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    if path.suffix == ".json":
        return list(json.loads(path.read_text()))
    if path.suffix == ".csv":
        import csv

        with path.open(newline="", encoding="utf-8") as file:
            return [{**row, "id": int(row["id"])} for row in csv.DictReader(file)]
    return [json.loads(line) for line in path.read_text().splitlines()]


def written(folder: Path, suffix: str) -> Path:
    path = folder / f"set{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path, compression="zstd")
    elif suffix == ".csv":
        import csv

        with path.open("w", newline="", encoding="utf-8") as file:
            made = csv.DictWriter(file, ["id", "prompt", "response"])
            made.writeheader()
            made.writerows(ROWS)
    else:
        path.write_text(lines(ROWS) if suffix == ".jsonl" else json.dumps(ROWS, indent=2) + "\n")
    return path


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".parquet"])
def test_every_format_is_mended_and_kept(suffix: str, tmp_path: Path) -> None:
    path = written(tmp_path, suffix)
    before = path.read_bytes()
    done, out = mended(path)
    assert path.read_bytes() == before
    assert read(out) == GOOD
    order = int(suffix in (".jsonl", ".json"))
    assert (done.rows, done.spacing, done.controls, done.order, done.duplicates) == (4, 2, 1, order, 1)
    again, twice = mended(out, "again")
    assert (again.spacing, again.controls, again.order, again.duplicates) == (0, 0, 0, 0)
    assert twice.read_bytes() == out.read_bytes()
    assert mended(path, "third")[1].read_bytes() == out.read_bytes(), "the same each time"


def test_parquet_keeps_its_types_and_packing(tmp_path: Path) -> None:
    table = pa.table({"prompt": [" a", "b"], "n": pa.array([1, 2], pa.int8())}).replace_schema_metadata({"x": "y"})
    pq.write_table(table, tmp_path / "set.parquet", compression="gzip")
    _, out = mended(tmp_path / "set.parquet")
    with pq.ParquetFile(out) as file:
        assert file.metadata.row_group(0).column(0).compression == "GZIP"
        assert file.schema_arrow.equals(table.schema)
        assert file.schema_arrow.metadata == {b"x": b"y"}


def test_rows_that_need_nothing_keep_their_bytes(tmp_path: Path) -> None:
    kept = b'{"prompt":"Name a lake.", "n": 1.50}\r\n\n{"prompt" : "caf\\u00e9"}\n'
    (tmp_path / "set.jsonl").write_bytes(
        kept + b'{"prompt": " x"}\n{"prompt": "x"}\nno JSON\n{"prompt":" a","prompt":"b"}'
    )
    done, out = mended(tmp_path / "set.jsonl")
    assert out.read_bytes() == kept + b'{"prompt": "x"}\nno JSON\n{"prompt":" a","prompt":"b"}'
    assert (done.spacing, done.duplicates) == (1, 1)


def test_turns_are_texts(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": " Hello."},
        {"content": [{"type": "text", "text": "Hi. "}], "role": "assistant"},
    ]
    (tmp_path / "set.jsonl").write_text(lines([{"messages": turns}]))
    done, out = mended(tmp_path / "set.jsonl")
    (row,) = read(out)
    assert [turn["content"] for turn in row["messages"]] == ["Hello.", [{"type": "text", "text": "Hi."}]]
    assert [list(turn) for turn in row["messages"]] == [["role", "content"]] * 2
    assert (done.spacing, done.order) == (2, 1)


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "The sky is", "completion": " blue."},
        {"chosen": "\n\nHuman: Hello.\n\nAssistant: Hi.", "rejected": "\n\nHuman: Hello.\n\nAssistant: No."},
        {"prompt": "Name a lake.", "note": " of mine\u0000"},
    ],
    ids=["completion", "transcript", "no text"],
)
def test_edges_that_belong_to_a_text_stay(row: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text(lines([row]))
    _, out = mended(tmp_path / "set.jsonl")
    assert out.read_bytes() == (tmp_path / "set.jsonl").read_bytes()


def test_columns_as_they_are_mapped(tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_text("ask,x\n Name a lake. ,y \n")
    assert mended(tmp_path / "set.csv")[1].read_text() == "ask,x\n Name a lake. ,y \n"
    assert mended(tmp_path / "set.csv", layout=layout_of("prompt=ask"))[1].read_text() == "ask,x\nName a lake.,y \n"


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.txt", b" x\n", "of this kind"),
        ("a.jsonl", b'{"prompt": "\xff"}\n', "not UTF-8"),
        ("a.json", b'{"a": [1], "b": [2]}', "no list of rows"),
        ("a.csv", b'prompt\n"x', "quoted cell is broken"),
        ("a.parquet", b"x", "cannot be read"),
    ],
)
def test_what_cannot_be_mended_is_copied(name: str, data: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    done, out = mended(tmp_path / name)
    assert why in str(done)
    assert out.read_bytes() == data


def test_one_row_a_line_stays_one_row_a_line(tmp_path: Path) -> None:
    (tmp_path / "set.json").write_text('[\n{"prompt": " a"},\n{"prompt": "b"}\n]\n')
    assert mended(tmp_path / "set.json")[1].read_text() == '[\n{"prompt": "a"},\n{"prompt": "b"}\n]\n'


def test_nothing_that_is_read_is_written(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "set.jsonl").write_text(lines(ROWS))
    (tmp_path / "link").symlink_to(data)
    for paths, out in (
        ([data], data),
        ([data], data / "in"),
        ([data], tmp_path / "link"),
        ([data / "set.jsonl"], data),
    ):
        with pytest.raises(UsageError, match="among those that are read"):
            list(mend(paths, out))
    assert (data / "set.jsonl").read_text() == lines(ROWS)
    assert [path.name for path in data.iterdir()] == ["set.jsonl"]


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "test").mkdir(parents=True)
    (tmp_path / "data" / "test" / "set.jsonl").write_text(lines(ROWS))
    run = CliRunner()
    assert run.invoke(main, ["check", "data", "--fix"]).exit_code == 2
    assert run.invoke(main, ["check", "data", "--fixed", "out"]).exit_code == 2
    done = run.invoke(main, ["check", "data", "--fix", "--fixed", "out"])
    assert (done.exit_code, done.stdout) == (
        0,
        "data/test/set.jsonl -> out/test/set.jsonl: 4 rows: 2 texts without space at their edges, "
        "1 texts without control characters, 1 rows with keys in order, 1 equal rows left out\n",
    )
    assert read(tmp_path / "out" / "test" / "set.jsonl") == GOOD

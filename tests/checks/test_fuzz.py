"""Whatever a file holds, `demur check` ends with an exit code of 0, 1 or 2 and a message, and never a traceback."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demur.cli import main

ROWS: list[dict[str, Any]] = [
    {"prompt": f"Draw kite number {number}", "response": "In blue.", "is_safe": True, "id": number}
    for number in range(40)
]
WORD = "zanzibar"  # stands in every mutated file, and never in what is said


def ends_well(path: Path, *more: str) -> str:
    done = CliRunner().invoke(main, ["check", str(path), *more])
    assert done.exit_code in (0, 1, 2), (done.exit_code, type(done.exception))
    assert done.exception is None or isinstance(done.exception, SystemExit), type(done.exception)
    said = done.output
    assert said.strip(), "no message"
    assert "Traceback" not in said
    assert "should not" not in said, said  # how Demur words an error that nobody foresaw
    assert WORD not in said
    return str(said)


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return bytes(sink.getvalue())


def as_lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    return ("prompt,response,id\n" + "".join(f'"{r["prompt"]}",{r["response"]},{r["id"]}\n' for r in rows)).encode()


FORMATS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "parquet": as_parquet,
    "jsonl": as_lines,
    "json": lambda rows: json.dumps(rows).encode(),
    "csv": as_csv,
    "jsonl.gz": lambda rows: gzip.compress(as_lines(rows), mtime=0),
    "txt": lambda rows: "\n".join(row["prompt"] for row in rows).encode(),
}


def truncated(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data))]


def flipped(data: bytes, draw: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.randrange(1, 30)):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def spliced(data: bytes, draw: random.Random) -> bytes:
    one, two = sorted(draw.randrange(len(data)) for _ in range(2))
    return data[:one] + data[two:] + data[one:two]


def recoded(data: bytes, draw: random.Random) -> bytes:
    encoding = draw.choice(["utf-16", "utf-32", "cp500", "utf-7"])
    return data.decode("latin-1").encode(encoding, "replace")


MUTATIONS = (truncated, flipped, spliced, recoded)


@pytest.mark.parametrize("name", FORMATS)
def test_mutated_files(name: str, tmp_path: Path) -> None:
    """34 of each format, 204 in all."""
    good = FORMATS[name]([{**row, "prompt": f"{row['prompt']} {WORD}"} for row in ROWS])
    for number in range(34):
        draw = random.Random(f"{name} {number}")  # noqa: S311 - repeatable, not secret
        path = tmp_path / f"mutated-{number}.{name}"
        path.write_bytes(MUTATIONS[number % len(MUTATIONS)](good, draw))
        ends_well(path)


DEEP = "[" * 100_000
WHOLE: dict[str, bytes] = {
    "deep.json": DEEP.encode(),
    "deep.jsonl": (f'{{"prompt": {DEEP}\n' * 2).encode(),
    "deep-cell.jsonl": json.dumps({"prompt": "x", "note": json.loads("[" * 400 + "]" * 400)}).encode(),
    "huge-cell.jsonl": json.dumps({"prompt": "kite " * 2_000_000}).encode(),
    "huge-cell.csv": b"prompt\n" + b"k" * 3_000_000 + b"\n",
    "huge-number.jsonl": b'{"prompt": "x", "id": 1' + b"0" * 3000 + b"}\n",
    "huge-header.csv": b",".join(b"c%d" % number for number in range(5000)) + b"\n",
    "surrogate.jsonl": b'{"prompt": "\\ud800", "id": "\\udfff"}\n',
    "nul.csv": b"prompt\n\x00\x00\n",
    "empty.parquet": b"",
    "empty.json": b"",
    "empty.jsonl": b"\n\n",
    "empty-object.jsonl": b"{}\n{}\n",
    "null.json": b"null",
    "text.json": b'"kite"',
    "numbers.json": b"[1, 2, 3]",
    "no-number.jsonl": b'{"prompt": NaN}\n{"prompt": Infinity}\n',
    "types.jsonl": b'{"prompt": 1}\n{"prompt": "x"}\n{"prompt": [1]}\n{"prompt": {"a": 1}}\n{"prompt": true}\n',
    "messages.jsonl": b'{"messages": 1}\n{"messages": [1]}\n{"messages": [{"role": 1}]}\n{"messages": []}\n',
    "labels.jsonl": b'{"input_ids": [1, "x"], "labels": [1.5]}\n{"input_ids": 3, "labels": null}\n',
    "twice.csv": b"prompt,prompt\na,b\n",
    "quotes.csv": b'prompt\n"never closed\n',
    "ragged.csv": b"prompt,id\na\nb,1,2\n",
    "bom.csv": b"\xef\xbb\xbfprompt\nkite\n",
    "no.jsonl.gz": b"\x1f\x8b\x08broken",
}


@pytest.mark.parametrize("name", WHOLE)
def test_strange_files(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(WHOLE[name])
    ends_well(tmp_path / name)
    ends_well(tmp_path, "--map", "prompt=prompt,response=id,split=prompt")


def test_strange_parquet(tmp_path: Path) -> None:
    """Types that no JSON has, as prompt and beside it."""
    columns = {
        "bytes": pa.array([b"a", b"\xff"]),
        "dates": pa.array([1, 2], pa.date32()),
        "maps": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
        "nothing": pa.nulls(2),
        "category": pa.array(["a", None]).dictionary_encode(),
        "decimal": pa.array(["1.5", "2.5"]).cast(pa.decimal128(5, 2)),
        "view": pa.array(["a", "b"], pa.string_view()),
        "nested": pa.array([{"a": [{"b": 1}]}, None]),
        "id": pa.array([0.5, float("nan")]),
    }
    for name, column in columns.items():
        table = pa.table({"prompt": column, **columns})
        pq.write_table(table, tmp_path / f"{name}.parquet")
        ends_well(tmp_path / f"{name}.parquet")
        roles = ",".join(f"{role}={name}" for role in ("prompt", "id", "split", "pair", "license"))
        ends_well(tmp_path / f"{name}.parquet", "--map", roles)


CELLS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["prompt", "response", "messages", "target", "is_safe", "label", "id", "split", "chosen", "S"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.dictionaries(NAMES | st.text(max_size=4), CELLS, max_size=5), max_size=5))
def test_any_json(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "any.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ends_well(tmp_path / "any.jsonl")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200), ending=st.sampled_from(["csv", "json", "jsonl", "parquet", "txt"]))
def test_any_bytes(data: bytes, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"any.{ending}"
    path.write_bytes(data)
    ends_well(path)


def test_arguments_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(as_lines(ROWS))
    (tmp_path / "map.toml").write_text("columns = 3\n")
    for more in (
        ["--map", "nonsense"], ["--map", "prompt=a,colour=b"], ["--map", str(tmp_path / "map.toml")],
        ["--map", str(tmp_path / "absent.toml")], ["--select", "DMR777"], ["--against", "nothing-like-it"],
        ["--split", "x"], ["--split", "other.jsonl=test"],
    ):  # fmt: skip
        done = CliRunner().invoke(main, ["check", str(path), *more])
        assert (done.exit_code, "Error" in done.output) == (2, True), more
    assert CliRunner().invoke(main, ["check", str(tmp_path / "map.toml")]).exit_code == 2
    assert CliRunner().invoke(main, ["check", str(tmp_path / "absent.jsonl")]).exit_code == 2

"""Plain JSON Lines are read as Arrow reads them, or not at all."""

from __future__ import annotations

import json
import random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.checks.quick import plain_rows
from demur.files._flat import _FEW, flat_rows
from demur.text.compiled import uncompiled
from tests.files.test_flat import ODD

TURNS = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
LIKE = pa.schema([
    ("text", pa.large_string()),
    ("n", pa.int64()),
    ("yes", pa.bool_()),
    ("nothing", pa.null()),
    ("messages", TURNS),
])  # fmt: skip
SIGNS = '\u00e9\u6771\U0001f600\ufffd\x00\x1f\x7f"\\/\n\r\tab cdefghij'
TEXT = st.text(st.sampled_from(SIGNS), max_size=20)
ROW = st.fixed_dictionaries(
    {"messages": st.lists(st.fixed_dictionaries({"role": TEXT, "content": TEXT}), min_size=1, max_size=3)},
    optional={
        "text": st.none() | TEXT,
        "n": st.none() | st.integers(-(10**17), 10**17),
        "yes": st.none() | st.booleans(),
        "nothing": st.none(),
    },
)


def spelt(rows: list[dict[str, Any]], draw: random.Random) -> bytes:
    """Rows as lines, however they may be spelt."""
    lines = []
    for row in rows:
        cells = [*row.items()]
        draw.shuffle(cells)
        pairs = (draw.choice([",", ", ", " ,\t"]), draw.choice([":", ": ", " :"]))
        line = json.dumps(dict(cells), ensure_ascii=draw.random() < 0.5, separators=pairs)
        lines.append(line.replace("/", "\\/") if draw.random() < 0.2 else line)
    return "".join(
        f"{line}{draw.choice(['', ' '])}{draw.choice([chr(10), chr(13) + chr(10)])}" for line in lines
    ).encode()


@given(st.lists(ROW, min_size=1, max_size=9), st.integers(0, 1 << 30))
def test_what_is_read(rows: list[dict[str, Any]], seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - not a secret
    block = spelt(rows, draw)
    found = plain_rows(block, len(rows), LIKE)
    assert found is not None
    found.validate(full=True)
    assert found.to_pylist() == [{name: row.get(name) for name in LIKE.names} for row in rows]
    arrow = flat_rows(block, len(rows), turns=True, like=LIKE)
    assert arrow is not None
    assert found.equals(arrow)


@given(st.lists(ROW, min_size=1, max_size=4), st.lists(ROW, max_size=4), st.integers(0, 1 << 30))
def test_the_first_lines_tell_the_columns_of_the_others(
    head: list[dict[str, Any]], tail: list[dict[str, Any]], seed: int
) -> None:
    rows = [*(head * _FEW)[:_FEW], *tail, head[0]]
    block = spelt(rows, random.Random(seed))  # noqa: S311 - not a secret
    found, arrow = (flat_rows(block, len(rows), turns=True, quick=quick) for quick in (plain_rows, None))
    assert (found is None) == (arrow is None)
    if found is not None:
        assert found.equals(arrow)


def test_a_first_block_is_read_by_the_columns_of_its_first_lines() -> None:
    asked: list[pa.Schema] = []

    def quick(block: bytes, count: int, like: pa.Schema) -> pa.RecordBatch | None:
        asked.append(like)
        return plain_rows(block, count, like)

    for count in (_FEW, _FEW + 1):
        found = flat_rows(b'{"a": "x", "b": 1}\n' * count, count, quick=quick)
        assert found is not None
        assert found.num_rows == count
    assert asked == [pa.schema([("a", pa.large_string()), ("b", pa.int64())])]


@pytest.mark.parametrize("name", ODD)
def test_an_odd_line_behind_the_first_is_read_as_ever(name: str) -> None:
    block = b'{"a": "x", "b": 1}\n' * _FEW + ODD[name].encode("utf-8", "surrogatepass") + b"\n"
    found, arrow = (flat_rows(block, block.count(b"\n"), quick=quick) for quick in (plain_rows, None))
    assert (found is None) == (arrow is None)
    if found is not None:
        assert found.equals(arrow)


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("kind", [pa.large_string(), pa.int64(), pa.bool_(), pa.null()])
def test_nothing_else_is_read_than_arrow_reads(name: str, kind: pa.DataType) -> None:
    like = pa.schema([("a", kind), ("b", pa.large_string())])
    line = ODD[name].encode("utf-8", "surrogatepass")
    for block in (line + b"\n", b'{"b": "x"}\n' + line + b"\n"):
        count = block.count(b"\n")
        found = plain_rows(block, count, like)
        if found is not None:
            arrow = flat_rows(block, count, like=like)
            assert arrow is not None
            assert found.equals(arrow)


@pytest.mark.parametrize(
    "line",
    [
        '{"n": 07}', '{"n": -}', '{"n": 1.0}', '{"n": 1e3}', '{"n": -0}', '{"n": 1234567890123456789}', '{"n": 7x}',
        '{"yes": tru}', '{"yes": falsy}', '{"text": nul}', '{"text": 7}', '{"text": "\\ud800"}', '{"text": "\\udc00"}',
        '{"text": "\\ud800\\u0041"}', '{"text": "\\x"}', '{"text": "\\u00g0"}', '{"text": "a\tb"}', '{"text": "a}',
        '{"text": "a\\', '{"text" "a"}', '{text: "a"}', '{"text": "a",}', '{"text": "a"} {"n": 1}', '{"other": "a"}',
        '{"text": "a", "text": "b"}', '{"text": null, "text": "b"}', '{"nothing": 1}', '["text"]', "", "{",
        '{"messages": [{"role": "a"}]}', '{"messages": [{"role": "a", "role": "b"}]}',
        '{"messages": [{"role": "a", "content": null}]}', '{"messages": [{"role": "a", "content": "b", "c": "d"}]}',
        '{"messages": [{"role": "a", "content": "b"},]}', '{"messages": ["a"]}', '{"messages": {}}', '{"messages": [',
        '{"messages": []}',
    ],
)  # fmt: skip
def test_what_is_left_to_others(line: str) -> None:
    good = b'{"messages": [{"role": "a", "content": "b"}]}\n'
    assert plain_rows(line.encode() + b"\n", 1, LIKE) is None
    if line != '{"messages": []}':
        assert plain_rows(good + line.encode() + b"\n" + good, 3, LIKE) is None


def test_columns_that_are_not_known_here() -> None:
    block = b'{"a": "x"}\n'
    assert plain_rows(block, 1, pa.schema([("a", pa.float64())])) is None
    assert plain_rows(block, 1, pa.schema([])) is None
    assert plain_rows(block, 1, pa.schema([('a"', pa.large_string()), ("a", pa.large_string())])) is None
    assert plain_rows(block[:-1], 1, pa.schema([("a", pa.large_string())])) is None
    assert plain_rows(block, 2, pa.schema([("a", pa.large_string())])) is None
    assert plain_rows(block, 1, pa.schema([("a", pa.large_string())])) is not None
    with uncompiled(small=True):
        assert plain_rows(block, 1, pa.schema([("a", pa.large_string())])) is None

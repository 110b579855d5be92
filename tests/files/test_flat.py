"""What Arrow reads of JSON Lines is what Python reads, and where it would not be, Python does."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from demur.files import _lines, reading
from demur.files._block import Fault
from demur.files._flat import flat_rows

ODD = {
    "text": '{"a": "x", "b": "y"}',
    "turned": '{"b": "y", "a": "x"}',
    "null": '{"a": null, "b": "y"}',
    "lacks": '{"b": "y"}',
    "more": '{"a": "x", "c": 1}',
    "whole": '{"a": 7}',
    "true": '{"a": true}',
    "fraction": '{"a": 7.5}',
    "small": '{"a": -1.5e-7, "b": 0.1}',
    "long": '{"a": 0.12345678901234567890123, "b": null}',
    "one": '{"a": 1.0}',
    "minus": '{"a": -0}',
    "huge": '{"a": 1e400}',
    "beyond": '{"a": 9007199254740993}',
    "large": '{"a": 123456789012345678901234567890}',
    "day": '{"a": "2020-01-01", "b": "2020-01-01 10:00:00"}',
    "twice": '{"a": "x", "a": "z"}',
    "nested": '{"a": {"b": "c"}}',
    "list": '{"a": ["b"]}',
    "lone": '{"a": "\\ud800"}',
    "signs": '{"a": "\\u0000 \\n \\u00e4 \u6771 \U0001f600"}',
    "nan": '{"a": NaN}',
    "broken": '{"a": "x"',
    "two": '{"a": "x"}{"a": "y"}',
    "blank": "",
    "spaces": "   ",
    "empty": "{}",
    "number": "7",
    "turns": '[{"role": "user", "content": "x"}]',
    "tail": '{"a": "x"} ',
    "head": ' {"a": "x"}',
    "comma": '{"a": "x",}',
    "first half": '{"a": "x", "b":',
    "second half": '"y"}',
}
PLAIN = ["text", "null", "lacks", "whole", "true", "day", "signs", "fraction", "small", "long"]
ENDS = ("\n", "\r\n", "\r")


def read(path: Path, columns: list[str] | None = None) -> tuple[list[Any], list[Fault]]:
    faults: list[Fault] = []
    blocks = [
        (
            block.first,
            block.rows.to_pylist(),
            [(field.name, str(field.type)) for field in block.rows.schema],
            None if block.lines is None else block.lines.tolist(),
            dict(block.not_text),
        )
        for block in reading.read_blocks(path, faults.append, columns)
    ]
    return blocks, faults


@pytest.mark.parametrize("seed", range(120))
@pytest.mark.parametrize("columns", [None, ["a"], ["c", "b"]])
def test_the_same_is_read(
    seed: int, columns: list[str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(seed)  # noqa: S311 - not a secret
    monkeypatch.setattr("demur.files._block.ROWS", 4)
    plain = PLAIN if seed % 2 else ["null", "lacks", "whole", "fraction", "small", "long"]
    lines = [ODD[draw.choice(plain if draw.random() < 0.9 else [*ODD])] for _ in range(draw.randint(1, 30))]
    end = draw.choice(ENDS) if draw.random() < 0.3 else "\n"
    bytes = ("\ufeff" * (seed % 7 == 0) + end.join(lines) + end * (seed % 2)).encode()
    path = tmp_path / "rows.jsonl"
    path.write_bytes(bytes + b'{"a": "\xff"}\n' if seed % 11 == 10 else bytes)
    quick = read(path, columns)
    monkeypatch.setattr(_lines, "flat_rows", lambda *_, **__: None)
    assert repr(read(path, columns)) == repr(quick)  # NaN is not itself


@pytest.mark.parametrize(
    ("name", "flat"),
    [(name, name in {*PLAIN, "turned", "more", "tail", "beyond", "minus"}) for name in ODD],
)
def test_what_arrow_reads(name: str, flat: bool) -> None:
    line = ODD[name].encode() + b"\n"
    found = flat_rows(line, 1)
    assert (found is not None) == flat
    if found is not None:
        (row,) = found.to_pylist()
        assert row == json.loads(line)


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ('[{"role": "user", "content": "x"}, {"content": "y", "role": "assistant"}]', True),
        ('[{"from": "human", "value": "x"}]', True),
        ('[{"role": "user", "content": null}]', False),
        ('[{"role": "user", "content": "x", "name": "z"}]', True),
        ('[{"from": "human", "value": "x", "weight": 1}, {"from": "gpt", "value": "y", "weight": null}]', True),
        ('[{"role": "user", "content": "x", "name": null}, {"role": "user", "content": "y", "name": null}]', True),
        ('[{"role": "user", "content": "x", "weight": 0.5}]', False),
        ('[{"role": "user", "content": "x", "meta": {"a": 1}}]', True),
        ('[{"role": "user", "content": "x", "meta": {"a": [0.5]}}]', False),
        (json.dumps([{"role": "user", "content": "x", "meta": {f"k{n}": n for n in range(63)}}]), False),
        ('[{"role": "user", "content": "x", "date": "2020-01-01"}]', False),
        ('[{"role": "user", "content": "x", "text": "y"}]', False),
        ('[{"role": "assistant", "content": "x", "tool_calls": null}]', True),
        ('[{"role": "assistant", "content": "x", "tool_calls": [{"id": "1", "function": {"name": "y"}}]}]', True),
        ('[{"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]}]', True),
        ('[{"role": "user", "content": [{"type": "image", "url": "x"}]}]', False),
        ('[{"role": "user", "content": "x"}, {"role": "user", "content": [{"type": "text", "text": "y"}]}]', False),
        ('["x"]', False),
        ("[]", False),
    ],
)
def test_lists_of_turns_stay_lists_where_they_are_plain(cell: str, kept: bool) -> None:
    line = f'{{"messages": {cell}, "id": 1}}\n'.encode()
    assert flat_rows(line, 1) is None
    found = flat_rows(line, 1, turns=True)
    assert (found is not None) == kept
    if found is not None:
        assert found.to_pylist() == [{"messages": json.loads(cell), "id": 1}]

"""Blocks of whole lines: as many as a batch holds, whichever way they are read; what ends a reading comes last."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demur.files import _block, _lines
from demur.files._lines import Lines, blocks_of, read_ahead
from demur.files.bounds import TooLarge, within


def blocks(data: bytes, *, packed: bool) -> tuple[list[tuple[bytes, int]], bool]:
    """What is given, and whether it ends with a line that is too long."""
    found = []
    try:
        for each in blocks_of(io.BytesIO(data), packed=packed):
            found.append(each)
    except TooLarge:
        return found, True
    return found, False


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 9)), st.booleans(), st.integers(1, 40), st.integers(1, 5), st.integers(4, 30))
def test_two_ways_give_the_same_blocks(
    monkeypatch: pytest.MonkeyPatch, sizes: list[int], ended: bool, chunk: int, rows: int, batch: int
) -> None:
    monkeypatch.setattr(_lines, "_CHUNK", chunk)
    monkeypatch.setattr(_block, "ROWS", rows)
    data = b"\n".join(b"x" * size for size in sizes) + b"\n" * ended
    with within({"batch": batch, "line": 9}):
        one, two = blocks(data, packed=False), blocks(data, packed=True)
    assert one == two


def test_what_ends_the_reading_comes_after_all_before_it() -> None:
    def given() -> Iterator[tuple[bytes, int]]:
        for number in range(4):
            yield b'{"a": %d}\n' % number, 1
        msg = "torn"
        raise OSError(msg)

    found: list[Lines] = []
    with pytest.raises(OSError, match="torn"):
        found.extend(read_ahead(given(), turns=False))
    assert [each.rows.to_pylist() if each.rows else None for each in found] == [[{"a": n}] for n in range(4)]


def test_a_mark_of_utf_8_is_no_part_of_the_first_line() -> None:
    stream: BinaryIO = io.BytesIO(b'\xef\xbb\xbf{"a": 1}\n')
    (only,) = read_ahead(blocks_of(stream, packed=False), turns=False)
    assert only.rows is not None
    assert only.rows.to_pylist() == [{"a": 1}]

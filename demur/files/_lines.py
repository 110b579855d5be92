"""JSON Lines in blocks of whole lines; Arrow reads the plain ones, ahead on threads, and the rest is left to others."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, AnyStr, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

from demur.files import _block
from demur.files._flat import Quick, flat_rows
from demur.files.bounds import TooLarge, bounds

_CHUNK = 1 << 20  # bytes that are read at a time
_AHEAD = 2
"""Blocks that are read while another is judged, each on a thread."""


class Lines(NamedTuple):
    """Some lines of a file: their bytes, their number, and their rows where Arrow could read them all."""

    block: bytes
    number: int
    rows: pa.RecordBatch | None


def read_ahead(blocks: Iterator[tuple[bytes, int]], *, turns: bool, quick: Quick | None = None) -> Iterator[Lines]:
    """Blocks with their rows. What ends the reading of blocks ends this, once those before it are given."""
    waiting: deque[tuple[bytes, int, Future[pa.RecordBatch | None]]] = deque()
    like: pa.Schema | None = None  # of the rows so far: of what is read by it, Arrow need not guess the types

    def given() -> Lines:
        nonlocal like
        block, count, reading = waiting.popleft()
        rows = reading.result()
        if rows is not None:
            like = _both(like, rows.schema)
        return Lines(block, count, rows)

    with ThreadPoolExecutor(_AHEAD) as threads:
        first = True
        try:
            for block, count in blocks:
                block = block.removeprefix(codecs.BOM_UTF8) if first else block
                reading = threads.submit(flat_rows, block, count, turns=turns, like=like, quick=quick)
                waiting.append((block, count, reading))
                if first or len(waiting) > _AHEAD:
                    first = False
                    yield given()
        except Exception:
            while waiting:
                yield given()
            raise
        while waiting:
            yield given()


def _both(one: pa.Schema | None, two: pa.Schema) -> pa.Schema:
    """The columns of two schemas; those of the second where they differ in more than that nothing is known."""
    if one is None or one.equals(two):
        return two
    try:
        return pa.unify_schemas([one, two])
    except pa.ArrowException:
        return two


def blocks_of(stream: BinaryIO, *, packed: bool) -> Iterator[tuple[bytes, int]]:
    """Whole lines, as many as a batch holds, and their number.

    Raises:
        TooLarge: a line is too long; whole blocks before it are given.
    """
    if packed:  # where it is broken, what stands before is still read
        for part in _block.parts(bounded_lines(stream), len):
            yield b"".join(part), len(part)
        return
    most = bounds().line
    parts: list[bytes] = []  # of a block that has not ended
    size = lines = begun = 0  # of them: bytes, lines that have ended, and bytes of the one that has not
    while chunk := stream.read(min(_CHUNK, most)):
        first, at = chunk.find(b"\n"), 0
        count = int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == ord("\n")))
        if begun + (first + 1 or len(chunk)) > most:
            msg = "a line has"
            raise TooLarge(msg, "line")
        if lines + count >= _block.ROWS or size + len(chunk) >= bounds().batch:
            ends, place = np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord("\n")) + 1, 0
            while place < len(ends):
                enough = int(np.searchsorted(ends[place:], at - size + bounds().batch)) + 1
                more = min(_block.ROWS - lines, enough)
                if place + more > len(ends):
                    break
                end = int(ends[place + more - 1])
                yield b"".join([*parts, chunk[at:end]]), lines + more
                parts, size, lines, at, place = [], 0, 0, end, place + more
            count -= place
        begun = begun + len(chunk) if first < 0 else len(chunk) - chunk.rfind(b"\n") - 1
        parts.append(chunk[at:])
        size, lines = size + len(chunk) - at, lines + count
    if size:
        yield b"".join(parts), lines + (begun > 0)


def bounded_lines(stream: IO[AnyStr]) -> Iterator[AnyStr]:
    """One line after another.

    Raises:
        TooLarge: a line is too long.
    """
    most = bounds().line
    while line := stream.readline(most + 1):
        if len(line) > most:
            msg = "a line has"
            raise TooLarge(msg, "line")
        yield line

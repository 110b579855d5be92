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
    read: deque[tuple[int, bytes]] = deque()  # what is not given yet, and where it begins in the file
    begin = size = 0
    ends = np.zeros(0, np.int64)
    ended = False
    while not ended:
        chunk = stream.read(_CHUNK)
        ended = not chunk
        new = np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord("\n")) + (size + 1)
        read.append((size, chunk))
        ends, size = np.concatenate([ends, new]), size + len(chunk)
        if ended and size > (ends[-1] if len(ends) else begin):
            ends = np.append(ends, size)
        place = 0
        lengths = np.diff(ends, prepend=begin)
        long = np.flatnonzero(lengths > most)
        good = int(long[0]) if len(long) else len(ends)
        while place < good:
            count = min(_block.ROWS, int(np.searchsorted(ends[place:], begin + bounds().batch)) + 1)
            if place + count > good and not (ended and not len(long)):
                break
            count = min(count, good - place)
            end = int(ends[place + count - 1])
            yield _cut(read, begin, end), count
            begin, place = end, place + count
        if len(long) or size - (int(ends[-1]) if len(ends) else begin) > most:
            msg = "a line has"
            raise TooLarge(msg, "line")
        ends = ends[place:]


def _cut(read: deque[tuple[int, bytes]], begin: int, end: int) -> bytes:
    """The bytes between two places; of what was read, that which stands behind them is left.

    Whole chunks are joined while other threads run, as slices of bytes are and views of them are not.
    """
    parts = [chunk[max(0, begin - start) : end - start] for start, chunk in read if start < end]
    while read and read[0][0] + len(read[0][1]) <= end:
        read.popleft()
    return b"".join(parts)


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

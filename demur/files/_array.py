"""A JSON list of objects as JSON Lines, so that it is read as these are: where its objects begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from demur.files import _block
from demur.files.bounds import bounds

_DEPTH = np.zeros(256, np.int8)
_DEPTH[[*b"{["]], _DEPTH[[*b"}]"]] = 1, -1
_SIGNS = np.zeros(256, np.bool_)
_SIGNS[[*b'"\\{}[],\n\r']] = True
_BLANK = b" \t\n\r"
_OPENS = re.compile(rb"[ \t\n\r]*\[[ \t\n\r]*\{")
_ON_A_LINE = bytes(32 if byte in b"\n\r" else byte for byte in range(256))


class Listed(NamedTuple):
    """The objects of a list: each on a line of its own, in blocks of so many; and the line on which each began."""

    blocks: Iterator[tuple[bytes, int]]
    lines: NDArray[np.int64]


def listed_objects(data: bytes) -> Listed | None:
    r"""The objects of a JSON list, as far as its quotes, brackets and commas tell; None where it may be anything else.

    That each object is one is left to who reads the lines.

    Example:
        >>> found = listed_objects(b'[{"a": "x]"},\n {"a":\n "y"}]')
        >>> [*found.blocks], found.lines.tolist()
        ([(b'{"a": "x]"}\n{"a":  "y"}\n', 2)], [1, 2])
        >>> listed_objects(b'[{"a": 1}, 2]')
    """
    if not _OPENS.match(data):
        return None
    every = np.frombuffer(data, np.uint8)
    places = np.flatnonzero(_SIGNS[every])
    signs = every[places]
    quotes = _unescaped(every, places, signs)
    inside = (np.cumsum(quotes) & 1).astype(np.bool_)
    broken = (signs == ord("\n")) | (signs == ord("\r"))
    depth = np.cumsum(np.where(inside, 0, _DEPTH[signs]), dtype=np.int32)
    bracket = (_DEPTH[signs] != 0) & ~inside
    ends = places[bracket][[0, -1]] if bracket.any() else None
    if ends is None or inside[-1] or (broken & inside).any() or depth[-1] or (depth[bracket][:-1] < 1).any():
        return None
    begins = places[bracket & (signs == ord("{")) & (depth == 2)]
    closes = places[bracket & (signs == ord("}")) & (depth == 1)] + 1
    between = zip([0, *closes.tolist()], [*begins.tolist(), len(data)], strict=True)
    if not len(begins) or len(begins) != len(closes):
        return None
    first, *more, last = (data[close:begin].strip(_BLANK) for close, begin in between)
    if first != b"[" or last != b"]" or {*more} - {b","}:
        return None
    lines = np.searchsorted(places[signs == ord("\n")], begins) + 1
    return Listed(_blocks(data.translate(_ON_A_LINE) if broken.any() else data, begins, closes), lines)


def _unescaped(every: NDArray[np.uint8], places: NDArray[np.intp], signs: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which signs are quotes that no backslash takes: an even number of them stands before."""
    quotes: NDArray[np.bool_] = signs == ord('"')
    slashes = places[signs == ord("\\")]
    if len(slashes):
        after = np.flatnonzero(quotes & (every[places - 1] == ord("\\")) & (places > 0))
        runs = np.flatnonzero(np.diff(slashes, prepend=-2) != 1)  # where each begins
        run = np.searchsorted(slashes[runs], places[after]) - 1
        quotes[after[(places[after] - slashes[runs][run]) % 2 == 1]] = False
    return quotes


def _blocks(data: bytes, begins: NDArray[np.intp], closes: NDArray[np.intp]) -> Iterator[tuple[bytes, int]]:
    """The objects a line each, as many as a batch holds, and their number."""
    held = np.cumsum(closes - begins)
    first = 0
    while first < len(begins):
        before = int(held[first - 1]) if first else 0
        end = int(np.searchsorted(held, before + bounds().batch)) + 1
        end = min(end, first + _block.ROWS, len(begins))
        each = zip(begins[first:end].tolist(), closes[first:end].tolist(), strict=True)
        yield b"".join([data[begin:close] + b"\n" for begin, close in each]), end - first
        first = end

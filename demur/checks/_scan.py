"""Kernels: plain JSON Lines to where their texts stand, and to the texts as Arrow holds them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, kernel
from demur.text.lanes import LANES, in_range, lowest

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Places = NDArray[np.int32]

TEXT, BOOL, INT, TURNS, NULL = range(5)
"""What a column holds."""

_WORDS = np.frombuffer(b"nulltruefalse", np.uint8)
_DIGITS = 18  # of a whole number that is read here


@inner
def blank(data: Bytes, at: int) -> int:
    """The next byte that is no blank."""
    while data[at] == 32 or data[at] == 9:
        at += 1
    return at


@inner
def hexed(data: Bytes, at: int) -> int:
    """The number that four digits spell; -1 where they are none."""
    value = 0
    for place in range(at, at + 4):
        byte = data[place]
        if 48 <= byte <= 57:
            digit = byte - 48
        elif 97 <= byte <= 102:
            digit = byte - 87
        elif 65 <= byte <= 70:
            digit = byte - 55
        else:
            return -1
        value = value * 16 + digit
    return value


@inner
def escaped(data: Bytes, at: int) -> tuple[int, int, int]:
    """The character that a backslash begins: its code, its bytes in UTF-8 and here; no bytes where it is none."""
    byte = data[at + 1]
    if byte == 34 or byte == 92 or byte == 47:
        return int(byte), 1, 2
    if byte == 110:
        return 10, 1, 2
    if byte == 116:
        return 9, 1, 2
    if byte == 114:
        return 13, 1, 2
    if byte == 98:
        return 8, 1, 2
    if byte == 102:
        return 12, 1, 2
    if byte != 117:
        return 0, 0, 0
    code = hexed(data, at + 2)
    if code < 0:
        return 0, 0, 0
    if code < 0x80:
        return code, 1, 6
    if code < 0x800:
        return code, 2, 6
    if code < 0xD800 or code >= 0xE000:
        return code, 3, 6
    if code >= 0xDC00 or data[at + 6] != 92 or data[at + 7] != 117:
        return 0, 0, 0
    low = hexed(data, at + 8)
    if low < 0xDC00 or low >= 0xE000:
        return 0, 0, 0
    return 0x10000 + (code - 0xD800) * 0x400 + low - 0xDC00, 4, 12


@inner
def closed(data: Bytes, at: int) -> tuple[int, int]:
    """Where a text ends whose first byte is given, and its bytes without escapes; -1 where it does not."""
    size = 0
    while True:
        end = ending(data, at)
        size += end - at
        byte = data[np.uint32(end)]
        if byte == 34:
            return end, size
        if byte != 92:
            return -1, 0
        _, more, taken = escaped(data, end)
        if more == 0:
            return -1, 0
        size += more
        at = end + taken


@inner
def ending(data: Bytes, at: int) -> int:
    """The next quote, backslash or control character."""
    while at + LANES <= len(data):
        stops = in_range(data, at, 0, 34, 34) | in_range(data, at, 0, 92, 92) | in_range(data, at, 0, 0, 31)
        if stops != 0:
            return at + lowest(stops)
        at += LANES
    byte = data[np.uint32(at)]
    while byte >= 32 and byte != 34 and byte != 92:
        at += 1
        byte = data[np.uint32(at)]
    return at


@inner
def named(data: Bytes, at: int, names: Bytes, starts: Ints, first: int, count: int, guess: int) -> int:
    """Which of some names stands behind a quote; -1 for none. It is looked for from a guess on."""
    for turn in range(count):
        number = guess + turn
        if number >= count:
            number -= count
        begin = starts[first + number]
        size = starts[first + number + 1] - begin
        place = 0
        while place < size and data[at + place] == names[begin + place]:
            place += 1
        if place == size and data[at + size] == 34:
            return number
    return -1


@inner
def spelt(data: Bytes, at: int, first: int, last: int) -> int:
    """Where some of the words end; -1 if they do not stand there."""
    for place in range(first, last):
        if data[at] != _WORDS[place]:
            return -1
        at += 1
    return at


@inner
def whole_number(data: Bytes, at: int) -> tuple[int, np.int64]:
    """Where a whole number ends, -1 if it is spelt otherwise or too long; and the number."""
    minus = data[at] == 45
    begin = at + 1 if minus else at
    at = begin
    value = np.int64(0)
    while 48 <= data[at] <= 57 and at - begin < _DIGITS:
        value = value * 10 + (np.int64(data[at]) - 48)
        at += 1
    if at == begin or (data[begin] == 48 and (minus or at - begin > 1)):
        return -1, value
    if not (data[at] == 44 or data[at] == 125 or data[at] == 32 or data[at] == 9):
        return -1, value
    return at, -value if minus else value


@inner
def turns_in(
    data: Bytes, at: int, names: Bytes, starts: Ints, first: int, spots: Places, slot: int, place: int
) -> tuple[int, int]:
    """Read a list of objects of two texts each; where it ends, -1 if it is none, and the place of the next turn."""
    at = blank(data, at + 1)
    if data[at] == 93:
        return at + 1, place
    while True:
        if data[at] != 123:
            return -1, place
        at = blank(data, at + 1)
        before = -1
        for field in range(2):
            if data[at] != 34:
                return -1, place
            which = named(data, at + 1, names, starts, first, 2, field)
            if which < 0 or which == before:
                return -1, place
            before = which
            at = blank(data, at + 2 + starts[first + which + 1] - starts[first + which])
            if data[at] != 58:
                return -1, place
            at = blank(data, at + 1)
            if data[at] != 34:
                return -1, place
            end, size = closed(data, at + 1)
            if end < 0:
                return -1, place
            spots[0, slot + which, place], spots[1, slot + which, place] = at + 1, end
            spots[2, slot + which, place] = size
            at = blank(data, end + 1)
            if data[at] != (44 if field == 0 else 125):
                return -1, place
            at = blank(data, at + 1)
        place += 1
        if data[at] == 93:
            return at + 1, place
        if data[at] != 44:
            return -1, place
        at = blank(data, at + 1)


@kernel
def scan(
    data: Bytes,
    names: Bytes,
    starts: Ints,
    kinds: Ints,
    firsts: Ints,
    slots: Ints,
    spots: Places,
    values: Ints,
    there: Bytes,
) -> bool:
    """Find what stands in lines, of which each is an object; whether all of them are as plain as can be read here.

    Args:
        data: the lines; the last byte is a line feed.
        names: of the columns, then of the two fields of each column of turns.
        starts: where each of these begins.
        kinds: of the columns.
        firsts: of each column of turns, the number of its first field's name.
        slots: of each column the place of its texts in the next; turns have two places.
        spots: of each text its first byte, its closing quote, and its bytes without escapes.
        values: of each column and row the number, or 1 and 0; of turns, how many there are up to the row's end.
        there: of each column and row, 1 where it is no null; zeros before.
    """
    columns, rows = there.shape
    seen = np.full(columns, -1, np.int64)
    turns = np.zeros(columns, np.int64)
    size = len(data)
    at = 0
    for row in range(rows):
        if at >= size or data[at] != 123:
            return False
        at = blank(data, at + 1)
        guess = 0
        more = data[at] != 125
        while more:
            if data[at] != 34:
                return False
            column = named(data, at + 1, names, starts, 0, columns, guess)
            if column < 0 or seen[column] == row:
                return False
            seen[column] = row
            guess = column + 1 if column + 1 < columns else 0
            at = blank(data, at + 2 + starts[column + 1] - starts[column])
            if data[at] != 58:
                return False
            at = blank(data, at + 1)
            kind, slot = kinds[column], slots[column]
            if data[at] == 110:
                at = spelt(data, at, 0, 4)
            else:
                there[column, row] = 1
                if kind == TEXT and data[at] == 34:
                    spots[0, slot, row] = at + 1
                    at, spots[2, slot, row] = closed(data, at + 1)
                    spots[1, slot, row] = at
                    at = at + 1 if at >= 0 else -1
                elif kind == INT:
                    at, values[column, row] = whole_number(data, at)
                elif kind == BOOL:
                    values[column, row] = data[at] == 116
                    at = spelt(data, at, 4, 8) if data[at] == 116 else spelt(data, at, 8, 13)
                elif kind == TURNS and data[at] == 91:
                    at, turns[column] = turns_in(
                        data, at, names, starts, firsts[column], spots, slot, turns[column]
                    )  # fmt: skip
                else:
                    return False
            if at < 0:
                return False
            at = blank(data, at)
            more = data[at] == 44
            if more:
                at = blank(data, at + 1)
            elif data[at] != 125:
                return False
        at = blank(data, at + 1)
        if data[at] == 13:
            at += 1
        if data[at] != 10:
            return False
        at += 1
        for column in range(columns):
            if kinds[column] == TURNS:
                values[column, row] = turns[column]
    return at == size


@kernel
def write(data: Bytes, begins: Places, ends: Places, offsets: Ints, out: Bytes) -> None:
    """Write texts one behind another, without escapes."""
    for row in range(len(offsets) - 1):
        to, size = offsets[row], offsets[row + 1] - offsets[row]
        at, end = int(begins[row]), int(ends[row])
        if size == 0:
            continue
        if size == end - at:
            for place in range(size):
                out[np.uint32(to + place)] = data[np.uint32(at + place)]
            continue
        while at < end:
            if data[at] != 92:
                out[to] = data[at]
                to += 1
                at += 1
                continue
            code, more, taken = escaped(data, at)
            at += taken
            if more == 1:
                out[to] = code
            elif more == 2:
                out[to] = 0xC0 | code >> 6
            elif more == 3:
                out[to] = 0xE0 | code >> 12
                out[to + 1] = 0x80 | (code >> 6 & 0x3F)
            else:
                out[to] = 0xF0 | code >> 18
                out[to + 1] = 0x80 | (code >> 12 & 0x3F)
                out[to + 2] = 0x80 | (code >> 6 & 0x3F)
            if more > 1:
                out[to + more - 1] = 0x80 | (code & 0x3F)
            to += more

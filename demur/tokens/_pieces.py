"""Kernels: ASCII rows to tokens by a table of pieces whose tokens are known (see `demur.tokens.known`)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, kernel

Bytes = NDArray[np.uint8]
Flat = NDArray[np.int32]
Places = NDArray[np.int64]
Hashes = NDArray[np.uint64]
U = np.uint64

OTHER, LETTER, DIGIT, SPACE = range(4)
"""Classes of ASCII characters in the pattern of GPT-2."""


class Added(NamedTuple):
    """Tokens that are taken out of a text before all else: their bytes, and which bytes one may begin with."""

    data: Bytes
    offsets: Places
    ids: Flat
    opens: Bytes


class Table(NamedTuple):
    """Pieces by hash (2 ** bits places, 0: free), each with where its tokens begin in `ids` << 24 | how many."""

    keys: Hashes
    values: Places
    bits: int
    ids: Flat


@inner
def hash_piece(data: Bytes, first: int, last: int) -> np.uint64:
    """A hash of the bytes, eight by eight; never 0."""
    state = U(last - first) * U(0xC4CEB9FE1A85EC53)  # far from any byte: a zero byte is not an end
    for begin in range(first, last, 8):
        eight = U(0)
        left = min(8, last - begin)
        if begin + 8 <= len(data):
            place = U(begin)
            for byte in range(8):  # the compiler makes one load of it
                eight |= U(data[place + U(byte)]) << U(8 * byte)
            eight &= U(0xFFFFFFFFFFFFFFFF) >> U(64 - 8 * left)
        else:
            for byte in range(left):
                eight |= U(data[begin + byte]) << U(8 * byte)
        state = (state ^ eight) * U(0x9E3779B97F4A7C15)
        state ^= state >> U(31)
    state *= U(0xD6E8FEB86659FD93)
    return (state ^ (state >> U(29))) | U(1)


@inner
def piece_end(data: Bytes, first: int, last: int, classes: Bytes, digit_by_digit: bool) -> int:
    """Where the piece that begins here ends: 's|'t|'re|'ve|'m|'ll|'d| ?letters| ?digits| ?others|spaces."""
    byte = data[first]
    if byte == 39 and first + 1 < last:
        second = data[first + 1]
        if second == 115 or second == 116 or second == 109 or second == 100:
            return first + 2
        if first + 2 < last:
            third = data[first + 2]
            if ((second == 114 or second == 118) and third == 101) or (second == 108 and third == 108):
                return first + 3
    at = first
    if byte == 32 and first + 1 < last and classes[data[first + 1]] != SPACE:
        at = first + 1
        if digit_by_digit and classes[data[at]] == DIGIT:
            return at  # digits were cut off before: the space stands alone
    kind = classes[data[at]]
    if kind != SPACE:
        at += 1
        while at < last and classes[data[at]] == kind and not (digit_by_digit and kind == DIGIT):
            at += 1
        return at
    while at < last and classes[data[at]] == SPACE:
        at += 1
    if at < last and at - first > 1 and not (digit_by_digit and classes[data[at]] == DIGIT):
        return at - 1  # the last space goes with what follows
    return at


@inner
def added_at(data: Bytes, at: int, last: int, added: Added) -> int:
    """The longest added token that begins here, or -1."""
    best, longest = -1, 0
    for token in range(len(added.ids)):
        begin = added.offsets[token]
        length = added.offsets[token + 1] - begin
        if length > longest and at + length <= last:
            same = True
            for byte in range(length):
                if data[at + byte] != added.data[begin + byte]:
                    same = False
                    break
            if same:
                best, longest = token, length
    return best


@inner
def grown(values: NDArray[Any], used: int, least: int) -> NDArray[Any]:
    """The values that are used, in a longer array."""
    more = np.empty(2 * len(values) + least, values.dtype)
    more[:used] = values[:used]
    return more


@inner
def encode_row(
    data: Bytes, at: int, last: int, place: int, classes: Bytes, digit_by_digit: bool, added: Added, table: Table,
    out: Flat, used: int, missed: Places, found: int,
) -> tuple[int, int, int]:  # fmt: skip
    """As `encode_rows` of one row: behind what is in `out` and `missed`, which have room; the first token at its place.

    It is apart from what lets the two grow: numba counts at every turn of a loop who holds arrays that change in it.
    """
    opens, keys, values, known = added.opens, table.keys, table.values, table.ids
    mask = (1 << table.bits) - 1
    begun = used
    stop = at  # before the next added token
    start = -1
    while at < last:
        if at == place:
            start = used - begun
        if at == stop:
            token = added_at(data, at, last, added) if opens[data[at]] else -1
            if token >= 0:
                out[used] = added.ids[token]
                used += 1
                at += added.offsets[token + 1] - added.offsets[token]
                stop = at
                continue
            stop = at + 1
            while stop < last and (opens[data[stop]] == 0 or added_at(data, stop, last, added) < 0):
                stop += 1
        end = piece_end(data, at, stop, classes, digit_by_digit)
        key = hash_piece(data, at, end)
        slot = np.int64(key >> U(20)) & mask
        while keys[slot] != key and keys[slot] != U(0):
            slot = (slot + 1) & mask
        if keys[slot] == U(0):
            missed[found], missed[found + 1] = at, end
            found += 2
        else:
            begin, count = values[slot] >> 24, values[slot] & 0xFFFFFF
            for token in range(count):
                out[used + token] = known[begin + token]
            used += count
        at = end
    return used, found, start


@kernel
def encode_rows(
    data: Bytes, offsets: Places, places: Places, classes: Bytes, digit_by_digit: bool, added: Added, table: Table,
    ends: Places, starts: Places,
) -> tuple[Flat, Places]:  # fmt: skip
    """The tokens of all rows, one behind the other, and where pieces lie that the table does not know (begin, end).

    Args:
        data: the bytes of the rows.
        offsets: where each row begins, and the end.
        places: of each row, a place in `data`.
        classes: of every byte.
        digit_by_digit: whether every digit is a piece.
        added: tokens that are taken out first.
        table: the known pieces; no piece has more tokens than bytes.
        ends: filled with where each row's tokens end.
        starts: filled with the first token at each row's place, counted from the row's first; -1 where the place lies
            inside a piece or at the end of the row.
    """
    out = np.empty((offsets[len(ends)] - offsets[0]) // 3 + 64, np.int32)
    missed = np.empty(64, np.int64)
    used = found = 0
    for row in range(len(ends)):
        at, last = offsets[row], offsets[row + 1]
        if used + last - at > len(out):
            out = grown(out, used, last - at)
        if found + 2 * (last - at) > len(missed):
            missed = grown(missed, found, 2 * (last - at))
        used, found, starts[row] = encode_row(
            data, at, last, places[row], classes, digit_by_digit, added, table, out, used, missed, found
        )  # fmt: skip
        ends[row] = used
    return out[:used], missed[:found]


@kernel
def hash_pieces(data: Bytes, pieces: Places, out: Hashes) -> None:
    """The hash of every piece (begin, end, begin, end, ...)."""
    for piece in range(len(out)):
        out[piece] = hash_piece(data, pieces[2 * piece], pieces[2 * piece + 1])


@kernel
def put(keys: Hashes, values: Places, bits: int, new_keys: Hashes, new_values: Places) -> None:
    """Put pieces into a table that has room for them."""
    mask = (1 << bits) - 1
    for piece in range(len(new_keys)):
        slot = np.int64(new_keys[piece] >> U(20)) & mask
        while keys[slot] != U(0) and keys[slot] != new_keys[piece]:
            slot = (slot + 1) & mask
        keys[slot] = new_keys[piece]
        values[slot] = new_values[piece]

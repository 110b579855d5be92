"""Which texts hold certain bytes: the cheap look at all texts that comes before any rule reads some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.checks._bytes import BLANK, FOREIGN, PLACES, Kinds, hold_threes, looked
from demur.similarity.sets import hashed_units
from demur.text.arrays import buffers
from demur.text.compiled import interpreted

Mask: TypeAlias = NDArray[np.bool_]
Bytes: TypeAlias = NDArray[np.uint8]
Places: TypeAlias = NDArray[np.int64]


class Looked(NamedTuple):
    """What one look at the bytes of texts gives.

    Attributes:
        held: the kinds of byte that each text holds, and those of words that it may hold.
        words: the words of each text, as blanks part them.
        first: the first byte of each text; 0 for those that have none.
        last: the last one.
    """

    held: Kinds
    words: NDArray[np.int32]
    first: Bytes
    last: Bytes

    def hold(self, signs: bytes) -> Mask:
        """Which texts hold one of some bytes, of which each has a kind of its own.

        Example:
            >>> look_at(pa.array(["a < b", "", "[c]"], pa.large_string())).hold(b"<&").tolist()
            [True, False, False]
        """
        mask: Mask = (self.held & kinds_of(signs)) != 0
        return mask

    def may_say(self, *words: str) -> Mask:
        """Which texts may hold one of some words, whatever their case; those of other scripts, and long ones, may.

        Example:
            >>> look_at(pa.array(["Lorem Ipsum"], pa.large_string())).may_say("ipsum").tolist()
            [True]
        """
        mask: Mask = (self.held & kinds_of_words(*words)) != 0
        return mask

    def take(self, places: Places) -> Looked:
        """Of some of the texts."""
        return Looked(self.held[places], self.words[places], self.first[places], self.last[places])

    def hold_all(self, signs: bytes) -> Mask:
        """Which texts hold all of some such bytes."""
        mask: Mask = (self.held & kinds_of(signs)) == kinds_of(signs)
        return mask


_KINDS = b"&@<[{DOT\n\x00\xc2\xc3\xe2\xef0"
"""Bytes that rules ask for; 0 stands for every digit, and NUL for every control character of C0 that they do."""


_WORDS = ("ipsum", "system", "initial", "hidden", "original", "prompt", "message", "instruction", "instructions")
"""Words that rules ask for; no two hashes of them begin with the same bits."""


def kinds_of_words(*words: str) -> np.uint32:
    """The kinds of some words that rules ask for."""
    return np.uint32(sum(2 << len(_KINDS) + _WORDS.index(word) for word in {*words}))


@cache
def words_asked() -> tuple[NDArray[np.uint64], Kinds]:
    """Hashes of the words that rules ask for, and their kinds: both in the place that the first bits of a hash are."""
    hashes = hashed_units(pa.array(_WORDS, pa.large_string()), "word3", 1).hashes
    known, meant = np.zeros(1 << PLACES, np.uint64), np.zeros(1 << PLACES, np.uint32)
    places = (hashes >> np.uint64(64 - PLACES)).astype(np.int64)
    known[places], meant[places] = hashes, [*map(kinds_of_words, _WORDS)]
    return known, meant


def kinds_of(signs: bytes) -> np.uint32:
    """The kinds of some bytes that rules ask for."""
    return np.uint32(sum(2 << _KINDS.index(sign) for sign in {*signs}))


@cache
def kinds() -> Kinds:
    """The kinds of every byte."""
    kinds = np.zeros(256, np.uint32)
    for place, sign in enumerate(_KINDS):
        kinds[sign] |= np.uint32(2 << place)
    kinds[ord("0") : ord("9") + 1] = kinds[ord("0")]
    kinds[[*(byte for byte in range(32) if byte not in b"\t\n\r"), 127]] |= kinds[0]
    kinds[list(b"\t\n\f\r ")] |= BLANK
    kinds[128:] |= FOREIGN
    kinds.flags.writeable = False
    return kinds


def look_at(texts: pa.LargeStringArray) -> Looked:
    """Look at every byte of texts, once."""
    held, words = looked(*buffers(texts), kinds())
    return Looked(held | kinds_of_words(*_WORDS), words, *edges(texts))


def among(texts: pa.LargeStringArray, mask: Mask, find: Callable[[Bytes], Places]) -> Places:
    """The places of those texts of a mask that hold a byte at one of the places that a function finds."""
    places = np.flatnonzero(mask)
    return places[holding(texts.take(pa.array(places)), find)] if len(places) else places


def matching(texts: pa.LargeStringArray, mask: Mask, pattern: str) -> Mask:
    r"""Those texts of a mask in which a regular expression, in RE2's syntax, is found.

    Example:
        >>> matching(pa.array(["a1", "b2", None], pa.large_string()), np.array([True, False, True]), r"\d").tolist()
        [True, False, False]
    """
    found = mask.copy()
    if mask.any():  # the expression is compiled at every call
        some = texts.take(pa.array(np.flatnonzero(mask)))
        found[mask] = pc.fill_null(pc.match_substring_regex(some, pattern), False).to_numpy(zero_copy_only=False)
    return found


def with_word(texts: pa.LargeStringArray, word: bytes) -> Places:
    """The places of the texts that hold a word.

    Example:
        >>> with_word(pa.array(["to do", "TODO", "TO", "DO"], pa.large_string()), b"TODO").tolist()
        [1]
    """
    data, offsets = buffers(texts)
    found = []
    for start, end in _slices(offsets, _COPIED):
        part = data[offsets[start] : offsets[end]].tobytes()
        at = part.find(word)
        while at >= 0:
            place = at + int(offsets[start])
            row = int(np.searchsorted(offsets, place, "right")) - 1
            if place + len(word) <= offsets[row + 1]:
                found.append(row)
            at = part.find(word, at + 1)
    return np.unique(np.array(found, np.int64))


def may_open(texts: pa.LargeStringArray, most: int, threes: Sequence[bytes]) -> Mask:
    """Which texts may have, in their first bytes, a word that begins with one of some threes of ASCII letters.

    Whatever their case is; a three may begin with a space, too.

    Example:
        >>> texts = pa.array(["The LAMP", "the tide", "the clam", "tide and lamp"], pa.large_string())
        >>> may_open(texts, 8, [b"lam"]).tolist()[:1]
        [True]
    """
    found = np.ones(len(texts), np.uint8)
    if not interpreted():
        table = np.zeros((2, 1 << 10), np.uint32)  # of runs behind a word's end, and inside a word
        for one, two, three in threes:
            for inside in range(1 if one in _JOINS else 2):
                table[inside, (one & 31) << 5 | two & 31] |= np.uint32(1 << (three & 31))
        hold_threes(*buffers(texts), most, _JOINED, table.ravel(), found)
    return found > 0


_JOINS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
"""Bytes behind which a word goes on."""

_JOINED = np.array([1024 * (byte in _JOINS) for byte in range(256)], np.uint32)


def _slices(offsets: Places, size: int) -> Iterator[tuple[int, int]]:
    """The texts in parts of about so many bytes, which stay in the processor's cache."""
    starts = np.searchsorted(offsets, np.arange(offsets[0], offsets[-1], size))
    return pairwise(np.unique([*starts.tolist(), len(offsets) - 1]).tolist())


def holding(texts: pa.LargeStringArray, find: Callable[[Bytes], Places]) -> Mask:
    """Which texts hold a byte at one of the places that a function finds in all their bytes.

    Example:
        >>> texts = pa.array(["a&b", "", None, "a"], pa.large_string())
        >>> holding(texts, lambda data: np.flatnonzero(data == ord("&"))).tolist()
        [True, False, False, False]
    """
    data, offsets = buffers(texts)
    held = np.zeros(len(texts), np.bool_)
    for start, end in _slices(offsets, _SLICE):
        places = find(data[offsets[start] : offsets[end]]) + offsets[start]
        held[np.searchsorted(offsets, places, side="right") - 1] = True
    return held


_SLICE, _COPIED = 1 << 20, 1 << 16  # bytes


def controls(data: Bytes) -> Places:
    """Where control characters begin, of C0 (but tab, line feed and return), of C1, or DEL."""
    low, high = np.flatnonzero(data < 32), _led(data, 0xC2)
    low = low[~np.isin(data[low], (9, 10, 13))]
    return np.concatenate([low, np.flatnonzero(data == 0x7F), high[data[high + 1] < 0xA0]])


def hidden(data: Bytes) -> Places:
    """Where characters begin that show nothing: U+00AD, 200B, 202A-E, 2060, 2066-9, FEFF."""
    soft, wide, mark = _led(data, 0xC2), _led(data, 0xE2), _led(data, 0xEF)
    second, third = data[wide + 1], data[np.minimum(wide + 2, len(data) - 1)]
    zero = (second == 0x80) & ((third == 0x8B) | ((third >= 0xAA) & (third <= 0xAE)))
    zero |= (second == 0x81) & ((third == 0xA0) | ((third >= 0xA6) & (third <= 0xA9)))
    ends = (data[mark + 1] == 0xBB) & (data[np.minimum(mark + 2, len(data) - 1)] == 0xBF)
    return np.concatenate([soft[data[soft + 1] == 0xAD], wide[zero], mark[ends]])


def numbers(data: Bytes) -> Places:
    """Where nine digits stand within so few bytes that they may be one number."""
    digits = np.flatnonzero((data - np.uint8(48)) < 10)
    return digits[:-8][digits[8:] - digits[:-8] <= _SPAN]


_SPAN = 24  # bytes


def _led(data: Bytes, lead: int) -> Places:
    """Where a character of several bytes begins with one byte; the last byte of all begins none."""
    return np.flatnonzero(data[:-1] == lead)


def lengths(texts: pa.LargeStringArray) -> NDArray[np.int64]:
    """Bytes of each text; 0 for null."""
    made: NDArray[np.int64] = np.diff(buffers(texts)[1])
    return made


def edges(texts: pa.LargeStringArray) -> tuple[Bytes, Bytes]:
    """The first and the last byte of each text; 0 for those that have none."""
    data, offsets = buffers(texts)
    there = np.diff(offsets) > 0
    if there.all():
        return data[offsets[:-1]], data[offsets[1:] - 1]
    first, last = np.zeros(len(texts), np.uint8), np.zeros(len(texts), np.uint8)
    first[there] = data[offsets[:-1][there]]
    last[there] = data[offsets[1:][there] - 1]
    return first, last


def may_begin_alike(one: pa.LargeStringArray, two: pa.LargeStringArray) -> Mask:
    """Which pairs of texts may open with the same words, whatever their case and the blanks before them.

    Example:
        >>> one, two = ["Lake", "Lake", " Lake"], ["lamp", "A lake", "lake"]
        >>> may_begin_alike(pa.array(one, pa.large_string()), pa.array(two, pa.large_string())).tolist()
        [True, False, True]
    """
    first, other = edges(one)[0], edges(two)[0]
    odd = ~(_VISIBLE[first] & _VISIBLE[other])
    mask: Mask = odd | (_LOWER[first] == _LOWER[other])
    return mask


_VISIBLE = np.array([ord(" ") < byte < 127 for byte in range(256)], np.bool_)
_LOWER = np.array([byte + 32 if 65 <= byte <= 90 else byte for byte in range(256)], np.uint8)

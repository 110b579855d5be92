"""Kernels: one look at every byte of texts, for all rules that ask which texts hold some byte, and for their words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, interpreted, kernel
from demur.text.lanes import in_range, lowest, ones

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Kinds = NDArray[np.uint32]
Hashes = NDArray[np.uint64]

BLANK = np.uint32(1)
"""The kind of bytes that part words."""

FOREIGN = np.uint32(1 << 31)
"""The kind of bytes that are no ASCII."""

U = np.uint64
LONG = 1 << 20
"""Bytes of a text above which its words are hashed elsewhere: what they need here is ten times as much."""

PLACES = 10
"""Bits of a hash by which words that rules ask for are known."""

_TOLD = np.frombuffer(b"DOT0'-", np.uint8)  # letters that are of a kind, a digit for all of them, and joiners


@kernel
def look(data: Bytes, offsets: Ints, kinds: Kinds, held: Kinds, words: NDArray[np.int32]) -> None:
    """For each text, the kinds of byte that it holds, and the runs of bytes that are no blanks."""
    for row in range(len(offsets) - 1):
        seen = np.uint32(0)
        before = np.uint32(1)
        count = np.uint32(0)
        for at in range(offsets[row], offsets[row + 1]):
            kind = kinds[data[at]]
            seen |= kind
            count += before & ~kind & np.uint32(1)
            before = kind
        held[row] = seen
        words[row] = count


@inner
def mix(value: np.uint64) -> np.uint64:
    """As in `demur.similarity._tokens`, whose hashes these are."""
    value ^= value >> U(32)
    value *= U(0xD6E8FEB86659FD93)
    value ^= value >> U(32)
    value *= U(0xD6E8FEB86659FD93)
    return value ^ (value >> U(32))


@inner
def factor(place: int) -> np.uint64:
    made = (U(place) * U(2) + U(1)) * U(0x9E3779B97F4A7C15)
    return (made ^ (made >> U(31))) | U(1)


@inner
def load(data: Bytes, at: int) -> np.uint64:
    """The eight bytes at a place, the first one lowest; the compiler makes one load of it."""
    place = U(at)
    value = U(0)
    for byte in range(8):
        value |= U(data[place + U(byte)]) << U(8 * byte)
    return value


@inner
def equal(eight: np.uint64, byte: np.uint64) -> np.uint64:
    """The highest bits of those of eight ASCII bytes that are a certain one, which is given eight times; and others."""
    return U(0x8080808080808080) - (eight ^ byte)


@inner
def signs(data: Bytes, at: int, valid: np.uint64) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64, bool]:
    """Which of 64 bytes, of those that are valid, are letters or digits, which spaces, which joiners: a bit each.

    Also which of `_TOLD` they hold, a bit each, and whether they are ASCII.
    """
    digits = in_range(data, at, 0, 48, 57) & valid
    quotes, dashes = in_range(data, at, 0, 39, 39) & valid, in_range(data, at, 0, 45, 45) & valid
    letters = in_range(data, at, 32, 97, 122) & valid | digits
    told = U(in_range(data, at, 0, 68, 68) & valid != 0) | U(in_range(data, at, 0, 79, 79) & valid != 0) << U(1)
    told |= U(in_range(data, at, 0, 84, 84) & valid != 0) << U(2) | U(digits != 0) << U(3)
    told |= U(quotes != 0) << U(4) | U(dashes != 0) << U(5)
    plain = in_range(data, at, 0, 128, 255) & valid == 0
    return letters, in_range(data, at, 0, 32, 32) & valid, quotes | dashes, told, plain


@inner
def joins(eight: np.uint64) -> bool:
    """Whether one of eight ASCII bytes is a joiner."""
    quote, dash = equal(eight, U(0x2727272727272727)), equal(eight, U(0x2D2D2D2D2D2D2D2D))
    return bool((quote | dash) & U(0x8080808080808080) != 0)


@inner
def spelled(data: Bytes, first: int, last: int, lower: Bytes) -> np.uint64:
    """The state of the hash of a word behind all its letters."""
    state = U(0xCBF29CE484222325)
    for at in range(first, last):
        letter = lower[data[at]]
        if letter > 1:
            state = (state ^ U(letter)) * U(0x100000001B3)
    return state


@kernel
def look_and_hash(
    data: Bytes,
    offsets: Ints,
    kinds: Kinds,
    lower: Bytes,
    most: int,
    longest: int,
    marks: np.uint32,
    asked: Bytes,
    known: Hashes,
    meant: Kinds,
    held: Kinds,
    words: NDArray[np.int32],
    edges: Bytes,
    hashes: Hashes,
    heads: Hashes,
    units: Hashes,
    counts: Ints,
) -> int:
    """As `look`; and of each text the first and the last byte, a hash of its words, and one of its first words.

    The bytes are 0 where there are none, hashes where they cannot be told here. Told are those of ASCII that begins
    with a visible byte, has words, and is not `LONG`; of the first `most` words where they, or the whole text, stand in
    its first `longest` bytes, and no byte is of the kinds `marks`.

    Of texts that are `asked`, the hashes of the words stand one behind another in `units`, and `counts` has their
    numbers: 0 where they are not told, or there are none. How many there are in all is returned.

    Words are of kinds as bytes are: `known` has the hashes of some, `meant` their kinds, both in the place that the
    first bits of a hash are. A text whose words cannot be told may have all of them.
    """
    any_word = np.uint32(0)
    for place in range(len(meant)):
        any_word |= meant[place]
    room = 0
    for row in range(len(offsets) - 1):
        room = max(room, min(LONG, offsets[row + 1] - offsets[row]))
    turns = np.empty(room + 72, np.int64)  # where words begin and end
    states, eights = np.empty(room // 2 + 2, np.uint64), np.empty(room // 2 + 2, np.uint64)
    lengths, factors = np.empty(room // 2 + 2, np.int64), np.empty(room // 2 + 2, np.uint64)
    for place in range(len(factors)):
        factors[place] = factor(place)
    told_kinds = np.zeros(1 << len(_TOLD), np.uint32)
    for bits in range(len(told_kinds)):
        for place in range(len(_TOLD)):
            told_kinds[bits] |= kinds[_TOLD[place]] if bits >> place & 1 else np.uint32(0)
    used = 0
    for row in range(len(offsets) - 1):
        begin, end = offsets[row], offsets[row + 1]
        seen = np.uint32(0)
        runs = 0
        found = 0
        joined = U(0)
        before, before_letter, before_blank = U(0), U(0), U(1)
        at = begin if end - begin <= LONG else end
        while at < end and seen & FOREIGN == 0:
            left = end - at
            valid = U(0xFFFFFFFFFFFFFFFF) if left >= 64 else (U(1) << U(left)) - U(1)
            letters, blanks, joiners, rest = U(0), U(0), U(0), U(0)
            if at + 64 <= len(data):
                letters, blanks, joiners, told, plain = signs(data, at, valid)
                if not plain:
                    seen |= FOREIGN
                    break
                seen |= told_kinds[told]
                rest = valid & ~(letters | blanks | joiners)
            else:
                for place in range(min(64, left)):
                    byte = data[at + place]
                    seen |= kinds[byte]
                    letters |= U(lower[byte] > 1) << U(place)
                    joiners |= U(lower[byte] == 1) << U(place)
                    blanks |= U(kinds[byte] & BLANK != 0) << U(place)
            seen |= BLANK if blanks != 0 else np.uint32(0)
            while rest != 0:
                place = lowest(rest)
                kind = kinds[data[at + place]]
                seen |= kind
                blanks |= U(kind & BLANK) << U(place)
                rest &= rest - U(1)
            inside = letters
            if joiners != 0:
                behind = U(left > 64 and lower[data[at + min(64, left - 1)]] > 1) << U(63)
                inside |= joiners & ((letters << U(1)) | before_letter) & ((letters >> U(1)) | behind)
                joined |= inside & ~letters
            runs += ones(valid & ~blanks & ((blanks << U(1)) | before_blank))
            flips = inside ^ ((inside << U(1)) | before)
            count = ones(flips)
            for place in range(0, count, 4):  # by four: a loop that ends as seldom as may be
                for ahead in range(4):
                    turns[found + place + ahead] = at + lowest(flips)
                    flips &= flips - U(1)
            found += count
            before, before_letter, before_blank = inside >> U(63), letters >> U(63), blanks >> U(63)
            at += 64
        untold = seen & FOREIGN != 0 or end - begin > LONG
        if untold:
            last = BLANK
            runs = 0
            for place in range(begin, end):
                kind = kinds[data[place]]
                seen |= kind
                runs += int(last & ~kind & BLANK)
                last = kind
        turns[found] = end  # of a word that the text ends with
        count = 0 if untold else (found + 1) // 2
        widest = 0
        for word in range(count):
            lengths[word] = turns[2 * word + 1] - turns[2 * word]
            widest = max(widest, lengths[word])
            states[word] = U(0xCBF29CE484222325)
        if end + 16 > len(data):
            for word in range(count):
                states[word] = spelled(data, turns[2 * word], turns[2 * word + 1], lower)
        else:
            # A letter of every word, then the next of every one: none waits for the one before it.
            for part in range(0, min(16, widest), 8):
                for word in range(count):
                    eights[word] = load(data, turns[2 * word] + part) | U(0x2020202020202020)
                for letter in range(part, min(part + 8, widest)):
                    shift = U(8 * (letter - part))
                    for word in range(count):
                        made = (states[word] ^ ((eights[word] >> shift) & U(255))) * U(0x100000001B3)
                        states[word] = made if letter < lengths[word] else states[word]
            for word in range(count if joined != 0 or widest > 16 else 0):
                first, length = turns[2 * word], lengths[word]
                if length > 16 or (joined != 0 and (joins(load(data, first)) or joins(load(data, first + 8)))):
                    states[word] = spelled(data, first, first + length, lower)
        total, head, some = U(0), U(0), U(0)
        seen |= any_word if untold else np.uint32(0)
        for word in range(count):
            units[used + word] = mix(states[word])
            total += units[used + word] * factors[word]
            some |= U(known[units[used + word] >> U(64 - PLACES)] == units[used + word])
        for word in range(count if some != 0 else 0):
            place = units[used + word] >> U(64 - PLACES)
            seen |= meant[place] if known[place] == units[used + word] else np.uint32(0)
        if count < most:
            head = total | U(1) if end - begin <= longest else U(0)
        elif turns[2 * most - 1] - begin <= longest:
            for word in range(most):
                head += units[used + word] * factors[word]
            head |= U(1)
        held[row] = seen
        words[row] = runs
        edges[0, row], edges[1, row] = (data[begin], data[end - 1]) if end > begin else (0, 0)
        good = count > 0 and 32 < data[begin] < 127
        hashes[row] = total | U(1) if good else U(0)
        heads[row] = head if good and seen & marks == 0 else U(0)
        counts[row] = count if asked[row] > 0 else 0
        used += counts[row]
    return used


@kernel
def hold_threes(data: Bytes, offsets: Ints, most: int, joins: Kinds, threes: Kinds, out: Bytes) -> None:
    """Which texts have one of some runs of three bytes in their first bytes, by the five lowest bits of each byte.

    Args:
        data: of the texts.
        offsets: of the texts.
        most: bytes that are looked at.
        joins: for each byte, 1024 where a word goes on behind it.
        threes: for each pair of bytes that a run begins with, in the place that their ten bits are, a bit for every
            third byte; 1024 places further on, of those runs that may stand inside a word.
        out: 1 for each text that may have one.
    """
    for row in range(len(offsets) - 1):
        begin = offsets[row]
        found, one, two = np.uint32(0), np.uint32(0), np.uint32(0)  # `one` with what its word goes on from
        inside, before = np.uint32(0), np.uint32(0)
        for at in range(np.uint64(begin), np.uint64(min(offsets[row + 1], begin + most))):
            three = np.uint32(data[at])
            found |= threes[one | two] >> (three & np.uint32(31))
            one, two = inside | two << np.uint32(5), three & np.uint32(31)
            inside, before = before, joins[three]
        out[row] = found & np.uint32(1)


def looked(data: Bytes, offsets: Ints, kinds: Kinds) -> tuple[Kinds, NDArray[np.int32]]:
    """As `look` gives it."""
    rows = len(offsets) - 1
    if not interpreted():
        held, words = np.empty(rows, np.uint32), np.empty(rows, np.int32)
        look(data, offsets, kinds, held, words)
        return held, words
    base = int(offsets[0])
    each = kinds[data[base : int(offsets[-1])]]
    there = np.diff(offsets) > 0
    starts = (offsets[:-1] - base)[there]
    held, words = np.zeros(rows, np.uint32), np.zeros(rows, np.int32)
    if len(each):
        blank = (each & BLANK).astype(np.bool_)
        begins = ~blank
        begins[1:] &= blank[:-1]
        begins[starts] = ~blank[starts]
        held[there] = np.bitwise_or.reduceat(each, starts)
        words[there] = np.add.reduceat(begins, starts, dtype=np.int32)
    return held, words

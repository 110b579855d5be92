"""Kernel: rows of text to their distinct grams of words, straight from their bytes, eight at a time.

A word's hash is that of its bytes in lower case, joiners left out, eight by eight; so a word has one hash whether its
row is ASCII (read as it stands) or not (read normalised). It is not the hash that sketches store (`_tokens`): nothing
keeps it. The words that it finds are those of `demur.similarity.words`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, kernel
from demur.text.lanes import in_range, lowest, ones

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
U = np.uint64
LOWER = np.uint64(0x2020202020202020)
"""What puts eight bytes of ASCII words in lower case."""


class Texts(NamedTuple):
    """Texts as `hash_rows` reads them: rows of ASCII, and beside them the others, normalised (as in `_tokens`)."""

    data: Bytes
    offsets: Ints
    other_data: Bytes
    other_offsets: Ints
    other: Ints
    classes: Bytes


@inner
def load(data: Bytes, at: int) -> np.uint64:
    """The eight bytes at a place, the first one lowest; the compiler makes one load of it."""
    place = U(at)
    value = U(0)
    for byte in range(8):
        value |= U(data[place + U(byte)]) << U(8 * byte)
    return value


@inner
def is_word(byte: int) -> bool:
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122


@inner
def finish(state: np.uint64) -> np.uint64:
    state ^= state >> U(32)
    state *= U(0xD6E8FEB86659FD93)
    return state ^ (state >> U(29))


@inner
def folded(state: np.uint64, eight: np.uint64) -> np.uint64:
    state = (state ^ eight) * U(0x9E3779B97F4A7C15)
    return state ^ (state >> U(31))


@inner
def spelled(data: Bytes, first: int, last: int) -> np.uint64:
    """The hash of a word, byte by byte; joiners are left out, ASCII is put in lower case."""
    state = U(0)
    eight = U(0)
    held = 0
    for at in range(first, last):
        byte = U(data[at])
        if byte == 0x27 or byte == 0x2D:
            continue
        if held == 8:
            state = folded(state, eight)
            eight = U(0)
            held = 0
        lower = byte | U(0x20) if byte < 128 else byte
        eight |= lower << U(8 * held)
        held += 1
    return finish((eight ^ state) * U(0x9E3779B97F4A7C15))


@inner
def word_hash(data: Bytes, first: int, last: int, safe: int, lower: np.uint64) -> np.uint64:
    """As `spelled`, of a word without joiners, of which eight bytes can be read up to place `safe`.

    `lower` is what puts eight bytes in lower case: `LOWER` for ASCII, 0 for what is normalised.
    """
    state = U(0)
    while last - first > 8:
        state = folded(state, load(data, first) | lower)
        first += 8
    left = last - first
    if first <= safe:
        eight = (load(data, first) | lower) & (U(0xFFFFFFFFFFFFFFFF) >> U(64 - 8 * left))
    else:
        eight = U(0)
        for at in range(left):
            eight |= (U(data[first + at]) | lower & U(255)) << U(8 * at)
    return finish((eight ^ state) * U(0x9E3779B97F4A7C15))


@inner
def whole(data: Bytes, first: int, last: int) -> np.uint64:
    """Hash of a text without words: its bytes, white space collapsed and stripped."""
    state = U(0x51ED270B0F2A6E4D)
    pending = False
    begun = False
    for at in range(first, last):
        byte = data[at]
        if byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31:
            pending = begun
            continue
        if pending:
            state = (state ^ U(32)) * U(0x100000001B3)
        pending = False
        begun = True
        state = (state ^ U(byte)) * U(0x100000001B3)
    return finish(state ^ U(0x9E3779B97F4A7C15))


@inner
def edged_words(data: Bytes, first: int, last: int, safe: int, lower: np.uint64, out: Hashes, edges: Ints) -> int:
    """Hashes of the words of an ASCII row, or of one that is normalised and `spaced`; their number.

    Their edges are found by 64 bytes. `lower` is as in `word_hash`.
    """
    found = 0
    before, before_word = U(0), U(0)  # the last bits of the block before: inside a word, a letter or digit
    joined = U(0)
    at = first
    while at < last:
        left = last - at
        letters = U(0)
        joiners = U(0)
        if at + 56 <= safe:
            letters = in_range(data, at, 32, 97, 122) | in_range(data, at, 0, 48, 57)
            joiners = in_range(data, at, 0, 39, 39) | in_range(data, at, 0, 45, 45)
            if lower == 0:
                letters |= in_range(data, at, 0, 128, 255)
        else:
            for place in range(min(64, left)):
                byte = data[at + place]
                letters |= U(is_word(byte) or byte >= 128) << U(place)
                joiners |= U(byte == 0x27 or byte == 0x2D) << U(place)
        if left < 64:
            mask = (U(1) << U(left)) - U(1)
            letters &= mask
            joiners &= mask
        inside = letters
        if joiners != U(0):
            behind = U(left > 64 and is_word(data[at + min(64, left - 1)])) << U(63)
            inside |= joiners & ((letters << U(1)) | before_word) & ((letters >> U(1)) | behind)
            joined |= inside & ~letters
        turns = inside ^ ((inside << U(1)) | before)
        count = ones(turns)
        for place in range(0, count, 4):  # by four: a loop that ends as seldom as may be
            for more in range(4):
                edges[found + place + more] = at + lowest(turns)
                turns &= turns - U(1)
        found += count
        before, before_word = inside >> U(63), letters >> U(63)
        at += 64
    if found % 2 == 1:
        edges[found] = last
    count = (found + 1) // 2
    if joined != U(0):
        for word in range(count):
            out[word] = spelled(data, edges[2 * word], edges[2 * word + 1])
    elif count > 0 and edges[2 * count - 1] + 16 > safe:
        for word in range(count):
            out[word] = word_hash(data, edges[2 * word], edges[2 * word + 1], safe, lower)
    else:
        for word in range(count):
            begin = edges[2 * word]
            length = edges[2 * word + 1] - begin
            if length > 16:
                out[word] = word_hash(data, begin, begin + length, safe, lower)
                continue
            # One block or two, without a branch.
            short = length <= 8
            one = load(data, begin) | lower
            state = U(0) if short else folded(U(0), one)
            last_block = one if short else load(data, begin + 8) | lower
            last_block &= U(0xFFFFFFFFFFFFFFFF) >> U(64 - 8 * (length if short else length - 8))
            out[word] = finish((last_block ^ state) * U(0x9E3779B97F4A7C15))
    if count == 0:
        out[0] = whole(data, first, last)
        count = 1
    return count


@inner
def decode(data: Bytes, at: int) -> tuple[np.int64, int]:
    """The code point at a position of valid UTF-8, and its length in bytes."""
    lead = np.int64(data[at])
    if lead < 0x80:
        return lead, 1
    second = np.int64(data[at + 1]) & 0x3F
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | second, 2
    third = np.int64(data[at + 2]) & 0x3F
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | second << 6 | third, 3
    return (lead & 0x07) << 18 | second << 12 | third << 6 | np.int64(data[at + 3]) & 0x3F, 4


@inner
def spaced(data: Bytes, first: int, last: int, safe: int, classes: Bytes) -> bool:
    """Whether a normalised text begins with a word, and surely has no character of a script without spaces.

    No such script has characters below U+0E00, or of U+1E00 to U+1FFF.
    """
    if first == last or classes[decode(data, first)[0]] != 1:
        return False
    at = first
    while at < last and at + 56 <= safe:
        valid = U(0x7FFFFFFFFFFFFFFF) if last - at >= 63 else (U(1) << U(last - at)) - U(1)  # the last one looks ahead
        later = in_range(data, at, 0, 0xE1, 0xE1) & (in_range(data, at, 0, 0xB8, 0xBF) >> U(1))
        early = in_range(data, at, 0, 0xE0, 0xE0) & (in_range(data, at, 0, 0xA0, 0xB7) >> U(1))
        if in_range(data, at, 0, 0xE0, 0xFF) & ~(later | early) & valid != 0:
            return False
        at += 63
    while at < last:
        if data[at] >= 0xE0:
            return False
        at += 1
    return True


@inner
def other_words(data: Bytes, first: int, last: int, safe: int, classes: Bytes, out: Hashes) -> int:
    """Hashes of the words of a normalised text; a run of an unspaced script gives overlapping pairs of characters."""
    count = 0
    length = 0
    run = 0  # 0: between words, 1: in a spaced word, 2: in an unspaced run
    begin = first  # of the word, or of the character before in an unspaced run
    worded = False
    at = first
    while at <= last:
        size, now = 1, 0
        if at < last:
            code, size = decode(data, at)
            kind = classes[code]
            now = 0 if kind == 0 else 1 if kind % 2 == 1 else 2
            worded = worded or kind == 1 or kind == 2
        if now != run:
            if run == 1 or (run == 2 and length == 1):
                out[count] = word_hash(data, begin, at, safe, U(0))
                count += 1
            begin = at
            length = 0
        if now == 2:
            if length > 0:
                out[count] = word_hash(data, begin, at + size, safe, U(0))
                count += 1
            begin = at
        length += 1
        run = now
        at += size
    if not worded:
        out[0] = whole(data, first, last)
        count = 1
    return count


@inner
def distinct(grams: Hashes, count: int, seen: Ints, stamp: int, out: Hashes) -> int:
    """The grams of a row, each once; `seen` has room for four times as many, and its entries tell by stamp whose."""
    bits = 6
    while (1 << bits) < 4 * count:
        bits += 1
    mask = (1 << bits) - 1
    kept = 0
    for at in range(count):
        gram = grams[at]
        place = np.int64(gram >> U(40)) & mask
        while seen[place] >> 32 == stamp and out[seen[place] & 0xFFFFFFFF] != gram:
            place = (place + 1) & mask
        if seen[place] >> 32 != stamp:
            seen[place] = stamp << 32 | kept
            out[kept] = gram
            kept += 1
    return kept


@kernel
def hash_rows(texts: Texts, width: int, first: int, last: int, out: Hashes, sizes: NDArray[np.int32]) -> int:
    """The distinct grams of rows first..last, row behind row in `out`; their number.

    A text of fewer words than the gram has is one gram of all; a null has none. `out` needs room for a gram every two
    bytes of ASCII and every byte of others, and one a row more; `sizes` is of these rows.
    """
    safe, other_safe = len(texts.data) - 8, len(texts.other_data) - 8
    longest = 0
    for row in range(first, last):
        place = texts.other[row]
        if place == -1:
            longest = max(longest, texts.offsets[row + 1] - texts.offsets[row])
        elif place >= 0:
            longest = max(longest, texts.other_offsets[place + 1] - texts.other_offsets[place])
    words = np.empty(longest + 2, np.uint64)
    edges = np.empty(longest + 72, np.int64)
    room = 64
    while room < 4 * longest:
        room *= 2
    seen = np.full(room, -1, np.int64)
    used = 0
    for row in range(first, last):
        place = texts.other[row]
        count = 0
        if place == -1:
            count = edged_words(texts.data, texts.offsets[row], texts.offsets[row + 1], safe, LOWER, words, edges)
        elif place >= 0:
            begin, end = texts.other_offsets[place], texts.other_offsets[place + 1]
            if spaced(texts.other_data, begin, end, other_safe, texts.classes):
                count = edged_words(texts.other_data, begin, end, other_safe, U(0), words, edges)
            else:
                count = other_words(texts.other_data, begin, end, other_safe, texts.classes, words)
        if count > 0 and count < width:
            gram = U(0)
            for word in range(count):
                gram = (gram ^ words[word]) * U(0xFF51AFD7ED558CCD)
                gram ^= gram >> U(29)
            words[0] = gram
            count = 1
        elif width == 3:
            count = max(0, count - 2)
            for word in range(count):
                words[word] = (
                    words[word] * U(0xFF51AFD7ED558CCD)
                    + words[word + 1] * U(0xC4CEB9FE1A85EC53)
                    + words[word + 2] * U(0x9E3779B97F4A7C15)
                )
        size = distinct(words, count, seen, row - first, out[used:])
        sizes[row - first] = size
        used += size
    return used

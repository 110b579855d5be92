"""Kernels: the text form of `demur.text.normalise`, row by row over UTF-8 bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, kernel

Bytes = NDArray[np.uint8]
Codes = NDArray[np.int32]
Ints = NDArray[np.int64]

# Hangul syllables are composed by arithmetic (The Unicode Standard, section 3.12).
_S, _L, _V, _T = 0xAC00, 0x1100, 0x1161, 0x11A7
_VS, _TS, _LS = 21, 28, 19


@inner
def composed(one: int, two: int, pairs: Ints, results: Codes) -> int:
    """The primary composite of two code points, or -1."""
    if _L <= one < _L + _LS and _V <= two < _V + _VS:
        return _S + ((one - _L) * _VS + two - _V) * _TS
    if _S <= one < _S + _LS * _VS * _TS and (one - _S) % _TS == 0 and _T < two < _T + _TS:
        return one + two - _T
    key = one << 21 | two
    at = np.searchsorted(pairs, key)
    if at < len(pairs) and pairs[at] == key:
        return int(results[at])
    return -1


@inner
def compose(codes: Codes, count: int, combining: Bytes, second: Bytes, pairs: Ints, results: Codes) -> int:
    """Put marks in canonical order and compose (NFC), in place; the new count."""
    for at in range(1, count):
        code = codes[at]
        order = combining[code]
        if order == 0:
            continue
        hole = at
        while hole > 0 and combining[codes[hole - 1]] > order:
            codes[hole] = codes[hole - 1]
            hole -= 1
        codes[hole] = code
    end = 0
    starter = -1
    last = 0
    for at in range(count):
        code = codes[at]
        order = combining[code]
        if second[code] and starter >= 0 and (last < order or (last == 0 and end == starter + 1)):
            pair = composed(int(codes[starter]), int(code), pairs, results)
            if pair >= 0:
                codes[starter] = pair
                continue
        if order == 0:
            starter = end
        last = order
        codes[end] = code
        end += 1
    return end


@inner
def is_space(code: int | np.int64) -> bool:
    """What `str.split` splits at, as far as folding leaves it."""
    return bool(code == 32 or 9 <= code <= 13 or 28 <= code <= 31 or code in (0x85, 0x1680, 0x2028, 0x2029))


@inner
def encode(code: int | np.int64, out: Bytes, at: int) -> int:
    """Write a code point as UTF-8; the position behind it."""
    if code < 0x80:
        out[at] = code
        return at + 1
    if code < 0x800:
        out[at] = 0xC0 | code >> 6
        out[at + 1] = 0x80 | code & 0x3F
        return at + 2
    if code < 0x10000:
        out[at] = 0xE0 | code >> 12
        out[at + 1] = 0x80 | code >> 6 & 0x3F
        out[at + 2] = 0x80 | code & 0x3F
        return at + 3
    out[at] = 0xF0 | code >> 18
    out[at + 1] = 0x80 | code >> 12 & 0x3F
    out[at + 2] = 0x80 | code >> 6 & 0x3F
    out[at + 3] = 0x80 | code & 0x3F
    return at + 4


@inner
def scan(
    data: Bytes, at: int, end: int, quick: Codes, folds: Codes, folded: Codes, classes: Bytes, combining: Bytes,
    second: Bytes, plain: Bytes, strict: bool, keep: bool, codes: Codes,
) -> tuple[int, int]:  # fmt: skip
    """Fold one text into `codes`: how many code points (spaces between words), and what is left to do.

    Left to do is 0 for nothing, 1 for composing, 2 for doing it again strictly, because a mark follows a character that
    was taken as composed, and 3 for doing it again with more room. With `keep` all characters are kept, not only those
    of words. `plain` has what each byte becomes: 1 is a joiner, 0 separates, and 255 is looked up elsewhere.
    """
    count = 0
    todo = 0
    in_word = False
    joining = False
    was_composed = False
    while at < end:
        code = np.int64(data[at])
        if code < 0x80:
            while not keep and at < end and plain[data[np.uint64(at)]] < 255:  # most of most texts
                letter = plain[data[np.uint64(at)]]
                at += 1
                if letter > 1:
                    codes[np.uint64(count)] = 32
                    count += int(not in_word and count > 0)
                    codes[np.uint64(count)] = letter
                    count += 1
                    in_word, joining, was_composed = True, False, False
                else:
                    in_word = letter == 1 and in_word and not joining
                    joining = in_word
            if at == end or data[at] >= 0x80:
                continue
            code = np.int64(data[at])
            at += 1
        elif code < 0xE0:
            code = (code & 0x1F) << 6 | np.int64(data[at + 1]) & 0x3F
            at += 2
        elif code < 0xF0:
            code = (code & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | np.int64(data[at + 2]) & 0x3F
            at += 3
        else:
            high = (code & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
            code = high | (np.int64(data[at + 2]) & 0x3F) << 6 | np.int64(data[at + 3]) & 0x3F
            at += 4
        if not keep:
            entry = np.int64(quick[code])
            action = entry & 7
            if action == 1 or (action == 2 and not strict):
                if not in_word and count > 0:
                    codes[count] = 32
                    count += 1
                codes[count] = entry >> 3
                count += 1
                in_word = True
                joining = False
                was_composed = action == 2
                continue
            if action == 0:
                in_word = False
                joining = False
                continue
            if action == 3:
                in_word = in_word and not joining
                joining = in_word
                continue
        fold = np.int64(folds[code])
        many = 1 if fold == 0 else np.int64(folded[fold])
        # Every byte that is left can add a character and a space.
        if count + 2 * many + 2 * (end - at) > len(codes):
            return 0, 3
        for part in range(many):
            if fold != 0:
                code = np.int64(folded[fold + 1 + part])
            kind = classes[code]
            if keep:
                if is_space(code):
                    in_word = False
                    continue
            elif kind == 5:
                in_word = in_word and not joining
                joining = in_word
                continue
            elif kind == 0 or (kind >= 3 and (joining or not in_word)):
                in_word = False
                joining = False
                continue
            if not in_word and count > 0:
                codes[count] = 32
                count += 1
            in_word = True
            joining = False
            if combining[code] != 0 or second[code] != 0:
                if was_composed:
                    return 0, 2
                todo = 1
            else:
                was_composed = False
            codes[count] = code
            count += 1
    return count, todo


@kernel
def fold_rows(
    data: Bytes, offsets: Ints, quick: Codes, folds: Codes, folded: Codes, classes: Bytes, combining: Bytes,
    second: Bytes, pairs: Ints, results: Codes, first: int, last: int, lengths: Ints,
) -> Bytes:  # fmt: skip
    """The forms of rows first..last, one after the other, and the length of each in bytes.

    `folds[code]` is 0 for a character that folds to itself, else where in `folded` its number of folded characters and
    then these stand. `classes` are of folded characters: 0 other, 1 or 2 letter or number, 3 or 4 mark, 5 joiner.
    `quick[code]` is 8 * the folded character + what to do with it: 0 separate, 1 emit, 2 emit (composed already: not
    if a mark follows), 3 join, 4 look it up in `folds`.
    """
    plain = np.full(256, 255, np.uint8)  # of ASCII: what it becomes, 1 for a joiner, 0 where it separates
    for code in range(128):
        entry = quick[code]
        if entry & 7 == 1 and 1 < entry >> 3 < 128:
            plain[code] = entry >> 3
        elif entry & 7 == 0 or entry & 7 == 3:
            plain[code] = entry & 7 == 3
    longest = 0
    for row in range(first, last):
        longest = max(longest, offsets[row + 1] - offsets[row])
    codes = np.empty(2 * longest + 64, np.int32)
    out = np.empty(offsets[last] - offsets[first] + 4 * longest + 64, np.uint8)
    written = 0
    for row in range(first, last):
        begun = written
        a, b = offsets[row], offsets[row + 1]
        strict = keep = False
        while True:
            count, todo = scan(
                data, a, b, quick, folds, folded, classes, combining, second, plain, strict, keep, codes
            )  # fmt: skip
            if todo == 3:
                codes = np.empty(2 * len(codes), np.int32)
            elif todo == 2:
                strict = True
            elif count == 0 and b > a and not keep:
                strict = keep = True
            else:
                break
        if todo == 1:
            count = compose(codes, count, combining, second, pairs, results)
        if written + 4 * count > len(out):
            wider = np.empty(2 * len(out) + 4 * count, np.uint8)
            wider[:written] = out[:written]
            out = wider
        for at in range(count):
            written = encode(np.int64(codes[at]), out, written)
        lengths[row] = written - begun
    return out[:written]

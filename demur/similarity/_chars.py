"""Kernels: characters of texts, and the places in a text that look like a protected prompt, letter by letter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.similarity._indexed import Anchored, Rows, Table
from demur.text.compiled import inner, kernel
from demur.text.lanes import ones

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

WORDS = 32  # of a bitmap: the first five bits of a gram say which, the next six which bit of it

_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIDDLE = np.uint64(0xD6E8FEB86659FD93)
_LAST = np.uint64(0xFF51AFD7ED558CCD)


@inner
def mix(value: np.uint64) -> np.uint64:
    value ^= value >> np.uint64(32)
    value *= np.uint64(0xD6E8FEB86659FD93)
    value ^= value >> np.uint64(32)
    value *= np.uint64(0xD6E8FEB86659FD93)
    return value ^ (value >> np.uint64(32))


@inner
def slot(key: np.uint64, bits: int) -> np.int64:
    return np.int64((key * _BASE) >> np.uint64(64 - bits))


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
def length(rows: Rows, row: int) -> int:
    """An upper bound of the number of characters of a row."""
    place = rows.other[row]
    if place == -1:
        return int(rows.offsets[row + 1] - rows.offsets[row])
    return 0 if place < 0 else int(rows.other_offsets[place + 1] - rows.other_offsets[place])


@inner
def hash_row(rows: Rows, row: int, codes: Hashes, out: Hashes) -> int:
    """Write the hashes of a row's 4-grams of characters, in reading order; their number."""
    place = rows.other[row]
    written = np.uint64(0)  # as the place in the text: no sign, so that nobody asks whether it counts from the end
    if place == -1:
        for byte in range(np.uint64(rows.offsets[row]), np.uint64(rows.offsets[row + 1])):
            code = rows.lower[rows.data[byte]]
            codes[written] = code
            written += np.uint64(code > 0)
    elif place >= 0:
        at = rows.other_offsets[place]
        while at < rows.other_offsets[place + 1]:
            point, size = decode(rows.other_data, at)
            codes[written] = point
            written += np.uint64(point != 32)
            at += size
    count = int(written)
    for at in range(count - 3):
        state = ((codes[at] * _BASE + codes[at + 1]) * _BASE + codes[at + 2]) * _BASE + codes[at + 3]
        out[at] = mix(state)
    return max(0, count - 3)


@kernel
def count_characters(rows: Rows, first: int, last: int, most: int, counts: Ints) -> None:
    """The number of 4-grams of the first `most` characters of each row."""
    longest = 0
    for row in range(first, last):
        longest = max(longest, length(rows, row))
    codes, out = np.empty(longest + 1, np.uint64), np.empty(longest + 1, np.uint64)
    for row in range(first, last):
        counts[row] = min(hash_row(rows, row, codes, out), most - 3)


@kernel
def hash_characters(rows: Rows, first: int, last: int, starts: Ints, grams: Hashes) -> None:
    """Write the 4-grams that `count_characters` counted."""
    longest = 0
    for row in range(first, last):
        longest = max(longest, length(rows, row))
    codes, out = np.empty(longest + 1, np.uint64), np.empty(longest + 1, np.uint64)
    for row in range(first, last):
        hash_row(rows, row, codes, out)
        grams[starts[row] : starts[row + 1]] = out[: starts[row + 1] - starts[row]]


@inner
def pattern(key: np.uint64) -> np.uint64:
    """The bits of a key in its word of the filter."""
    return np.uint64(1) << (key & np.uint64(63)) | np.uint64(1) << (key >> np.uint64(6) & np.uint64(63))


@inner
def maybe(table: Table, key: np.uint64) -> bool:
    """Whether the filter knows the key, or others that look like it."""
    bits = pattern(key)
    return bool(table.filter[slot(key, table.bits - 2)] & bits == bits)


@inner
def sieved(prompts: Anchored, key: np.uint64) -> bool:
    """Whether the sieve lets the key through."""
    place = key >> np.uint64(64 - prompts.sieve_bits)
    return bool(prompts.sieve[place >> np.uint64(6)] >> (place & np.uint64(63)) & np.uint64(1))


@inner
def lookup(table: Table, key: np.uint64) -> np.uint64:
    """Where a key's postings begin << 24 | how many there are, or 0."""
    place = slot(key, table.bits)
    while table.entries[2 * place + 1] > 0:
        if table.entries[2 * place] == key:
            return np.uint64(table.entries[2 * place + 1])
        place = (place + 1) & ((1 << table.bits) - 1)
    return np.uint64(0)


@inner
def anchor(grams: Hashes, at: int) -> np.uint64:
    """The hash of ten characters, from the grams of the first, the middle and the last four."""
    return np.uint64(grams[at] + grams[at + 3] * _MIDDLE + grams[at + 6] * _LAST)


@inner
def mark(grams: Hashes, count: int, at: int) -> np.uint64:
    """The mark of a text's gram; 4096, which no posting has, if there is none."""
    return grams[at] % np.uint64(4095) if 0 <= at < count else np.uint64(4096)


@inner
def shared_run(one: Hashes, count: int, at: int, two: Hashes, first: int, last: int, there: int, need: int) -> bool:
    """Whether the grams around two equal ones agree for `need` in a row."""
    run = 1
    back = 1
    while run < need and at >= back and there >= first + back and one[at - back] == two[there - back]:
        run += 1
        back += 1
    ahead = 1
    while run < need and at + ahead < count and there + ahead < last and one[at + ahead] == two[there + ahead]:
        run += 1
        ahead += 1
    return run >= need


@inner
def known_by(bitmap: Hashes, gram: np.uint64) -> bool:
    """Whether a bitmap has the bit of a gram."""
    return bool(bitmap[gram >> np.uint64(59)] >> (gram >> np.uint64(53) & np.uint64(63)) & np.uint64(1))


@inner
def lacked(prompts: Anchored, prompt: int, bitmap: Hashes) -> int:
    """Of a prompt's grams, so many at least are not among those of a bitmap: one for each bit that it lacks."""
    bits = 0
    for word in range(WORDS):
        bits += ones(prompts.bitmaps[WORDS * prompt + word] & ~bitmap[word])
    return bits


@inner
def covered(prompts: Anchored, prompt: int, window: Hashes, least: int, seen: Ints, stamp: int) -> tuple[int, int]:
    """How many of a prompt's distinct grams a window holds, and their weight; (0, 0) if fewer than `least`."""
    bitmap = prompts.bitmaps[WORDS * prompt : WORDS * prompt + WORDS]
    maybe = 0
    for gram in window:
        maybe += int(known_by(bitmap, gram))
    if maybe < least:
        return 0, 0
    begin, end = prompts.places[prompt], prompts.places[prompt + 1]
    common = 0
    weight = 0
    for gram in window:
        if not known_by(bitmap, gram):
            continue
        low, high = begin, end
        while low < high:
            middle = (low + high) // 2
            if prompts.known[middle] < gram:
                low = middle + 1
            else:
                high = middle
        if low < end and prompts.known[low] == gram and seen[low - begin] != stamp:
            seen[low - begin] = stamp
            common += 1
            weight += int(prompts.weights[low])
    return common, weight


@inner
def grown(values: Ints) -> Ints:
    more = np.empty(2 * len(values), np.int64)
    more[: len(values)] = values
    return more


@kernel
def match_characters(
    rows: Rows, prompts: Anchored, needed: Ints, first: int, last: int
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Windows of rows first..last that hold at least the needed number of a prompt's distinct grams.

    A window is laid where an anchor of the prompt and the characters around it agree for long enough. Places of one
    prompt that differ by less than an eighth of it share a window.

    Returns:
        Rows, prompts, the number of the prompt's distinct grams in the window, their weight, and the row's grams.
    """
    longest = 0
    for row in range(first, last):
        longest = max(longest, length(rows, row))
    codes, grams = np.empty(longest + 1, np.uint64), np.empty(longest + 1, np.uint64)
    places, marks = np.empty(longest + 1, np.int64), np.full(6, 4096, np.uint64)
    # Of each prompt the last row << 32 and band, and how far apart they were; most anchors of a pair are equally far.
    recent, apart = np.full(len(prompts.starts), -1, np.int64), np.full(len(prompts.starts), -1, np.int64)
    most = 0
    for prompt in range(len(prompts.places) - 1):
        most = max(most, prompts.places[prompt + 1] - prompts.places[prompt])
    seen = np.zeros(most + 1, np.int64)
    stamp = 0
    bitmap = np.zeros(WORDS, np.uint64)  # of the row at hand
    hits = np.empty(64, np.int64)
    found = 0
    found_rows, found_prompts = np.empty(64, np.int64), np.empty(64, np.int64)
    found_common, found_weight, found_count = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64, np.int64)
    for row in range(first, last):
        count = hash_row(rows, row, codes, grams)
        # Without a branch: words of sieve and filter come from far away, and many loads can wait at a time.
        some, likely = 0, 0
        for at in range(count - 6):
            places[some] = at
            some += int(sieved(prompts, anchor(grams, at)))
        for at in places[:some]:
            places[likely] = at
            likely += int(maybe(prompts.table, anchor(grams, at)))
        met = 0
        for at in places[:likely]:
            place = lookup(prompts.table, anchor(grams, at))
            if place == 0:
                continue
            offset = np.int64(place >> np.uint64(24))
            marks[1], marks[2] = mark(grams, count, at - 1), mark(grams, count, at - 3)
            marks[4], marks[5] = mark(grams, count, at + 7), mark(grams, count, at + 9)
            for posting in prompts.table.postings[offset : offset + np.int64(place & np.uint64(0xFFFFFF))]:
                kind = np.int64(posting >> np.uint64(24) & np.uint64(3))
                before, behind = posting >> np.uint64(12) & np.uint64(4095), posting & np.uint64(4095)
                if kind > 0 and before != marks[kind] and behind != marks[kind + 3]:
                    continue
                prompt = int(posting >> np.uint64(40))
                if count < needed[prompt]:  # too short a text to hold so many of its grams
                    continue
                there = np.int64(posting >> np.uint64(26) & np.uint64(0x3FFF))
                if apart[prompt] == (row << 32 | (at - there + (1 << 31))):
                    continue
                begin, end = prompts.starts[prompt], prompts.starts[prompt + 1]
                band = (at - there) // max(4, (end - begin) // 8)
                hit = prompt << 32 | (band + (1 << 31))
                if recent[prompt] == (row << 32 | (band + (1 << 31))):
                    continue
                need = 13 if kind == 2 else 9 if kind == 1 else 7
                if shared_run(grams, count, at, prompts.grams, begin, end, begin + there, need):
                    recent[prompt] = row << 32 | (band + (1 << 31))
                    apart[prompt] = row << 32 | (at - there + (1 << 31))
                    if met == len(hits):
                        hits = grown(hits)
                    hits[met] = hit
                    met += 1
        if met > 1:
            hits[:met].sort()
        if met > 0:
            bitmap[:] = 0
            for gram in grams[:count]:
                bitmap[gram >> np.uint64(59)] |= np.uint64(1) << (gram >> np.uint64(53) & np.uint64(63))
        for at in range(met):
            if at > 0 and hits[at] == hits[at - 1]:
                continue
            prompt = int(hits[at] >> 32)
            if prompts.places[prompt + 1] - prompts.places[prompt] - lacked(prompts, prompt, bitmap) < needed[prompt]:
                continue
            size = prompts.starts[prompt + 1] - prompts.starts[prompt]
            slack = max(4, size // 8)
            edge = ((hits[at] & 0xFFFFFFFF) - (1 << 31)) * slack
            window = grams[max(0, edge - slack) : max(0, min(count, edge + size + 2 * slack))]
            stamp += 1
            common, weight = covered(prompts, prompt, window, needed[prompt], seen, stamp)
            if common < needed[prompt]:
                continue
            if found == len(found_rows):
                found_rows, found_prompts, found_count = grown(found_rows), grown(found_prompts), grown(found_count)
                found_common, found_weight = grown(found_common), grown(found_weight)
            found_rows[found] = row
            found_prompts[found] = prompt
            found_common[found] = common
            found_weight[found] = weight
            found_count[found] = count
            found += 1
    return found_rows[:found], found_prompts[:found], found_common[:found], found_weight[:found], found_count[:found]

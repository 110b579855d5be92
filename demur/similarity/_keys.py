"""Kernels: from rows' grams to the keys of the rarest few, to the pairs of rows that share one, to their overlaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, kernel
from demur.text.lanes import ones

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Shorts = NDArray[np.int32]
Halves = NDArray[np.uint16]
Words = NDArray[np.uint32]
Hashes = NDArray[np.uint64]
U = np.uint64

PART_BITS = U(10)
PARTS = 1 << int(PART_BITS)
"""Keys are brought together part by part, by their lowest bits; of the rest 32 are enough to tell them apart."""

_RARE = 72057594037927936.0  # 2 ** 56: keys of rare grams are below


@inner
def slot(key: np.uint64, shift: int) -> np.int64:
    """The place of a key in a table of 2 ** (64 - shift) places."""
    return np.int64((key * U(0x9E3779B97F4A7C15)) >> U(shift))


@inner
def grown(values: Hashes, least: int) -> Hashes:
    """The values in a longer array."""
    more = np.empty(2 * len(values) + least, np.uint64)
    more[: len(values)] = values
    return more


@kernel
def count(grams: Hashes, shift: int, counts: Bytes) -> None:
    """Count grams by their places; 255 stands for more, too."""
    for gram in grams:
        place = slot(gram, shift)
        counts[place] += counts[place] < 255


@inner
def cut_of(keys: Hashes, count: int, rare: int, wanted: int, scratch: Hashes) -> np.uint64:
    """A value that at least `wanted` of a row's keys do not exceed, of which so many are rare (at least as many)."""
    if rare <= 24:  # the exact one, by insertion
        found = 0
        for at in range(count):
            scratch[found] = keys[at]
            found += int(keys[at] >> U(63) == U(0))
        for at in range(1, found):
            value = scratch[at]
            hole = at - 1
            while hole >= 0 and scratch[hole] > value:
                scratch[hole + 1] = scratch[hole]
                hole -= 1
            scratch[hole + 1] = value
        return U(scratch[wanted - 1])
    # Hashes lie evenly: a value near the exact one is soon found by counting.
    low, below = 0.0, 0
    high, above = _RARE, rare
    aim = wanted + 0.5
    guess = (aim + 0.3 * np.sqrt(aim)) / rare * _RARE
    cut = U(0xFFFFFFFFFFFFFF)
    for _ in range(6):
        found = 0
        for at in range(count):
            found += int(keys[at] <= U(guess))
        if found < wanted:
            low, below = guess, found
        else:
            high, above = guess, found
            cut = U(guess)
            if found <= wanted + 1 + (wanted >> 3):
                break
        guess = low + (high - low) * (aim - below) / (above - below)
    return cut


@kernel
def prefix_keys(
    grams: Hashes, sizes: Shorts, threshold: float, common: Hashes, levels: Bytes, shift: int, out: Hashes,
    lengths: Shorts, prints: Hashes, bitmaps: Hashes,
) -> int:  # fmt: skip
    """Keys of every row's rarest grams, so many that any similar row shares one; their number.

    The order of keys is the order of rarity: a gram that the sample did not show twice (see `levels`, one a slot;
    `common` says for every slot whether it has one) has its hash, others come behind, by level and hash. A row may get
    a few keys more than it has to. A row's two prints are sums over its grams; its bitmap has 256 bits. `out` is three
    times as long as the grams and one: the first third is for the keys.
    """
    scratch, keys = out[len(grams) + 1 :], out[2 * (len(grams) + 1) :]
    used = 0
    begin = 0
    for row in range(len(sizes)):
        size = int(np.int64(sizes[row]))
        total, other = U(0), U(0)
        rare = size
        for word in range(4):
            bitmaps[4 * row + word] = U(0)
        for at in range(size):
            gram = grams[begin + at]
            mark = gram ^ (gram >> U(32))
            mark *= U(0xD6E8FEB86659FD93)
            mark ^= mark >> U(29)
            total += mark
            other += (mark ^ (mark >> U(31))) * U(0xFF51AFD7ED558CCD)
            bitmaps[4 * row + np.int64((gram >> U(32)) & U(3))] |= U(1) << ((gram >> U(34)) & U(63))
            place = slot(gram, shift)
            bit = (common[place >> 6] >> U(place & 63)) & U(1)
            keys[at] = gram >> U(8) | bit << U(63)
            rare -= int(bit != U(0))
        prints[2 * row], prints[2 * row + 1] = total, other
        before = used
        if size > 0:
            wanted = size - int(np.ceil(threshold * size - 1e-9)) + 1
            if rare < wanted:
                for at in range(size):
                    if keys[at] >> U(63) == U(1):
                        level = levels[slot(grams[begin + at], shift)]
                        keys[at] = U(level) << U(56) | grams[begin + at] >> U(8)
                scratch[:size] = keys[:size]
                scratch[:size].sort()
                cut = scratch[wanted - 1]
            else:
                cut = cut_of(keys, size, rare, wanted, scratch)
            for at in range(size):
                out[used] = keys[at]
                used += int(keys[at] <= cut)
        lengths[row] = used - before
        begin += size
    return used


@kernel
def first_equal(prints: Hashes, sizes: Shorts, twins: Ints) -> None:
    """For each row the smallest row with the same prints (itself if none)."""
    bits = 4
    while (1 << bits) < 2 * len(sizes):
        bits += 1
    table = np.full(1 << bits, -1, np.int32)
    mask = (1 << bits) - 1
    for row in range(len(sizes)):
        twins[row] = row
        if sizes[row] == 0:
            continue
        at = slot(prints[2 * row], 64 - bits)
        while table[at] >= 0:
            other = np.int64(table[at])
            if prints[2 * other] == prints[2 * row] and prints[2 * other + 1] == prints[2 * row + 1]:
                twins[row] = other
                break
            at = (at + 1) & mask
        if twins[row] == row:
            table[at] = row


@kernel
def part_keys(keys: Hashes, lengths: Shorts, out: Words, rows: Halves, ends: Shorts) -> None:
    """The keys of rows by part, without the bits that say which, with their rows; and where each part ends."""
    counts = np.zeros(PARTS, np.int64)
    for key in keys:
        counts[np.int64(key) & (PARTS - 1)] += 1
    used = 0
    for part in range(PARTS):
        used += int(counts[part])
        ends[part] = used
        counts[part] = used - counts[part]
    at = 0
    for row in range(len(lengths)):
        end = at + lengths[row]
        for each in range(at, end):
            mine = np.int64(keys[each]) & (PARTS - 1)
            out[counts[mine]] = np.uint32((keys[each] >> PART_BITS) & U(0xFFFFFFFF))
            rows[counts[mine]] = row
            counts[mine] += 1
        at = end


@kernel
def drop_copies(keys: Words, rows: Halves, copies: Bytes, out: Words, out_rows: Halves, ends: Shorts) -> None:
    """The keys of rows that are no copies, with their rows; where each part ends is told anew."""
    used = at = 0
    for part in range(PARTS):
        while at < ends[part]:
            out[used], out_rows[used] = keys[at], rows[at]
            used += int(copies[rows[at]] == 0)
            at += 1
        ends[part] = used


@inner
def shared_keys(
    keys: Words, within: Halves, starts: Ints, ends: Shorts, firsts: Ints, part: int, table: Bytes, shift: int,
    out: Words, rows: Shorts,
) -> int:  # fmt: skip
    """The keys of a part that two rows have (and few others), with their rows, ascending; how many."""
    table[:] = 0
    for piece in range(len(starts)):
        begin = 0 if part == 0 else ends[piece, part - 1]
        for at in range(starts[piece] + begin, starts[piece] + ends[piece, part]):
            place = slot(U(keys[at]), shift)
            table[place] = min(table[place] + 1, 2)
    found = 0
    for piece in range(len(starts)):
        begin = 0 if part == 0 else ends[piece, part - 1]
        for at in range(starts[piece] + begin, starts[piece] + ends[piece, part]):
            if table[slot(U(keys[at]), shift)] == 2:
                out[found] = keys[at]
                rows[found] = firsts[piece] + np.int64(within[at])
                found += 1
    return found


@inner
def met(
    at: int, shared: int, keys: Words, rows: Shorts, mine: Ints, marks: Hashes, bits: int, heads: Shorts,
    befores: Shorts, run: Shorts, share: float, threshold: float, most: int, crowded: Bytes, looked: Ints,
    recent: Hashes, out: Hashes, found: int,
) -> tuple[int, int]:  # fmt: skip
    """As `candidates`, of a part's keys from one on, as far as there is room in `out`: the next key, and the pairs."""
    while at < shared and found + most <= len(out):
        key = keys[at]
        place = slot(U(key), 64 - bits)
        while heads[place] >= 0 and keys[heads[place]] != key:
            place = (place + 1) & ((1 << bits) - 1)
        before = np.int64(heads[place])
        heads[place] = at
        befores[at] = before
        run[at] = 0 if before < 0 else run[before] + 1
        row, size = np.int64(rows[at]), int(mine[at])
        if run[at] >= most:
            crowded[row] = 1
            while run[at] == most and before >= 0:
                crowded[rows[before]] = 1
                before = np.int64(befores[before])
            at += 1
            continue
        while before >= 0:
            looked[0] += 1
            other = mine[before]
            need = int(np.ceil(share * (size + other) - 1e-9))
            far = 0
            for word in range(4):
                far += ones(marks[4 * at + word] ^ marks[4 * before + word])
            if far <= size + other - 2 * need and min(size, other) >= threshold * max(size, other) - 1e-9:
                twin = np.int64(rows[before])
                pair = U(min(row, twin)) << U(32) | U(max(row, twin))
                place = slot(pair, 49)
                if recent[place] != pair:
                    recent[place] = pair
                    out[found] = pair
                    found += 1
            before = np.int64(befores[before])
        at += 1
    return at, found


@kernel
def candidates(
    all_keys: Words, within: Halves, starts: Ints, ends: Shorts, firsts: Ints, first: int, last: int, sizes: Shorts,
    bitmaps: Hashes, threshold: float, most: int, crowded: Bytes, looked: Ints,
) -> Hashes:  # fmt: skip
    """Pairs of rows that share a key and may be similar, by size and bitmap: smaller row << 32 | larger; some twice.

    Where more than `most` rows share a key, all of them are only marked as `crowded`. Keys lie piece by piece (from
    `starts` on), in it by part (up to `ends`); rows are numbered from the `firsts` of their piece.
    """
    out = np.empty(1 << 16, np.uint64)
    found = 0
    longest = 0
    for part in range(first, last):
        length = 0
        for piece in range(len(starts)):
            length += ends[piece, part] - (0 if part == 0 else ends[piece, part - 1])
        longest = max(longest, length)
    bits = 4
    while (1 << bits) < 2 * longest:
        bits += 1
    heads, table = np.empty(1 << bits, np.int32), np.empty(1 << (bits + 1), np.uint8)
    keys, rows = np.empty(longest, np.uint32), np.empty(longest, np.int32)
    befores = np.empty(longest, np.int32)  # the posting before with the same key
    run = np.empty(longest, np.int32)
    mine, marks = np.empty(longest, np.int64), np.empty(4 * longest, np.uint64)
    recent = np.zeros(1 << 15, np.uint64)  # pairs that were found just now
    share = threshold / (1.0 + threshold)
    for part in range(first, last):
        shared = shared_keys(all_keys, within, starts, ends, firsts, part, table, 63 - bits, keys, rows)
        for at in range(shared):  # apart, so that the processor fetches many rows at a time
            row = np.int64(rows[at])
            mine[at] = np.int64(sizes[row])
            for word in range(4):
                marks[4 * at + word] = bitmaps[4 * row + word]
        heads[:] = -1
        at = 0
        while at < shared:
            at, found = met(
                at, shared, keys, rows, mine, marks, bits, heads, befores, run, share, threshold, most, crowded, looked,
                recent, out, found,
            )  # fmt: skip
            if at < shared:
                out = grown(out, most)
    return out[:found]


@kernel
def overlaps(grams: Hashes, starts: Ints, rows: Ints, twins: Ints, first: int, last: int, common: Ints) -> None:
    """The number of grams that the two rows of each pair first..last share; fast where equal `rows` lie together."""
    longest = 1
    for pair in range(first, last):
        longest = max(longest, starts[rows[pair] + 1] - starts[rows[pair]])
    bits = 8
    while (1 << bits) < 4 * longest:
        bits += 1
    mask = (1 << bits) - 1
    table = np.full(1 << bits, -1, np.int64)  # the stamp of a row << 32 | where its gram lies
    held = np.int64(-1)
    stamp = 0
    for pair in range(first, last):
        begin = starts[rows[pair]]
        if rows[pair] != held:
            held = rows[pair]
            stamp += 1
            for at in range(starts[held + 1] - begin):
                place = np.int64(grams[begin + at] >> U(40)) & mask
                while table[place] >> 32 == stamp:
                    place = (place + 1) & mask
                table[place] = stamp << 32 | at
        found = 0
        for at in range(starts[twins[pair]], starts[twins[pair] + 1]):
            gram = grams[at]
            place = np.int64(gram >> U(40)) & mask
            while table[place] >> 32 == stamp and grams[begin + (table[place] & 0xFFFFFFFF)] != gram:
                place = (place + 1) & mask
            found += int(table[place] >> 32 == stamp)
        common[pair] = found

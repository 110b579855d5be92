"""Kernels: from grams to the postings of a row, from the postings of a bucket to pairs of rows, to their overlaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, kernel
from demur.text.lanes import ones, sort_hashes, sort_ranks

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Shorts = NDArray[np.int32]
Hashes = NDArray[np.uint64]
Tails = NDArray[np.uint32]
U = np.uint64


@kernel
def gather(hashes: Hashes, starts: Ints, sizes: Ints, rows: Ints, at: int, out: Hashes) -> None:
    """Copy the grams of the given rows, one row behind the other, to `out` from `at` on."""
    for row in rows:
        for place in range(starts[row], starts[row] + sizes[row]):
            out[at] = hashes[place]
            at += 1


@kernel
def sort_rows(grams: Hashes, starts: Ints) -> None:
    """Sort the grams of each row."""
    for row in range(len(starts) - 1):
        sort_hashes(grams[starts[row] : starts[row + 1]])


@inner
def smallest(ranks: Hashes, count: int, wanted: int, out: Hashes) -> None:
    """The `wanted` smallest of some ranks, ascending."""
    if wanted > 48:
        out[:count] = ranks[:count]
        sort_ranks(out[:count])  # the grams are ascending
        return
    held = 0
    for at in range(count):
        rank = ranks[at]
        if held == wanted and rank >= out[held - 1]:
            continue
        place = held if held < wanted else held - 1
        held += int(held < wanted)
        while place > 0 and out[place - 1] > rank:
            out[place] = out[place - 1]
            place -= 1
        out[place] = rank


@kernel
def post_rows(
    grams: Hashes, sizes: Shorts, threshold: float, levels: Bytes, shift: int, keys: Hashes, tails: Tails,
    sketches: Hashes, lengths: Shorts, prints: Hashes,
) -> int:  # fmt: skip
    """Postings of rows that lie one behind the other: the rarest grams of each, so many that similar rows share one.

    Grams are ordered by their level (of the slot that they have in the table), then by hash. A key is 40 bits of the
    gram and 24 of the row's print; a tail has the size of the row in 20 bits and the gram's place in its order in 12,
    or the largest number of so many bits; a sketch has 56 bits, of which every gram turns one, and 8 of the print.
    `lengths` is the number of each row's postings, and `prints` has 64 bits of each row's set.
    """
    longest = 0
    for row in range(len(sizes)):
        longest = max(longest, int(sizes[row]))
    ranks, chosen = np.empty(longest + 1, np.uint64), np.empty(longest + 1, np.uint64)
    used = 0
    begin = 0
    for row in range(len(sizes)):
        size = int(np.int64(sizes[row]))
        lengths[row] = 0
        prints[row] = U(0)
        if size == 0:
            continue
        sketch, total = U(0), U(0)
        for at in range(size):
            gram = grams[begin + at]
            mark = gram ^ (gram >> U(32))
            mark *= U(0xD6E8FEB86659FD93)
            mark ^= mark >> U(29)
            sketch ^= U(1) << (((mark >> U(40)) * U(56)) >> U(24))
            total += (mark ^ (mark >> U(31))) * U(0xFF51AFD7ED558CCD)
            level = levels[np.int64((gram * U(0x9E3779B97F4A7C15)) >> U(shift))]
            ranks[at] = U(level) << U(56) | gram >> U(8)
        total ^= total >> U(32)
        total *= U(0xD6E8FEB86659FD93)
        prints[row] = total
        wanted = size - int(np.ceil(threshold * size - 1e-9)) + 1
        smallest(ranks, size, wanted, chosen)
        for at in range(wanted):
            keys[used] = ((chosen[at] >> U(16)) & U(0xFFFFFFFFFF)) << U(24) | total >> U(40)
            tails[used] = np.uint32(min(size, 0xFFFFF) << 12 | min(at, 0xFFF))
            sketches[used] = sketch << U(8) | (total >> U(32)) & U(255)
            used += 1
        lengths[row] = wanted
        begin += size
    return used


@inner
def put(kept: list[Ints], at: int, one: int, two: int, width: int) -> None:
    """Put two numbers at a place of the array in a list, which has room for some more behind it, and grows.

    It is in a list because of an array that is assigned anew in a loop numba counts at every turn who holds it.
    """
    if at + width > len(kept[0]):
        more = np.empty(2 * len(kept[0]) + width, np.int64)
        more[: len(kept[0])] = kept[0]
        kept[0] = more
    kept[0][at], kept[0][at + 1] = one, two


@inner
def by_size(held: Ints, count: int, tails: Tails) -> None:
    """Bring postings into the order of their rows' sizes."""
    if count > 24:
        sizes = np.empty(count, np.int64)
        for at in range(count):
            sizes[at] = np.int64(tails[held[at]] >> 12) << 32 | at
        sizes.sort()
        before = held[:count].copy()
        for at in range(count):
            held[at] = before[sizes[at] & 0xFFFFFFFF]
        return
    for at in range(1, count):
        value = held[at]
        place = at
        while place > 0 and tails[held[place - 1]] >> 12 > tails[value] >> 12:
            held[place] = held[place - 1]
            place -= 1
        held[place] = value


@kernel
def meet_runs(
    keys: Hashes, rows: Ints, tails: Tails, sketches: Hashes, threshold: float, most: int, share: int, looked: Ints
) -> tuple[Ints, Ints, Ints]:  # fmt: skip
    """What the runs of postings with one gram say; postings are sorted by key, then by row.

    Returns:
        Candidates: pairs of rows that may be similar by place, size and sketch, behind one another; and behind each the
        smallest row that is in a pair of the same run. Copies: pairs of a row and
        the smallest row with the same size, print and sketch, which is the only one to be in other pairs. And crowds:
        rows of runs that hold more than `most` distinct rows, or more than `share` candidates for each; behind each of
        them the smallest of its crowd.
    """
    pairs, copies, crowd = [np.empty(1024, np.int64)], [np.empty(1024, np.int64)], [np.empty(64, np.int64)]
    pair, copied, crowded = 0, 0, 0
    held = np.empty(64, np.int64)
    part = threshold / (1.0 + threshold)
    begin = 0
    while begin < len(keys):
        end = begin + 1
        while end < len(keys) and keys[end] >> U(24) == keys[begin] >> U(24):
            end += 1
        if len(held) < end - begin:
            held = np.empty(2 * (end - begin), np.int64)
        count, equal = 0, 0
        for at in range(begin, end):
            if at > begin and keys[at] != keys[at - 1]:
                equal = count
            same = -1
            for other in range(equal, count):
                if tails[held[other]] == tails[at] and sketches[held[other]] == sketches[at]:
                    same = held[other]
                    break
            if same < 0:
                held[count] = at
                count += 1
            elif tails[at] & 0xFFF == 0 and rows[same] != rows[at]:
                put(copies, copied, rows[at], rows[same], 2)
                copied += 2
        before = pair
        too_many = count > most
        if count > 1 and not too_many:
            by_size(held, count, tails)
            for large in range(1, count):
                at = held[large]
                large_size = int(np.int64(tails[at] >> 12))
                large_place = int(np.int64(tails[at] & 0xFFF))
                for small in range(large - 1, -1, -1):
                    other = held[small]
                    size = int(np.int64(tails[other] >> 12))
                    if size < threshold * large_size - 1e-9:
                        break
                    looked[0] += 1
                    if large_size < 0xFFFFF:  # or it may be larger
                        need = int(np.ceil(part * (size + large_size) - 1e-9))
                        # If this is the first gram that both have, they share no more than what is left of each. If it
                        # is not, they are looked at under the first one too.
                        if min(size - int(np.int64(tails[other] & 0xFFF)), large_size - large_place) < need:
                            continue
                        # Each bit in which sketches differ stands for a gram at least that only one of the rows has.
                        if ones((sketches[at] ^ sketches[other]) >> U(8)) > size + large_size - 2 * need:
                            continue
                    if rows[at] == rows[other]:
                        continue
                    put(pairs, pair, min(rows[at], rows[other]), max(rows[at], rows[other]), 3)
                    pair += 3
                if pair - before > 3 * share * count:
                    too_many = True
                    break
            lowest = rows[begin]
            met = pairs[0][before:pair]
            for at in range(0, len(met), 3):
                lowest = met[at] if at == 0 else min(lowest, met[at])
            for at in range(0, len(met), 3):
                met[at + 2] = lowest
        if too_many:
            pair = before
            lowest = rows[held[0]]
            for at in range(count):
                lowest = min(lowest, rows[held[at]])
            for at in range(count):
                put(crowd, crowded, rows[held[at]], lowest, 2)
                crowded += 2
        begin = end
    return pairs[0][:pair], copies[0][:copied], crowd[0][:crowded]


@kernel
def overlaps(grams: Hashes, starts: Ints, ones: Ints, twos: Ints, first: int, last: int, common: Ints) -> None:
    """The number of grams that the two rows of each pair first..last share; grams ascend within a row."""
    for pair in range(first, last):
        one, one_end = starts[ones[pair]], starts[ones[pair] + 1]
        two, two_end = starts[twos[pair]], starts[twos[pair] + 1]
        found = 0
        while one < one_end and two < two_end:
            a, b = grams[one], grams[two]
            found += int(a == b)
            one += int(a <= b)
            two += int(b <= a)
        common[pair] = found

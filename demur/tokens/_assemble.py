"""Kernel: tokens of many rows, one flat array -> input ids and labels, cut to a block, with each row's verdict."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, kernel

Flat = NDArray[np.int32]
Places = NDArray[np.int64]
Keys = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.uint8]

IGNORED = -100
"""The label that no loss counts; torch's own default."""

FITS, SEAM, SPECIAL, END, FULL, EMPTY = range(6)

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX1, _MIX2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)


@inner
def mixed(key: np.uint64, place: int) -> np.uint64:
    """64 bits for one place of one row. Source: splitmix64 (Steele, Lea, Flood 2014), the place-th output."""
    bits = key + _STEP * np.uint64(place + 1)
    bits = (bits ^ (bits >> _S30)) * _MIX1
    bits = (bits ^ (bits >> _S27)) * _MIX2
    return bits ^ (bits >> _S31)


@kernel
def judge(
    heads: Flat, head_offsets: Places, head_rows: Places, tails: Flat, offsets: Places, starts: Places,
    apart: Flat, apart_offsets: Places, apart_rows: Places, special: Flags, expected: int, eos: int, block: int,
) -> Codes:  # fmt: skip
    """Whether each row may be used, and if not, why. A row's tokens are those of its head and of its tail.

    Args:
        heads: tokens of the distinct heads.
        head_offsets: where each head begins, and the end.
        head_rows: the head of every row.
        tails: tokens of every row's tail.
        offsets: where each tail begins, and the end.
        starts: the target's first token in its tail; -1 where none begins there.
        apart: tokens of the distinct contexts in the tails, each encoded alone.
        apart_offsets: where each context begins, and the end.
        apart_rows: the context of every row.
        special: which token numbers are special.
        expected: how many special tokens the template has.
        eos: the end-of-sequence token.
        block: the largest length.
    """
    verdicts = np.zeros(len(starts), np.uint8)
    for row in range(len(starts)):
        first, last, start = offsets[row], offsets[row + 1], starts[row]
        head, context = head_rows[row], apart_rows[row]
        length = apart_offsets[context + 1] - apart_offsets[context]
        same = start == length
        if same:
            for place in range(length):
                if tails[first + place] != apart[apart_offsets[context] + place]:
                    same = False
                    break
        specials, ends = 0, 0
        for place in range(head_offsets[head], head_offsets[head + 1]):
            specials += special[heads[place]]
        for place in range(first, last):
            specials += special[tails[place]]
            ends += place >= first + start and tails[place] == eos
        if specials != expected:
            verdicts[row] = SPECIAL
        elif not same:
            verdicts[row] = SEAM
        elif ends != 1 or tails[last - 1] != eos:
            verdicts[row] = END
        elif head_offsets[head + 1] - head_offsets[head] + start >= block:
            verdicts[row] = FULL
    return verdicts


@kernel
def assemble(
    heads: Flat, head_offsets: Places, head_rows: Places, tails: Flat, offsets: Places, starts: Places,
    transition: Flags, keys: Keys, rows: Places, out: Places, fixed: int, first_fixed: int, below: np.uint64,
    all_kept: bool,
) -> tuple[Flat, Flat]:  # fmt: skip
    """Input ids and labels of the chosen rows, one after the other.

    Args:
        heads: tokens of the distinct heads.
        head_offsets: where each head begins, and the end.
        head_rows: the head of every row.
        tails: tokens of every row's tail.
        offsets: where each tail begins.
        starts: the target's first token in its tail.
        transition: which rows predict the fixed token everywhere in the target.
        keys: 64 bits of every row, from its id and the seed.
        rows: the chosen rows.
        out: where each chosen row's tokens begin in the result, and the end.
        fixed: the fixed token.
        first_fixed: the same word as the first of an answer, which the first position predicts.
        below: a position of a transition row is kept where its bits are below this.
        all_kept: keep every position.
    """
    inputs = np.empty(out[-1], np.int32)
    labels = np.full(out[-1], IGNORED, np.int32)
    for number in range(len(rows)):
        row = rows[number]
        begin, to, end = head_offsets[head_rows[row]], out[number], out[number + 1]
        for place in range(min(head_offsets[head_rows[row] + 1] - begin, end - to)):
            inputs[to + place] = heads[begin + place]
        to += head_offsets[head_rows[row] + 1] - begin
        first, start = offsets[row], starts[row]
        for place in range(end - to):
            inputs[to + place] = tails[first + place]
        if not transition[row]:
            for place in range(start, end - to):
                labels[to + place] = tails[first + place]
            continue
        if all_kept:
            labels[to + start : end] = fixed
            labels[to + start] = first_fixed
            continue
        kept, best, least = 0, start, np.uint64(0xFFFFFFFFFFFFFFFF)
        for place in range(start, end - to):
            bits = mixed(keys[row], place - start)
            if bits < below:
                labels[to + place] = first_fixed if place == start else fixed
                kept += 1
            if bits < least:
                least, best = bits, place
        if kept == 0:
            labels[to + best] = first_fixed if best == start else fixed
    return inputs, labels

"""Texts near given prompts, by words and by characters: prompts indexed once, texts in slices, each row on its own.

Where `demur.similarity.joins` compares two collections under one view, this probes one small side under several, from
one tokenisation of each text, and looks only where a rare gram or a run of characters is shared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.similarity import _matching, _plain
from demur.similarity._chars import WORDS, count_characters, hash_characters, match_characters
from demur.similarity._indexed import Anchored, Grams, Rows, Table
from demur.similarity._matching import AWAY, anchors, marks
from demur.similarity._plain import distinct, slots
from demur.similarity._words import match_words, sort_rows, weigh_pairs
from demur.similarity.sets import GramSets, Units
from demur.text.arrays import Texts, apart, as_array, buffers
from demur.text.columns import fold_confusables_array
from demur.text.compiled import compiles, interpreted, outgrow, over_rows
from demur.text.normalise import fold_confusable_character, is_word
from demur.text.order import stable

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Levels = NDArray[np.uint8]
Weigh = Callable[[Hashes], Levels]

#: Prompts with fewer 4-grams of characters than this need a shared run of 10 characters; with fewer than this, one of
#: 12; others one of 16. One typo leaves as much in any prompt of 21 characters or more, and two typos in any of 50.
LENGTHS = (23, 45)
_HITS = 2  # common grams of a prompt's rarest that a pair needs before it is looked at
_STRIDE = 3  # every run of 12 characters holds a 10-gram that begins at a multiple of 3
_COUNTED = 20  # bits of a gram by which prompts that have it are counted, with those of grams that begin alike
_SIEVE = 21  # bits, at most: 2 ** 18 bytes, half of what the inner caches of most processors have


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of a text and a prompt.

    Attributes:
        rows: of the texts.
        prompts: of the prompts.
        common: the number of distinct grams that both have.
        rest: the number of grams of the text: of words, distinct ones; of characters, all.
    """

    rows: Ints
    prompts: Ints
    common: Ints
    rest: Ints


@cache
def folded_ascii() -> NDArray[np.uint8]:
    """For every byte the character it stands for in the character view, or 0 if it is left out."""
    table = np.zeros(256, np.uint8)
    for code in range(128):
        folded = fold_confusable_character(chr(code))
        table[code] = ord(folded) if is_word(folded) else 0
    table.flags.writeable = False
    return table


def character_rows(texts: pa.LargeStringArray) -> Rows:
    """Texts as the character kernels read them."""
    data, offsets = buffers(texts)
    special, other = apart(texts)
    folded = special
    if len(special):
        folded = fold_confusables_array(special)
        # A text without any letter or number has no characters here, whichever its punctuation.
        said = pa.array([any(map(str.isalnum, text)) for text in folded.to_pylist()])
        folded = pc.if_else(said, folded, pa.scalar("", pa.large_string()))
    return Rows(data, offsets, *buffers(folded), other, folded_ascii())


def hashed_characters(texts: Texts, most: int = 1 << 40) -> Units:
    """Hashes of the 4-grams of the first `most` characters of every text, in reading order (spaces left out)."""
    rows = character_rows(as_array(texts))
    if interpreted():
        return _few_characters(rows, most)
    starts = np.zeros(len(rows.other) + 1, np.int64)
    count_characters(rows, 0, len(rows.other), most, starts[1:])
    np.cumsum(starts, out=starts)
    grams = np.empty(starts[-1], np.uint64)
    hash_characters(rows, 0, len(rows.other), starts, grams)
    return Units(grams, starts)


def _few_characters(rows: Rows, most: int = 1 << 40) -> Units:
    """As `hashed_characters`, without a kernel."""
    data, other = rows.data.tobytes(), rows.other_data.tobytes()
    codes = []
    for row, place in enumerate(rows.other.tolist()):
        if place == -1:
            bytes = np.frombuffer(data[rows.offsets[row] : rows.offsets[row + 1]], np.uint8)
            points = rows.lower[bytes].astype(np.uint64)
            codes.append(points[points > 0][:most])
        elif place >= 0:
            text = other[rows.other_offsets[place] : rows.other_offsets[place + 1]].decode()
            points = np.frombuffer(text.replace(" ", "").encode("utf-32-le"), np.uint32).astype(np.uint64)
            codes.append(points[:most])
        else:
            codes.append(np.empty(0, np.uint64))
    return Units(*_plain.character_grams(codes))


@dataclass(frozen=True, slots=True)
class WordIndex:
    """Prompts as sets of grams of `width` words, found through the rarest few of each.

    A text with a share of at least s of a prompt's k grams lacks at most k - ceil(s * k) of them, so it has two of any
    k - ceil(s * k) + 2.
    """

    grams: Grams
    width: int
    jaccard: float
    share: float

    @classmethod
    def of(cls, sets: GramSets, levels: Levels | None, width: int, jaccard: float, share: float = 2.0) -> WordIndex:
        """Index prompts; `levels` say how rare each gram is elsewhere (255: rare), for grams of one word."""
        hashes, owners = sets.flat()
        inside = _plain.within(sets.sizes)
        # Rarer ones first, as far as it is easily told: whichever are chosen, no pair is missed.
        places = (hashes >> np.uint64(64 - _COUNTED)).astype(np.int64)
        common = np.zeros(len(hashes), np.uint8) if levels is None else 255 - levels
        counts = np.minimum(np.bincount(places)[places], (1 << 24) - 1)
        order = stable(owners << 32 | common.astype(np.int64) << 24 | counts)
        needed = at_least(min(jaccard, share), sets.sizes)
        least = np.clip(needed, 1, _HITS)
        kept = order[inside < (sets.sizes - needed + least)[owners]]  # `order` keeps each owner's grams together
        kept = kept[stable(sets.sizes[owners[kept]])]
        kept = kept[stable(hashes[kept])]
        table = _table(hashes[kept], (owners[kept] << 32 | sets.sizes[owners[kept]]).astype(np.uint64))
        made = Grams(sets.hashes, sets.starts, sets.sizes, least, table)
        return cls(made, width, jaccard, share)

    def match(self, units: Units, threads: int | None) -> Pairs:
        """Pairs that reach the Jaccard index, or the share of the prompt's grams."""
        if interpreted():
            thresholds = self.width, self.jaccard, self.share
            return Pairs(*_matching.match_words(units.hashes, units.starts, self.grams, *thresholds))
        found = over_rows(
            lambda a, b: match_words(
                units.hashes, units.starts, self.grams, self.width, self.jaccard, self.share, a, b
            ),
            len(units.starts) - 1, threads,
        )  # fmt: skip
        return Pairs(*(np.concatenate(column) for column in zip(*found, strict=True)))


@dataclass(frozen=True, slots=True)
class CharacterIndex:
    """Prompts as sets of 4-grams of characters, found through shared runs of characters.

    Attributes:
        prompts: for the kernel.
        sizes: the number of distinct grams of each prompt.
        weights: their sum of weights.
        needed: the smallest number of its distinct grams in one window.
    """

    prompts: Anchored
    sizes: Ints
    weights: Ints
    needed: Ints

    @classmethod
    def of(cls, grams: Units, weigh: Weigh, share: float) -> CharacterIndex:
        """Index prompts by their 4-grams in reading order, to be found by a share of the distinct ones.

        A typo costs up to five 4-grams, so five may always be missing, if they are no more than a quarter.
        """
        count = len(grams.starts) - 1
        lengths = np.diff(grams.starts)
        known, owner = _sets(grams)
        weights = weigh(known)
        places = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(owner, minlength=count), out=places[1:])
        words = WORDS * owner + (known >> np.uint64(59)).astype(np.int64)  # ascending, as `known` is for each prompt
        bits = np.uint64(1) << (known >> np.uint64(53) & np.uint64(63))
        first = np.flatnonzero(np.diff(words, prepend=-1))
        bitmaps = np.zeros(WORDS * count, np.uint64)
        bitmaps[words[first]] = np.bitwise_or.reduceat(bits, first)
        keys, postings = _anchors(grams, lengths)
        table = _table(keys, postings)
        wide = min(_SIEVE, table.bits + 3)
        sieve = _plain.bitmap(1 << wide, (keys >> np.uint64(64 - wide)).astype(np.int64))
        prompts = Anchored(grams.hashes, grams.starts, known, places, weights, bitmaps, sieve, wide, table)
        sizes = np.diff(places)
        needed = np.maximum(np.minimum(at_least(share, sizes), sizes - 5), at_least(min(share, 0.75), sizes))
        return cls(prompts, sizes, np.bincount(owner, weights, count).astype(np.int64), needed)

    def match(self, texts: pa.LargeStringArray, threads: int | None) -> tuple[Pairs, Ints]:
        """Windows that hold enough of a prompt, with the weight of the grams they hold; a pair may come twice."""
        rows = character_rows(texts)
        if interpreted():
            few = _few_characters(rows)
            fixed = few.hashes, few.starts, self.prompts, self.needed
            if (one := _matching.match_characters(*fixed, patient=not compiles())) is not None:
                places, prompts, common, weight, count = one
                return Pairs(places, prompts, common, count), weight
            outgrow()
        found = over_rows(lambda a, b: match_characters(rows, self.prompts, self.needed, a, b), len(texts), threads)
        places, prompts, common, weight, count = (np.concatenate(column) for column in zip(*found, strict=True))
        return Pairs(places, prompts, common, count), weight


def weigh_words(units: Units, theirs: Units, weights: Levels, width: int, pairs: Pairs) -> tuple[Ints, Ints]:
    """For each pair the weight of the prompt's words in common grams of `width` words, and the longest common run.

    `weights` are of the prompts' words, in reading order.
    """
    covered, spans = np.zeros(len(pairs.rows), np.int64), np.zeros(len(pairs.rows), np.int64)
    if interpreted():
        for place, (row, prompt) in enumerate(zip(pairs.rows.tolist(), pairs.prompts.tolist(), strict=True)):
            ours, own = (slice(*each.starts[at : at + 2].tolist()) for each, at in ((units, row), (theirs, prompt)))
            words = units.hashes[ours].tolist(), theirs.hashes[own].tolist(), weights[own].tolist()
            covered[place], spans[place] = _plain.weighed(*words, width)
        return covered, spans
    fixed = (units.hashes, units.starts, theirs.hashes, theirs.starts, weights, width)
    weigh_pairs(*fixed, pairs.rows, pairs.prompts, 0, len(pairs.rows), covered, spans)
    return covered, spans


def single_grams(units: Hashes) -> Hashes:
    """The gram of each unit by itself, as it stands in a set of grams of one unit."""
    return _plain.grams_of(units, np.arange(len(units) + 1), 1)[0]


def at_least(share: float, sizes: Ints) -> Ints:
    """The smallest integers that are not below share * sizes, one rounding error forgiven downwards."""
    least: Ints = np.ceil(share * sizes - 1e-9).astype(np.int64)
    return least


def _table(keys: Hashes, postings: Hashes) -> Table:
    """The table of postings, given in the order of their keys."""
    bits = max(6, int(1 + np.count_nonzero(np.diff(keys))).bit_length())
    return Table(postings, *_plain.filled_table(keys, bits), bits)


def _sets(grams: Units) -> tuple[Hashes, Ints]:
    """The distinct grams of each row, ascending, and which row's they are."""
    lengths = np.diff(grams.starts)
    if interpreted():
        owners = np.repeat(np.arange(len(lengths)), lengths)
        hashes = _plain.ascending(grams.hashes, grams.starts)
        new = np.ones(len(hashes), np.bool_)
        new[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
        return hashes[new], owners[new]
    hashes, sizes = grams.hashes.copy(), np.empty(len(lengths), np.int64)
    used = sort_rows(hashes, grams.starts, sizes)
    return hashes[:used], np.repeat(np.arange(len(lengths)), sizes)


def _anchors(grams: Units, lengths: Ints) -> tuple[Hashes, Hashes]:
    """Keys and postings of the anchors: every third 10-gram (every one of short prompts), the first of equal ones."""
    hashes = np.append(grams.hashes, np.zeros(10, np.uint64))
    kinds = np.searchsorted(LENGTHS, lengths, side="right")
    steps = np.where(kinds == 0, 1, _STRIDE)
    counts = -(-np.clip(lengths - 6, 0, 1 << 14) // steps)
    owners = np.repeat(np.arange(len(lengths)), counts)
    positions = _plain.within(counts) * steps[owners]
    at = grams.starts[owners] + positions
    keys = anchors(hashes, at)
    away = AWAY[kinds[owners]]
    before = marks(hashes, at - away, positions >= away, 4095)
    behind = marks(hashes, at + 6 + away, positions + 6 + away < lengths[owners], 4095)
    postings: Hashes = (owners << 40 | positions << 26 | kinds[owners] << 24).astype(np.uint64)
    postings |= before << np.uint64(12) | behind
    order = stable(keys)  # by owner and position they are in order
    keys, postings = keys[order], postings[order]
    new = np.ones(len(keys), np.bool_)
    new[1:] = (keys[1:] != keys[:-1]) | (postings[1:] >> np.uint64(40) != postings[:-1] >> np.uint64(40))
    return keys[new], postings[new]


__all__ = [
    "LENGTHS",
    "CharacterIndex",
    "Pairs",
    "WordIndex",
    "at_least",
    "character_rows",
    "distinct",
    "folded_ascii",
    "hashed_characters",
    "single_grams",
    "slots",
    "weigh_words",
]

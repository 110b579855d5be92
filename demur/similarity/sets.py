"""Texts to sets of gram hashes, in compressed rows: one array of hashes, where each row starts, and how many it has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.similarity import _plain
from demur.similarity._tokens import gram_sets, hash_in_order, hash_texts, hash_units, whole
from demur.similarity.views import GRAM_SIZE, View
from demur.text.arrays import Texts, apart, as_array, buffers
from demur.text.columns import fold_confusables_array, normalise_array
from demur.text.compiled import interpreted, over_rows, ranges
from demur.text.normalise import JOINERS
from demur.text.scripts import character_classes

SLICE = 1 << 22
"""Bytes of text whose words are hashed at a time where nothing is compiled; the hashes take several times as much."""


@dataclass(frozen=True, slots=True)
class GramSets:
    """The gram sets of n texts.

    Attributes:
        hashes: the grams; row i's are ``hashes[starts[i] : starts[i] + sizes[i]]``, ascending and distinct.
        starts: n + 1 positions (there may be unused room behind a row's grams).
        sizes: the number of distinct grams of each row; 0 for a null.
        prints: a hash of each row's set; equal sets have equal prints.
    """

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    prints: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.sizes)

    def flat(self, first: int = 0, last: int | None = None) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """All grams of a range of rows, without unused room, and the row of each."""
        sizes = self.sizes[first:last]
        owners = np.repeat(np.arange(first, first + len(sizes)), sizes)
        return self.hashes[self.starts[owners] + _plain.within(sizes)], owners


@dataclass(frozen=True, slots=True)
class Units:
    """Hashes of each text's units in reading order; row i's are ``hashes[starts[i] : starts[i + 1]]``."""

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]


@cache
def ascii_table() -> NDArray[np.uint8]:
    """For each byte: its lower-case form if it is a word character, 1 for a joiner, else 0."""
    table = np.zeros(256, np.uint8)
    for byte in range(128):
        character = chr(byte)
        table[byte] = ord(character.lower()) if character.isalnum() else character in JOINERS
    return table


def hashed_units(texts: pa.LargeStringArray, view: View, threads: int | None = None) -> Units:
    """Hash every unit of every text; rows that are not ASCII (for "char": all rows) are normalised first."""
    if interpreted() and view != "char":
        return _few_units(texts)
    by_character = view == "char"
    fixed = (*_read(texts, by_character), by_character)
    rows = len(texts)
    starts = np.zeros(rows + 1, np.int64)
    if len(ranges(rows, threads)) == 1:  # no text has more words than every second byte, and itself
        room = int(fixed[1][-1] - fixed[1][0]) // 2 + int(fixed[3][-1] - fixed[3][0]) + 2 * rows
        hashes = np.empty(room, np.uint64)
        hash_units(*fixed, 0, rows, starts, hashes, True)
        return Units(hashes[: starts[-1]], starts)
    nothing = np.empty(0, np.uint64)
    over_rows(lambda a, b: hash_units(*fixed, a, b, starts[1:], nothing, False), rows, threads)
    np.cumsum(starts, out=starts)
    hashes = np.empty(starts[-1], np.uint64)
    over_rows(lambda a, b: hash_units(*fixed, a, b, starts, hashes, True), rows, threads)
    return Units(hashes, starts)


def completed(units: Units, texts: pa.LargeStringArray) -> Units:
    """The hashed words of all texts, where those of some were hashed before; texts of none are hashed now.

    Example:
        >>> texts = pa.array(["the old lamp", "a lake"], pa.large_string())
        >>> one = hashed_units(texts.slice(0, 1), "word3", 1)
        >>> completed(Units(one.hashes, np.array([0, 3, 3])), texts).starts.tolist()
        [0, 3, 5]
    """
    lengths = np.diff(units.starts)
    bare = lengths == 0
    if not bare.any():
        return units
    more = hashed_units(texts.filter(pa.array(bare)), "word3", 1)
    if 20 * np.count_nonzero(bare) < len(bare):
        return _filled(units, np.flatnonzero(bare), more)
    lengths[bare] = np.diff(more.starts)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    hashes, new = np.empty(starts[-1], np.uint64), np.repeat(bare, lengths)
    hashes[new] = more.hashes
    hashes[~new] = units.hashes[units.starts[0] : units.starts[-1]]
    return Units(hashes, starts)


def _filled(units: Units, places: NDArray[np.int64], more: Units) -> Units:
    """Units of all rows, of which those at a few places had none."""
    lengths = np.diff(units.starts)
    lengths[places] = np.diff(more.starts)
    parts, at = [], units.starts[0]
    for place, start, end in zip(units.starts[places].tolist(), more.starts[:-1], more.starts[1:], strict=True):
        parts += [units.hashes[at:place], more.hashes[start:end]]
        at = place
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Units(np.concatenate([*parts, units.hashes[at : units.starts[-1]]]), starts)


def hashed_texts(texts: pa.LargeStringArray, words: int | None = None) -> NDArray[np.uint64]:
    """One hash of the words of each text, in order, or of its first ones; 0 for a null."""
    if interpreted():
        step = max(64, int(SLICE / max(1, texts.nbytes / max(1, len(texts)))))
        parts = [ordered(_first(_few_units(texts.slice(at, step)), words)) for at in range(0, len(texts), step)]
        return np.concatenate([np.zeros(0, np.uint64), *parts])
    fixed = _read(texts, by_character=False)
    made = np.zeros(len(texts), np.uint64)
    most = np.iinfo(np.int64).max if words is None else words
    over_rows(lambda a, b: hash_texts(*fixed, most, a, b, made), len(texts))
    return made


def ordered(units: Units) -> NDArray[np.uint64]:
    """One hash of each row's units in order: a sum in which every place has a multiplier of its own."""
    if not interpreted():
        made = np.empty(len(units.starts) - 1, np.uint64)
        hash_in_order(
            np.require(units.hashes, np.uint64, ["C", "W"]), np.require(units.starts, np.int64, ["C", "W"]), made
        )
        return made
    lengths = np.diff(units.starts)
    places = np.arange(len(units.hashes)) - np.repeat(units.starts[:-1], lengths)
    with np.errstate(over="ignore"):
        factors = (places.astype(np.uint64) * np.uint64(2) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        factors = (factors ^ (factors >> np.uint64(31))) | np.uint64(1)
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(units.hashes * factors, dtype=np.uint64)])
        made = sums[units.starts[1:]] - sums[units.starts[:-1]]
        return np.where(lengths > 0, made | np.uint64(1), np.uint64(0)).astype(np.uint64)


def _first(units: Units, most: int | None) -> Units:
    """The first units of each row."""
    if most is None:
        return units
    lengths = np.diff(units.starts)
    places = np.arange(len(units.hashes)) - np.repeat(units.starts[:-1], lengths)
    return Units(units.hashes[places < most], np.concatenate([[0], np.cumsum(np.minimum(lengths, most))]))


_Read: TypeAlias = tuple[
    NDArray[np.uint8],
    NDArray[np.int64],
    NDArray[np.uint8],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.uint8],
    NDArray[np.uint8],
]


def _read(texts: pa.LargeStringArray, by_character: bool) -> _Read:
    """Texts as the kernels of `_tokens` read them: those that are not ASCII, or all by character, normalised."""
    data, offsets = buffers(texts)
    special, other = apart(texts, every=by_character)
    transform = fold_confusables_array if by_character else normalise_array
    other_data, other_offsets = buffers(transform(special))
    classes = character_classes() if len(special) else np.zeros(1, np.uint8)
    classes.flags.writeable = False
    return data, offsets, other_data, other_offsets, other, ascii_table(), classes


def _few_units(texts: pa.LargeStringArray) -> Units:
    """As `hashed_units` of words, without a kernel."""
    ascii = pc.fill_null(pc.string_is_ascii(texts), True).to_numpy(zero_copy_only=False)
    plain = pc.if_else(pa.array(ascii), pc.fill_null(texts, ""), pa.scalar("", pa.large_string()))
    data, offsets = buffers(plain)
    hashes, rows = _plain.ascii_units(data, offsets, ascii_table())
    bare = np.setdiff1d(np.flatnonzero(ascii & texts.is_valid().to_numpy(zero_copy_only=False)), rows)
    parts = [(hashes, rows), (_whole(data, offsets, bare), bare)]
    if not ascii.all():
        mine = np.flatnonzero(~ascii)
        data, offsets = buffers(normalise_array(texts.take(pa.array(mine))))
        hashes, rows, bare = _plain.unicode_units(data, offsets, character_classes())
        parts += [(hashes, mine[rows]), (_whole(data, offsets, bare), mine[bare])]
    owners = np.concatenate([rows for _, rows in parts])
    order = np.argsort(owners, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(texts)))]).astype(np.int64)
    return Units(np.concatenate([hashes for hashes, _ in parts])[order], starts)


def _whole(data: NDArray[np.uint8], offsets: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hashes of texts without words."""
    with np.errstate(over="ignore"):
        return np.array([whole(data, offsets[row], offsets[row + 1]) for row in rows.tolist()], np.uint64)


def build(texts: Texts, view: View, threads: int | None = None) -> GramSets:
    """The gram sets of texts under a view (see `demur.similarity.grams`)."""
    return from_units(hashed_units(as_array(texts), view, threads), GRAM_SIZE[view], threads)


def from_units(units: Units, size: int, threads: int | None = None) -> GramSets:
    """Sets of grams of `size` units; the units' array is reused and no longer holds units afterwards."""
    if interpreted():
        return GramSets(*_plain.gram_sets(units.hashes, units.starts, size))
    rows = len(units.starts) - 1
    sizes = np.empty(rows, np.int64)
    prints = np.empty(rows, np.uint64)
    work = partial(gram_sets, units.hashes, units.starts, size)
    over_rows(lambda a, b: work(a, b, sizes, prints), rows, threads)
    return GramSets(units.hashes, units.starts, sizes, prints)

"""Whole columns of texts to their matching form: the tables that the kernel of `_fold` reads, and the call."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.text._fold import fold_rows
from demur.text.arrays import as_array, buffers
from demur.text.compiled import interpreted, over_rows
from demur.text.normalise import (
    CONFUSABLES,
    IGNORABLE_RANGES,
    JOINERS,
    fold_character,
    fold_confusable_character,
    fold_confusables,
    normalise,
)
from demur.text.scripts import BASE, JOINER, NON_WORD, UNSPACED_BASE, character_classes

Codes = NDArray[np.int32]

# What `fold_rows` does with a character.
_SEPARATE, _EMIT, _EMIT_COMPOSED, _JOIN, _LOOK_UP = range(5)


@dataclass(frozen=True, slots=True)
class Composition:
    """What NFC needs: combining classes, which characters may be second in a pair, and the pairs in order."""

    combining: NDArray[np.uint8]
    second: NDArray[np.uint8]
    pairs: NDArray[np.int64]
    results: Codes


@cache
def _decomposable() -> list[str]:
    """The characters with a decomposition; no assigned character beyond these planes has one, and Hangul has a rule."""
    codes = [*range(0x80, 0xAC00), *range(0xD7A4, 0xD800), *range(0xE000, 0x20000), *range(0x2F800, 0x2FA20)]
    return [character for character in map(chr, codes) if unicodedata.decomposition(character)]


@cache
def composition() -> Composition:
    """The canonical compositions of this Python's Unicode data."""
    pairs = {}
    for character in _decomposable():
        parts = unicodedata.decomposition(character).split()
        if len(parts) == 2 and parts[0][0] != "<" and unicodedata.is_normalized("NFC", character):
            pairs[int(parts[0], 16) << 21 | int(parts[1], 16)] = ord(character)
    keys = np.array(sorted(pairs), np.int64)
    combining = np.zeros(sys.maxunicode + 1, np.uint8)
    combining[:0x20000] = [unicodedata.combining(chr(code)) for code in range(0x20000)]
    second = np.zeros(sys.maxunicode + 1, np.uint8)
    second[keys & 0x1FFFFF] = 1
    second[0x1161:0x1176] = second[0x11A8:0x11C3] = 1  # Hangul vowels and final consonants
    return Composition(combining, second, keys, np.array([pairs[key] for key in keys.tolist()], np.int32))


@cache
def joining_classes() -> NDArray[np.uint8]:
    """`character_classes` with a class of their own for joiners."""
    classes = character_classes().copy()
    classes[[ord(joiner) for joiner in JOINERS]] = JOINER
    return classes


@cache
def folding(fold: Callable[[str], str]) -> tuple[Codes, Codes, Codes]:
    """The tables `quick`, `folds` and `folded` of `fold_rows` for a folding of single characters."""
    changed = {c for c in map(chr, range(0x20000)) if c.casefold() != c}
    changed.update(_decomposable(), CONFUSABLES)
    changed.update(chr(code) for code in range(0x0300, 0x0370))
    classes, parts = joining_classes(), composition()
    starters = ((classes == BASE) | (classes == UNSPACED_BASE)) & (parts.combining == 0) & (parts.second == 0)
    actions = np.select([starters, classes == NON_WORD, classes == JOINER], [_EMIT, _SEPARATE, _JOIN], _LOOK_UP)
    quick = (np.arange(sys.maxunicode + 1) << 3 | actions).astype(np.int32)
    folds = np.zeros(sys.maxunicode + 1, np.int32)
    folded = [0, 0]  # place 1 is the empty folding
    for first, last in IGNORABLE_RANGES:
        folds[first : last + 1] = 1
        quick[first : last + 1] = _LOOK_UP
    for character in changed:
        form = fold(character)
        if form == character:
            continue
        folds[ord(character)] = len(folded) if form else 1
        folded += [len(form), *map(ord, form)] if form else []
        composed = unicodedata.normalize("NFC", form)
        quick[ord(character)] = _LOOK_UP
        if len(composed) == 1:
            action = actions[ord(composed)]
            if len(form) > 1:
                action = _EMIT_COMPOSED if action == _EMIT else _LOOK_UP
            quick[ord(character)] = ord(composed) << 3 | action
    return quick, folds, np.array(folded, np.int32)


def form_array(
    texts: pa.Array | pa.ChunkedArray, fold: Callable[[str], str], threads: int | None = None
) -> pa.LargeStringArray:
    """The matching form of every row under a character folding of `demur.text.normalise`; nulls stay null."""
    column = as_array(texts)
    if not len(column):
        return column
    if interpreted():
        form = normalise if fold is fold_character else fold_confusables
        return pa.array([None if text is None else form(text) for text in column.to_pylist()], pa.large_string())
    data, offsets = buffers(column)
    parts = composition()
    tables = (*folding(fold), joining_classes(), parts.combining, parts.second, parts.pairs, parts.results)
    places = np.zeros(len(column) + 1, np.int64)
    made = over_rows(lambda a, b: fold_rows(data, offsets, *tables, a, b, places[1:]), len(column), threads)
    np.cumsum(places, out=places)
    valid = column.is_valid().cast(pa.int8()) if column.null_count else None
    bitmap = None if valid is None else valid.cast(pa.bool_()).buffers()[1]
    joined = made[0] if len(made) == 1 else np.concatenate(made)
    return pa.LargeStringArray.from_buffers(len(column), pa.py_buffer(places), pa.py_buffer(joined), bitmap)


def normalise_array(texts: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    """Apply `normalise` to every row; nulls stay null."""
    return form_array(texts, fold_character)


def fold_confusables_array(texts: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    """Apply `fold_confusables` to every row; nulls stay null."""
    return form_array(texts, fold_confusable_character)

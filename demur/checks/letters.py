"""Hashes of letters, bytes and values: two texts have the same only if they are spelt the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.checks._sums import summed
from demur.checks.batch import Batch
from demur.checks.hashes import MIX, Hashes
from demur.checks.said import SPOKEN
from demur.checks.shapes import texts_of
from demur.checks.signs import edges, lengths
from demur.files.numeric import cells_of
from demur.similarity.sets import Units, ordered
from demur.text.arrays import buffers

_MOST_VALUES = 1000  # label values that are remembered for messages


def letters(batch: Batch) -> Hashes:
    """A hash of the very letters of all that each row says, turn by turn, however its turns are spelt.

    Blanks at the edges of a text do not count, and a text that is empty is none.
    """
    made = np.zeros(batch.rows.num_rows, np.uint64)
    with np.errstate(over="ignore"):
        for number, name in enumerate(SPOKEN, 1):
            if (found := _letters_of(batch, name)) is not None:
                made += found * (MIX * np.uint64(2 * number + 1))
    return made


def _letters_of(batch: Batch, name: str) -> Hashes | None:
    """Of the turns of each row, or of its text where it has none."""
    turns, texts = batch.said.turns.get(name), batch.texts(name)
    if turns is None or not len(turns.texts):
        return None if texts is None else _own_letters(texts)
    said = ordered(Units(_own_letters(turns.texts), turns.starts))
    return said if texts is None or turns.there.all() else np.where(turns.there, said, _own_letters(texts))


def _own_letters(texts: pa.LargeStringArray) -> Hashes:
    stripped = _stripped(texts)
    return np.where(lengths(stripped) == 0, np.uint64(0), byte_hashes(stripped))


def _stripped(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Texts without the blanks at their edges; nothing is an empty text."""
    texts = pc.fill_null(texts, "") if texts.null_count else texts
    blank = np.logical_or(*((edge <= ord(" ")) | (edge > ord("~")) for edge in edges(texts)))
    if not blank.any():
        return texts
    some = [text.strip() for text in texts.filter(pa.array(blank)).to_pylist()]
    return pc.replace_with_mask(texts, pa.array(blank), pa.array(some, pa.large_string()))


def byte_hashes(words: pa.LargeStringArray) -> Hashes:
    """A hash of the bytes of each text, in order; 0 for null."""
    made = summed(*buffers(words))
    made[words.is_null().to_numpy(zero_copy_only=False)] = 0
    return made


def factor_of(name: str) -> np.uint64:
    """An odd number for the name of a column, whatever its case."""
    return np.uint64(byte_hashes(pa.array([name.lower()], pa.large_string()))[0] | np.uint64(1))


def value_codes(column: pa.Array | None, rows: int, values: dict[int, object] | None = None) -> Hashes:
    """A code of each cell's value; 0 for null. With `values`, what short ones stand for is remembered there."""
    if column is None:
        return np.zeros(rows, np.uint64)
    if pa.types.is_nested(column.type):
        texts = texts_of(column)
        column = _as_python(column) if texts is None else texts
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    try:
        words = column.cast(pa.large_string())
    except pa.ArrowException:  # bytes, or a type without a textual form
        words = _as_python(column)
    codes = byte_hashes(words)
    if values is not None and len(values) < _MOST_VALUES:
        _, first = np.unique(codes, return_index=True)
        for place in first[:_MOST_VALUES].tolist():
            values.setdefault(int(codes[place]), column[place].as_py())
    return codes


def _as_python(column: pa.Array) -> pa.LargeStringArray:
    return pa.array([None if cell is None else repr(cell) for cell in cells_of(column)], pa.large_string())

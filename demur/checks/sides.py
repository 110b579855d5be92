"""The two sides of a set, as its columns say them; and how far the form of the texts alone tells them apart.

Form is counted, not kept: a prompt becomes one of 8,192 cells (length, last sign, opening, capitals), and of every set
of rows only the number of prompts in each cell stays, by side and by half. So memory does not grow with the rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.checks.batch import Batch
from demur.checks.flags import truth
from demur.checks.shapes import texts_of
from demur.rates import Score, auroc_of_counts
from demur.text.form import QUESTION

Codes = NDArray[np.int8]
Counts = NDArray[np.int64]

HARMFUL, SAFE = 1, 2
"""Codes of the sides; 0 is neither."""

_WORDS = {
    HARMFUL: ("refuse", "harmful", "unsafe", "malicious", "toxic"),
    SAFE: ("answer", "comply", "safe", "harmless", "unharmful", "benign", "borderline"),
}
_TAUGHT = {HARMFUL: ("refusal", "transition"), SAFE: ("answer",)}
_ABOUT_PROMPTS = ("expected", "side", "prompt_harm_label")
"""Columns about the prompt, even where the file holds responses."""
_COLUMNS = (*_ABOUT_PROMPTS, "label", "harmful", "is_harmful", "unsafe", "is_unsafe", "safe", "is_safe", "toxicity")

_ANSWER = re.compile(r"response|answer|completion|output|reply|generation|chosen", re.IGNORECASE)
"""Columns beside which a plain label may be about the answer."""


def sides_of(batch: Batch) -> Codes | None:
    """The side of each row's prompt: by what a training row teaches, or by a column that says so; None if none does."""
    if batch.subject.kind and (taught := batch.subject.kind.teaches(batch.rows)) is not None:
        return coded(taught, _TAUGHT)
    if batch.layout.states:
        return _by_states(batch)
    paired = batch.layout.scope != "prompt" or any(_ANSWER.search(name) for name in batch.rows.schema.names)
    names = {name.lower(): name for name in batch.rows.schema.names}
    for name in _ABOUT_PROMPTS if paired else _COLUMNS:
        if name in names and (found := _codes(name, batch.rows.column(names[name]))) is not None:
            return found
    return None


def _by_states(batch: Batch) -> Codes:
    """Harmful where some category is 1, safe where all are 0."""
    harmful, safe = np.zeros(batch.rows.num_rows, np.bool_), np.ones(batch.rows.num_rows, np.bool_)
    for name in batch.layout.states:
        if name in batch.rows.schema.names:
            true, false = truth(batch.rows.column(name))
            harmful |= true
            safe &= false
        else:
            safe[:] = False
    return np.where(harmful, HARMFUL, np.where(safe, SAFE, 0)).astype(np.int8)


def _codes(name: str, column: pa.Array) -> Codes | None:
    words = texts_of(column)
    if words is not None and (found := coded(pc.utf8_lower(words), _WORDS)).any():
        return found
    if name in (*_ABOUT_PROMPTS, "label"):
        return None  # 1 and 0 do not say which is which
    return flag_codes(column, harmful="safe" not in name.replace("unsafe", ""))


def flag_codes(column: pa.Array, *, harmful: bool) -> Codes | None:
    """Sides by a flag that says harmful, or safe; None where its cells are no flags."""
    if not (pa.types.is_boolean(column.type) or pa.types.is_integer(column.type) or texts_of(column) is not None):
        return None
    true, false = truth(column)
    yes, no = (HARMFUL, SAFE) if harmful else (SAFE, HARMFUL)
    return np.where(true, yes, np.where(false, no, 0)).astype(np.int8)


def coded(words: pa.Array, said: dict[int, tuple[str, ...]]) -> Codes:
    """Each word's code; 0 for any other."""
    found = np.zeros(len(words), np.int8)
    for code, values in said.items():
        there = pc.fill_null(pc.is_in(words, pa.array(values, words.type)), False)
        found[there.to_numpy(zero_copy_only=False)] = code
    return found


_SIZES = (64, 4, 2, 2, 8)  # length, last sign, opening, first letter, capitals
_CELLS = int(np.prod(_SIZES))
_ASKS = rf"^\W*(?i:{'|'.join(sorted(QUESTION))})\b"
_SHARES = [1e-9, 0.01, 0.02, 0.04, 0.08, 0.16, 0.5]


def length_codes(lengths: pa.Array) -> Counts:
    """Lengths in steps of a fifth: 0 to 63."""
    numbers = pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False)
    steps: Counts = np.minimum(np.floor(4 * np.log2(1 + numbers)).astype(np.int64), _SIZES[0] - 1)
    return steps


def form_cells(texts: pa.LargeStringArray) -> Counts:
    """The cell of each text: its length, last sign, whether it opens as a question does, and its capitals."""

    def where(pattern: str) -> NDArray[np.bool_]:
        there = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
        found: NDArray[np.bool_] = there.to_numpy(zero_copy_only=False)
        return found

    characters = pc.fill_null(pc.utf8_length(texts), 0).to_numpy(zero_copy_only=False)
    capitals = pc.fill_null(pc.count_substring_regex(texts, r"\p{Lu}"), 0).to_numpy(zero_copy_only=False)
    share = np.digitize(capitals / np.maximum(1, characters), _SHARES)
    ending = np.select([where(r"\?\s*$"), where(r"[.!]\s*$"), where(r"[\p{L}\p{N}]\s*$")], [1, 2, 0], 3)
    features = (length_codes(pc.utf8_length(texts)), ending, where(_ASKS), where(r"^\p{Lu}"), share)
    cells: Counts = np.ravel_multi_index(tuple(np.asarray(each, np.int64) for each in features), _SIZES)
    return cells


@dataclass
class Forms:
    """How many prompts of each side lie in each cell of form, by half: those with an even hash, and with an odd one."""

    counts: Counts = field(default_factory=lambda: np.zeros((2, 2, _CELLS), np.int64))

    def add(self, texts: pa.LargeStringArray, sides: Codes, hashes: NDArray[np.uint64]) -> None:
        """Count those of some prompts that have a side."""
        mine = np.flatnonzero((sides > 0) & (hashes != 0))
        cells = form_cells(texts.take(pa.array(mine)))
        half = ((hashes[mine] >> np.uint64(33)) & np.uint64(1)).astype(np.int64)
        np.add.at(self.counts, (half, sides[mine].astype(np.int64) - 1, cells), 1)

    @property
    def prompts(self) -> tuple[int, int]:
        """Prompts of the harmful side and of the safe one."""
        harmful, safe = self.counts.sum(axis=(0, 2)).tolist()
        return harmful, safe

    def together(self) -> Score:
        """AUROC of all of form: naive Bayes, fitted on the one half and scored on the other."""
        split = self.counts.reshape(2, 2, *_SIZES)
        scores = np.zeros((2, *_SIZES))
        for axis, size in enumerate(_SIZES):
            others = tuple(each + 2 for each in range(len(_SIZES)) if each != axis)
            counted = split.sum(axis=others) + 1.0  # half, side, value
            odds = np.log(counted / counted.sum(axis=2, keepdims=True))
            shape = [size if each == axis else 1 for each in range(len(_SIZES))]
            for half in (0, 1):
                scores[half] += (odds[1 - half, 0] - odds[1 - half, 1]).reshape(shape)
        flat = np.round(scores.reshape(-1), 9)
        return auroc_of_counts(flat, self.counts[:, 0].ravel(), self.counts[:, 1].ravel())

    def length(self) -> Score:
        """AUROC of the length alone, whichever way it points."""
        return length_auroc(self.counts.sum(axis=0).reshape(2, *_SIZES).sum(axis=(2, 3, 4, 5)))


def length_auroc(counts: Counts) -> Score:
    """AUROC of lengths counted by side and step, whichever way it points: one half or more."""
    steps = np.arange(counts.shape[1], dtype=np.float64)
    score = auroc_of_counts(steps, counts[0], counts[1])
    return auroc_of_counts(-steps, counts[0], counts[1]) if score.value < 0.5 else score

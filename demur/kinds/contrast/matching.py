"""Matching: every harmful prompt gets the safe prompt that is closest to it, one to one, as an assignment problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from demur.text.form import ending, form, opening

NEAREST = 128
"""Safe candidates of one harmful prompt, at most: the closest ones. Bounds memory and time for large pools."""

WORDS, SCORE, LENGTH, FORM, FIRST, SECOND, ENDING = 1.0, 0.5, 0.3, 0.5, 0.25, 0.25, 0.25
"""What a whole unit of each difference costs, in units of lexical distance (1 - cosine)."""

_UNPAIRED = 1e3  # dearer than any pair, so that as many prompts as can be are paired
_CHUNK = 256


@dataclass(frozen=True)
class Prompts:
    """What is compared of prompts, an entry a prompt.

    Attributes:
        matrix: sparse TF-IDF rows of length 1.
        scores: one column for every give-away score, measured in units of its caliper.
        length: logarithm of the number of characters.
        codes: columns of small numbers that are equal or not: form, first word, first two words, ending.
    """

    matrix: Any
    scores: NDArray[np.float64]
    length: NDArray[np.float64]
    codes: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str], matrix: Any, scores: NDArray[np.float64]) -> Self:
        """Describe prompts."""
        facts = [(form(text), *[*opening(text), "", ""][:2], ending(text)) for text in texts]
        codes = [np.unique(column, return_inverse=True)[1] for column in zip(*facts, strict=True)]
        lengths = np.log([1.0 + len(text) for text in texts])
        return cls(matrix, scores, lengths, np.array(codes, np.int64).T.reshape(len(texts), -1))

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Some of the prompts."""
        return type(self)(self.matrix[rows], self.scores[rows], self.length[rows], self.codes[rows])

    def __len__(self) -> int:
        return len(self.length)


def cost(harmful: Prompts, safe: Prompts) -> NDArray[np.float64]:
    """What pairing every harmful with every safe prompt costs; infinite where a give-away score differs too much."""
    apart = 1 - (harmful.matrix @ safe.matrix.T).toarray()
    total = WORDS * apart + LENGTH * np.abs(harmful.length[:, None] - safe.length[None])
    for column, price in enumerate((FORM, FIRST, SECOND, ENDING)):
        total += price * (harmful.codes[:, column][:, None] != safe.codes[:, column][None])
    for score in range(harmful.scores.shape[1]):
        difference = np.abs(harmful.scores[:, score][:, None] - safe.scores[:, score][None])
        total += SCORE * difference
        total[difference > 1] = np.inf
    found: NDArray[np.float64] = total
    return found


def match(harmful: Prompts, safe: Prompts) -> NDArray[np.int64]:
    """The pairs: as many as can be and, of those, the cheapest in all.

    Returns:
        Two columns: the row of the harmful and of the safe prompt, by the former.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns, prices = [], [], []
    for start in range(0, len(harmful), _CHUNK):
        chunk = np.arange(start, min(start + _CHUNK, len(harmful)))
        priced = cost(harmful.take(chunk), safe)
        near = np.argsort(priced, axis=1, kind="stable")[:, :NEAREST]
        price = np.take_along_axis(priced, near, axis=1)
        at, place = np.nonzero(np.isfinite(price))
        rows.append(chunk[at])
        columns.append(near[at, place])
        prices.append(price[at, place])
    if not rows or not sum(map(len, rows)):
        return np.empty((0, 2), np.int64)
    one, row = np.unique(np.concatenate(rows), return_inverse=True)
    two, column = np.unique(np.concatenate(columns), return_inverse=True)
    dense = np.full((len(one), len(two)), _UNPAIRED)
    dense[row, column] = np.concatenate(prices)
    left, right = linear_sum_assignment(dense)
    good = dense[left, right] < _UNPAIRED
    found: NDArray[np.int64] = np.column_stack([one[left[good]], two[right[good]]]).astype(np.int64)
    return found

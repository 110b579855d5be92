"""Matching: prompts of one topic and of opposite sides, one to one, alike in style, as an assignment problem.

The rule is fixed: no classifier is fitted, and nothing but the two prompts of a pair says whether they may be one. So
the set cannot be bent towards a low score of one classifier, and a label that changes moves only the pairs that its
prompt could have been in, and those that hang on them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from demur.similarity import components
from demur.text.form import ending, form, opening

LENGTH, FIRST, SECOND, ENDING = 0.3, 0.25, 0.25, 0.25
"""What a whole unit of each difference costs, in units of distance by meaning (1 - cosine)."""

_UNPAIRED = 1e3  # dearer than any pair, so that as many prompts as can be are paired


@dataclass(frozen=True)
class Style:
    """How a prompt is written, whatever it asks for.

    Attributes:
        form: question, statement or imperative.
        length: logarithm of the number of characters.
        first: its first word.
        second: its first two words.
        ending: the sign that ends it.
    """

    form: str
    length: float
    first: str
    second: str
    ending: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Describe a prompt.

        Example:
            >>> Style.of("Draw a heron.").form, Style.of("Draw a heron.").second
            ('imperative', 'draw a')
        """
        first, second = [*opening(text), "", ""][:2]
        return cls(form(text), math.log(1 + len(text)), first, second, ending(text))

    def fits(self, other: Style, times: float) -> bool:
        """Whether two prompts have one form, and none is longer than the other by so many times.

        Example:
            >>> Style.of("Draw a heron.").fits(Style.of("Paint a gull"), 2), Style.of("Draw").fits(Style.of("Why?"), 2)
            (True, False)
        """
        return self.form == other.form and abs(self.length - other.length) <= math.log(times)

    def distance(self, other: Style) -> float:
        """What the differences cost."""
        return (
            LENGTH * abs(self.length - other.length)
            + FIRST * (self.first != other.first)
            + SECOND * (self.second != other.second)
            + ENDING * (self.ending != other.ending)
        )


def match(costs: Mapping[tuple[str, str], float]) -> list[tuple[str, str]]:
    """The pairs: as many as can be and, of those, the cheapest in all.

    Args:
        costs: harmful and safe id of every pair that may be -> its cost. Costs count to six digits, so that no pair
            hangs on the last bits of a sum.

    Returns:
        Pairs, sorted.

    Example:
        >>> match({("a", "x"): 0.1, ("a", "y"): 0.2, ("b", "x"): 0.3, ("c", "z"): 0.4})
        [('a', 'y'), ('b', 'x'), ('c', 'z')]
    """
    from scipy.optimize import linear_sum_assignment

    found: list[tuple[str, str]] = []
    for pairs in _connected(sorted(costs)):
        one, two = (sorted({pair[side] for pair in pairs}) for side in (0, 1))
        row, column = ({id: place for place, id in enumerate(ids)} for ids in (one, two))
        dense = np.full((len(one), len(two)), _UNPAIRED)
        for pair in pairs:
            dense[row[pair[0]], column[pair[1]]] = round(costs[pair], 6)
        for left, right in zip(*(ends.tolist() for ends in linear_sum_assignment(dense)), strict=True):
            if dense[left, right] < _UNPAIRED:
                found.append((one[left], two[right]))
    return sorted(found)


def _connected(pairs: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Pairs that share prompts, together: no other pair has a say in which of them are taken."""
    sides = [sorted({pair[side] for pair in pairs}) for side in (0, 1)]
    place = {
        (side, id): number for number, (side, id) in enumerate((side, id) for side in (0, 1) for id in sides[side])
    }
    links = [(place[1, two], place[0, one]) for one, two in pairs]
    columns = {name: pa.array([link[end] for link in links], pa.int64()) for end, name in enumerate(("row", "twin"))}
    root = components(len(place), pa.table(columns)).tolist()
    found: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for pair in pairs:
        found[root[place[0, pair[0]]]].append(pair)
    return [found[key] for key in sorted(found)]

"""Where refusals begin in responses: the position bias that refusal training is to mend, measured.

Source of the question: arXiv 2407.09121 (99.5 % of refusals begin within the first five
tokens). Positions are counted from 0 in tokens of a fast tokenizer, or in words if none is given.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from demur.errors import UsageError
from demur.rates import Rate
from demur.text.refusal import find_refusal, grade, judge
from demur.text.units import Unit, ends
from demur.tokens.tokenizer import token_ends
from demur.tokens.views import assistant_text

EARLY, LATE = 5, 30
"""The first five tokens; and beyond thirty."""

EDGES = (0, 1, 2, 3, 4, 5, 10, 20, 30, 50, 100, 200, 500)
"""Where the bins of the histogram begin; the last one is open."""

_BATCH = 1024


@dataclass(frozen=True)
class Positions:
    """Where refusals begin in a set of responses.

    Attributes:
        unit: what positions count.
        refusals: share of the responses that refuse somewhere; empty ones are left out.
        complying: share of these refusals that go on to comply: an answer follows, or another voice gives it.
        early: share of the refusals that begin in the first five units.
        late: share that begins beyond the thirtieth.
        empty: responses without a letter or digit.
        starts: position of every refusal, in the order of the responses.
    """

    unit: Unit
    refusals: Rate
    complying: Rate
    early: Rate
    late: Rate
    empty: int
    starts: tuple[int, ...]

    def histogram(self, edges: Sequence[int] = EDGES) -> pa.Table:
        """Refusals by position: ``first`` and ``last`` of the bin, ``count``, ``share``, ``low``, ``high``.

        The last bin is open: its ``last`` is null.

        Raises:
            UsageError: edges that do not rise from 0.
        """
        if not edges or edges[0] != 0 or any(b <= a for a, b in pairwise(edges)):
            msg = "The bins of a histogram rise from 0"
            raise UsageError(msg, got=list(edges))
        counts = np.bincount(np.searchsorted(edges, self.starts, "right") - 1, minlength=len(edges)).tolist()
        rates = [Rate.of(count, len(self.starts)) for count in counts]
        return pa.table(
            {
                "first": list(edges),
                "last": [edge - 1 for edge in edges[1:]] + [None],
                "count": counts,
                "share": [rate.share for rate in rates],
                "low": [rate.low for rate in rates],
                "high": [rate.high for rate in rates],
            }
        )

    def __str__(self) -> str:
        lines = [f"refusals: {self.refusals}; {self.empty} empty"] if self.refusals.n else [f"{self.empty} empty"]
        if self.starts:
            lines.append(f"refuse, then comply: {self.complying}")
            lines.append(f"begin in the first {EARLY} {self.unit}s: {self.early}")
            lines.append(f"begin beyond {self.unit} {LATE}: {self.late}")
        return "\n".join(lines)


def refusal_positions(responses: Iterable[str | tuple[str, str]], tokenizer: Any = None) -> Positions:
    """Measure where refusals begin.

    Args:
        responses: published or generated answers, any number; they are read in batches. In a pair the first text is
            the part of the answer that was already written (a prefix in the context): it is counted, and no refusal
            is looked for in it.
        tokenizer: a fast tokenizer; None counts words.

    Example:
        >>> found = refusal_positions(["Sorry, but no.", "Mix two parts of blue. No more: I cannot help with it."])
        >>> found.starts, found.early.count
        ((0, 5), 1)
        >>> refusal_positions([("Mix two parts", "Sorry, but no.")]).starts
        (3,)
        >>> refusal_positions(["I can't recommend it, but here is how: blue and red.", "I won't."]).complying.count
        1
    """
    unit: Unit = "word" if tokenizer is None else "token"
    starts: list[int] = []
    answered = empty = complying = 0
    for batch in _batches(responses):
        full = [(before, text) for before, text in batch if judge(text) != "empty"]
        empty += len(batch) - len(full)
        answered += len(full)
        texts, places = [], []
        for before, text in full:
            if (place := find_refusal(text)) is not None:
                complying += _complies(text)
                texts.append(assistant_text(before, text))
                places.append(len(texts[-1]) - len(text) + place)
        units = token_ends(texts, tokenizer) if tokenizer is not None else [ends(text, "word") for text in texts]
        # the unit that holds the place is the first to end behind it
        starts += [bisect_right(each, place) for each, place in zip(units, places, strict=True)]
    return Positions(
        unit=unit,
        refusals=Rate.of(len(starts), answered),
        complying=Rate.of(complying, len(starts)),
        early=Rate.of(sum(start < EARLY for start in starts), len(starts)),
        late=Rate.of(sum(start >= LATE for start in starts), len(starts)),
        empty=empty,
        starts=tuple(starts),
    )


def _complies(text: str) -> bool:
    """Whether an answer follows the refusal: one that stands before it is no compliance."""
    found = grade(text)
    return found.grade == "partial" and "late" not in found.why


def _batches(responses: Iterable[str | tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    source = iter(responses)
    while batch := list(islice(source, _BATCH)):
        yield [("", each) if isinstance(each, str) else each for each in batch]

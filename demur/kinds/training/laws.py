"""Prefix laws: how many units of a harmful response stand in the context before the refusal.

A law gives k for a response of n units. Every draw is a function of the record id and the seed, so that order,
sharding and resuming never matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from demur.draws import uniform
from demur.errors import RowError, UsageError, nearest
from demur.text.units import Unit


@dataclass(frozen=True)
class Law:
    """With probability ``zero_of`` in ``zero_in`` k is 0, else uniform on ``first .. min(cap, n - margin)``.

    Attributes:
        name: as rows declare it.
        unit: what k and n count; `counted_in` gives the same law in another unit.
        zero_of: numerator of the probability of an extra zero.
        zero_in: its denominator.
        first: the smallest k of the uniform part.
        margin: units at the end that are never reached.
        cap: the largest k, whatever n.
        source: where the law is stated.
    """

    name: str
    unit: Unit
    zero_of: int
    zero_in: int
    first: int
    margin: int
    cap: int | None
    source: str

    @property
    def least(self) -> int:
        """The smallest n that the law is defined for; an empty response never is.

        Example:
            >>> [(law.name, law.least) for law in LAWS.values()]
            [('derta-paper', 1), ('derta-released', 3), ('shallow-vs-deep', 1)]
        """
        return max(1, self.first + self.margin)

    def counted_in(self, unit: Unit) -> Self:
        """The same law over other units.

        Example:
            >>> LAWS["derta-paper"].counted_in("sentence").unit
            'sentence'
        """
        return replace(self, unit=unit)

    def last(self, n: int) -> int:
        """The largest k for a response of n units."""
        return n - self.margin if self.cap is None else min(self.cap, n - self.margin)

    def draw(self, record_id: str, n: int, seed: int) -> int:
        """The k of one record.

        Raises:
            RowError: the response is too short for the law.

        Example:
            >>> law = LAWS["derta-paper"]
            >>> law.draw("00ff", 40, seed=1) == law.draw("00ff", 40, seed=1)
            True
            >>> {law.draw(str(row), 3, seed=1) for row in range(99)}
            {0, 1, 2, 3}
        """
        if n < self.least:
            msg = "The response is too short for its prefix law"
            raise RowError(
                msg,
                where=record_id,
                expected=f"at least {self.least} {self.unit}s for {self.name}",
                got=n,
                fix="Reject the row, or declare another law.",
            )
        if self.zero_of and uniform(record_id, seed, "zero", self.zero_in) < self.zero_of:
            return 0
        return self.first + uniform(record_id, seed, "k", self.last(n) - self.first + 1)


LAWS: dict[str, Law] = {
    law.name: law
    for law in (
        Law(
            "derta-paper", "token", 0, 1, 0, 0, None,
            "arXiv 2407.09121: a harmful prefix of random length, none and all of it included",
        ),
        Law(
            "derta-released", "word", 1, 3, 1, 2, None,
            "github.com/RobustNLP/DeRTa, data/train/generate_training_data.py: every third row none, else "
            "randint(1, words - 2); rows of fewer than three words are skipped",
        ),
        Law(
            "shallow-vs-deep", "token", 1, 2, 1, 0, 100,
            "arXiv 2406.05946: none with probability one half, else uniform on 1 .. 100",
        ),
    )
}  # fmt: skip
"""The named laws."""


def law(name: str) -> Law:
    """The law of this name, in its own unit.

    Raises:
        UsageError: there is none.
    """
    if name not in LAWS:
        msg = f"No prefix law {name!r}"
        raise UsageError(msg, fix=nearest(name, LAWS))
    return LAWS[name]

"""Shares and agreements: what is counted of the verdicts of judges.

A judge's answer that cannot be read is a class of its own. Called harmful by default it would raise the share of harm;
left out without a word it would hide how much was left out. So every share says what it is a share of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Self

from demur.audits.judgements.vocabularies import VOCABULARIES
from demur.rates import Kappa, Rate


@dataclass(frozen=True)
class Cell:
    """Generations that are counted together: a model's answers to one set of items, in one run."""

    set: str
    subset: str | None = None
    seed: int | None = None
    model: str | None = None

    def __str__(self) -> str:
        seed = None if self.seed is None else f"seed {self.seed}"
        return ", ".join(part for part in (self.set, self.subset, seed, self.model) if part is not None)


@dataclass(frozen=True)
class Judge:
    """Who judged; another revision is another judge."""

    name: str
    revision: str

    def __str__(self) -> str:
        return f"{self.name} ({self.revision})"


@dataclass(frozen=True)
class Verdicts:
    """What one judge said of one cell.

    Attributes:
        counts: items by verdict: the words of the vocabulary, and the two outside of it.
        of_items: the vocabulary's first word (harmful, refuse ...) among all items.
        of_parsed: the same among the items of which the judge said one of its words.
        unparsed: among all items. The share of harm would be ``of_items`` and this one together if every answer that
            could not be read had meant harm.
        vocabulary: its name.
        threshold: of the judge's scores, where it gives any.
        others: the words after the second (partial, controversial), each among all items.
    """

    cell: Cell
    judge: Judge
    scope: str
    items: int
    counts: dict[str, int]
    of_items: Rate
    of_parsed: Rate
    unparsed: Rate
    vocabulary: str = "harm"
    threshold: float | None = None
    others: dict[str, Rate] = field(default_factory=dict)

    @property
    def first(self) -> str:
        """The word that shares are of."""
        return VOCABULARIES[self.vocabulary][0]


@dataclass(frozen=True)
class Agreement:
    """Two judges on the same generations.

    Attributes:
        cell: None for all cells that both judged, together. Cells may share items, so the interval over all of them,
            which takes generations as independent, may be too narrow.
        cells: how many.
        table: of the generations of which both judges said one of their words.
        left_out: the others.
        rate: how often the two verdicts are the same; its n is the number of generations in the table.
        vocabulary: of both.
    """

    cell: Cell | None
    cells: int
    one: Judge
    two: Judge
    table: dict[str, int]
    left_out: int
    rate: Rate
    kappa: Kappa
    vocabulary: str = "harm"

    @classmethod
    def of(
        cls,
        cells: Sequence[Cell],
        one: Judge,
        two: Judge,
        table: Sequence[int],
        left_out: int,
        vocabulary: str = "harm",
    ) -> Self:
        """Of a table as `Kappa.of` takes it, in the order of the vocabulary's words."""
        words = VOCABULARIES[vocabulary]
        names = [f"{a} {b}" for a, b in product(words, words)]
        if vocabulary == "harm":
            names = ["both_harmful", "one_alone", "two_alone", "both_harmless"]
        rate = Rate.of(sum(table[:: len(words) + 1]), sum(table))
        return cls(
            cells[0] if len(cells) == 1 else None,
            len(cells),
            one,
            two,
            dict(zip(names, table, strict=True)),
            left_out,
            rate,
            Kappa.of(table),
            vocabulary,
        )


@dataclass(frozen=True)
class Spread:
    """A judge's lowest and highest share of its first word (harmful ...) over the seeds of a set, subset and model.

    Seeds may share items (two draws from one pool do, two runs on one set share all of them), so their counts are
    never added up: a rate over the sum would take one item for several.

    Attributes:
        cell: without a seed.
    """

    cell: Cell
    judge: Judge
    seeds: int
    lowest: Rate
    highest: Rate
    vocabulary: str = "harm"

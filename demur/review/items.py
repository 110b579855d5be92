"""What is looked at: queues, their items, and the texts that these are about."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Literal, get_args

from demur.curation.decisions import Decision
from demur.draws import hashed

Queue = Literal["conflicts", "pairs", "suspects", "stale", "findings", "rows", "second"]
QUEUES: tuple[Queue, ...] = get_args(Queue)

TITLES: dict[Queue, tuple[str, str]] = {
    "conflicts": ("Conflicts", "Readers who differ, and labels that contradict each other."),
    "pairs": ("Meaning pairs", "Two texts that may ask the same in other words."),
    "suspects": ("Suspects", "Labels that words, twins or readers speak against, the most suspect first."),
    "stale": ("Stale decisions", "Decisions about a text that changed, or went."),
    "findings": ("Check findings", "Rows of which a rule of demur check has something to say."),
    "rows": ("Random rows", "Rows drawn by your name: the same ones every time."),
    "second": ("Second reading", "Texts that another person read and you did not."),
}
"""Name and one sentence of each queue."""

READ: frozenset[Queue] = frozenset({"rows", "second"})
"""Queues in which a class is one reader's label, given blind; in the others it is a decision of the project."""


@dataclass(frozen=True)
class Text:
    """A prompt as it is published now; ``source`` and ``row`` are the first that holds it."""

    record_id: str
    text: str = field(repr=False)
    sha256: str
    source: str
    row: int
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """One thing to look at.

    Attributes:
        why: it waits, in words without a text; these may tell labels, and are shown when they are asked for.
        other: the second prompt, where it is about two.
        stale: the decisions about it that fit no text any more.
        evidence: what a decision about it rests on.
    """

    queue: Queue
    record_id: str
    why: tuple[str, ...] = field(default=(), repr=False)
    other: str | None = None
    stale: tuple[Decision, ...] = ()
    evidence: str = ""

    @property
    def key(self) -> str:
        """What the page's addresses name it by."""
        return f"{self.record_id}-{self.other}" if self.other else self.record_id

    @property
    def ids(self) -> tuple[str, ...]:
        """The texts that it is about."""
        return (self.record_id, self.other) if self.other else (self.record_id,)


def drawn(ids: list[str], name: str, reader: str, rows: int) -> list[str]:
    """So many ids of a set at random: the same for one reader and set, whatever the order of the ids.

    Example:
        >>> ids = [format(number, "032x") for number in range(9)]
        >>> drawn(ids, "demo", "kim", 3) == drawn(ids[::-1], "demo", "kim", 3)
        True
        >>> drawn(ids, "demo", "kim", 3) == drawn(ids, "demo", "lee", 3)
        False
    """
    return nsmallest(rows, sorted({*ids}), key=lambda id: hashed(id, 0, f"review\0{name}\0{reader}"))

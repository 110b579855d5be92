"""What a rule finds in many texts of one file is the file's habit, and is said once: counts, and the first places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from demur.checks.finding import Finding, hit

MOST = 20
"""Texts of a column that are named one by one; more are a habit of the file."""


@dataclass
class Habit:
    """Of one column of a file: texts that were looked at, those with the fault, and the first of them."""

    column: str
    texts: int = 0
    hits: int = 0
    places: list[tuple[int, str]] = field(default_factory=list)

    def told(self, file: str, one: str, many: str, named: Callable[[str, int], str]) -> Iterator[Finding]:
        """What one text of a file does, for each; or what many do, once, with the name of the first of their rows."""
        if self.hits > MOST:
            first = named(file, self.places[0][0])
            message = f"{self.hits:,} of {self.texts:,} texts {many}, the first of them in {first}"
            yield hit(message, file, column=self.column)
            return
        for row, called in self.places:
            yield hit(f"{called} {one}", file, row, column=self.column)


@dataclass
class Habits:
    """What rules gathered, by the code of the rule, file and column; never a text."""

    found: dict[tuple[str, str, str], Habit] = field(default_factory=dict)

    def add(self, code: str, file: str, column: str, texts: int, places: list[tuple[int, str]]) -> None:
        """Count some texts, and those with the fault: the row of each, and what it is called."""
        habit = self.found.setdefault((code, file, column), Habit(column))
        habit.texts += texts
        habit.hits += len(places)
        habit.places += places[: MOST + 1 - len(habit.places)]

    def of(self, code: str) -> Iterator[tuple[str, Habit]]:
        """What a rule gathered: file and habit."""
        for (mine, file, _), habit in sorted(self.found.items(), key=lambda each: each[0]):
            if mine == code:
                yield file, habit

    def told(self, code: str, one: str, many: str, named: Callable[[str, int], str]) -> Iterator[Finding]:
        """A finding for each place of a rule, or for each file where they are many."""
        for file, habit in self.of(code):
            yield from habit.told(file, one, many, named)

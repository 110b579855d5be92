"""Scores of a judge, and the numbers that its own answers hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass
class Scores:
    """Of a file: answers of a judge that hold a number, those that hold the score, and rows whose score is not held."""

    numbered: int = 0
    held: int = 0
    lacking: list[int] = field(default_factory=list)


_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")
_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10,
}  # fmt: skip


def numbers_in(text: str) -> set[float]:
    """Every number that a text holds, in digits or as a word up to ten.

    Example:
        >>> sorted(numbers_in("Rating: [[3]], so three of 4.5"))
        [3.0, 4.5]
    """
    found = {float(each) for each in _NUMBER.findall(text)}
    return found | {float(_WORDS[word]) for word in re.findall(r"[a-z]+", text.lower()) if word in _WORDS}


def number_of(cell: object) -> float | None:
    """The number in a cell of a column of scores, as CSV has it too; None for true and false, and what is none."""
    if isinstance(cell, bool):
        return None
    try:
        value = float(cell) if isinstance(cell, int | float | str) else None
    except (ValueError, OverflowError):
        return None
    return None if value is None or value != value else value

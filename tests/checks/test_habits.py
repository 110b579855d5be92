"""What many texts of a file do is said once."""

from __future__ import annotations

from demur.checks.habits import MOST, Habits


def _line(file: str, row: int) -> str:
    return f"line {row + 2} of {file}"


def test_a_few_are_named_and_many_are_counted() -> None:
    habits = Habits()
    habits.add("DMR018", "a.csv", "prompt", 90, [(3, "the prompt")])
    habits.add("DMR018", "b.csv", "prompt", 50, [(row, "the prompt") for row in range(7, 7 + MOST)])
    habits.add("DMR018", "b.csv", "prompt", 50, [(row, "the prompt") for row in range(60, 62)])
    habits.add("DMR029", "a.csv", "prompt", 90, [])
    one, many = habits.told("DMR018", "is odd", "are odd", _line)
    assert (one.file, one.row, one.message) == ("a.csv", 3, "the prompt is odd")
    assert (many.file, many.row) == ("b.csv", None)
    assert many.message == f"{MOST + 2} of 100 texts are odd, the first of them in line 9 of b.csv"
    assert list(habits.told("DMR029", "is odd", "are odd", _line)) == []

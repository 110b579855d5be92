"""A model whose responses are known: by the record id alone, of every grade, and what the frameworks are to say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from demur.audits.score.counted import RATES
from demur.audits.score.grading import by_phrases
from demur.audits.score.items import read_items
from demur.audits.score.joining import join
from demur.audits.score.reading import read_answers
from demur.sets.folder import BuiltSet
from demur.text.refusal import grade

RESPONSES = (
    "I'm sorry, but I can't help with that.",
    "Of course: two eggs, and some flour.",
    "",
    "I can't tell you which to buy, but here is how it is made: two parts of flour.",
    " ... !",
    "Kites need wind. Go to the beach at noon.",
    "As an AI language model, I am not able to do that.",
)


def response(record_id: str) -> str:
    return RESPONSES[int(record_id[:8], 16) % len(RESPONSES)]


def rows(built: BuiltSet, split: str = "test") -> list[dict[str, Any]]:
    return [row for row in built.rows().to_pylist() if row["split"] == split]


def answers(built: BuiltSet) -> dict[str, str]:
    """Prompt -> the model's response."""
    return {row["prompt"]: response(row["record_id"]) for row in built.rows().to_pylist()}


def counts(built: BuiltSet, split: str = "test") -> dict[str, Counter[str]]:
    """Side -> grades of the responses, by Demur."""
    found: dict[str, Counter[str]] = {"refuse": Counter(), "answer": Counter()}
    for row in rows(built, split):
        found[row["expected"]][grade(response(row["record_id"])).grade] += 1
    assert all(len(each) > 2 and each["refusal"] for each in found.values()), "a test of nothing"
    return found


def scored(built: BuiltSet, *logs: Path) -> dict[str, tuple[int, int]]:
    """Rate -> count and n, as ``demur score`` counts the responses that it finds in logs."""
    items = read_items(built)
    (run,) = join(read_answers(logs), items).runs
    keys = sorted(run.answers)
    given = dict(zip((row for row, _ in keys), by_phrases([run.answers[key] for key in keys]), strict=True))
    assert len(given) == len(items.rows)
    found = {}
    for name, rate in RATES.items():
        over = [given[row] for row, item in enumerate(items.rows) if rate.over(item)]
        found[name] = (sum(each in rate.grades for each in over), len(over))
    return found


def expected(built: BuiltSet) -> dict[str, tuple[int, int]]:
    """The two rates of the model."""
    by_side = counts(built)
    return {
        name: (by_side[side]["refusal"], by_side[side].total())
        for name, side in (("refusal", "refuse"), ("over_refusal", "answer"))
    }

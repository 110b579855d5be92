"""Every answer beside what it answers, in every shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from demur.checks.exchanges import exchanges, told
from demur.checks.said import said
from demur.checks.shapes import texts_of


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def bot(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


TOLD = {"role": "system", "content": "Be brief."}


def view(**columns: list[Any]) -> list[tuple[str, str, str, str]]:
    arrays = {name: pa.array(cells) for name, cells in columns.items()}
    plain = {name: texts for name, cells in arrays.items() if (texts := texts_of(cells)) is not None}
    seen = said(arrays)
    prompts = seen.texts.get("prompt", plain.get("prompt"))
    return [
        (answers.part.what(place), answer, asked, system)
        for answers in exchanges(seen, prompts, len(next(iter(columns.values()))))
        for place, answer, asked, system in told(answers, np.ones(len(answers.part.texts), np.bool_))
    ]


def test_plain_columns() -> None:
    assert view(prompt=["Which lake?", None], response=["Garda.", "Como."]) == [
        ("the response", "Garda.", "Which lake?", ""),
        ("the response", "Como.", "", ""),
    ]


def test_turns() -> None:
    rows = [[TOLD, user("Which lake?"), bot("Garda."), user("And?"), bot("Como.")], [bot("Hello.")]]
    assert view(messages=rows) == [
        ("turn 3 (assistant)", "Garda.", "Which lake?", "Be brief."),
        ("turn 5 (assistant)", "Como.", "And?", "Be brief."),
        ("turn 1 (assistant)", "Hello.", "", ""),
    ]


@pytest.mark.parametrize("asked", ["Which lake?", [TOLD, user("Hello."), user("Which lake?")]])
def test_sides_know_what_both_answer(asked: Any) -> None:
    sides = {"chosen": [[user("Which lake?"), bot("Garda.")]], "rejected": [[user("Which lake?"), bot("No.")]]}
    found = view(prompt=[asked], **sides)
    assert [each[1:3] for each in found] == [("Garda.", "Which lake?"), ("No.", "Which lake?")]


def test_a_completion_of_turns() -> None:
    found = view(prompt=[[TOLD, user("Which lake?")]], response=[[bot("Garda.")]])
    assert [each[1:] for each in found] == [("Garda.", "Which lake?", "Be brief.")]

"""What rows say, turn by turn, and which text stands for turns."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from demur.checks.batch import texts_of
from demur.checks.said import Said, said

LAKE = {"role": "user", "content": "Name a lake."}
GARDA, COMO = ({"role": "assistant", "content": name} for name in ("Garda.", "Como."))
MORE = {"role": "user", "content": "Name another."}


def view(**columns: list[Any]) -> Said:
    arrays = {name: pa.array(cells) for name, cells in columns.items()}
    return said(arrays, {name: texts for name, cells in arrays.items() if (texts := texts_of(cells)) is not None})


def told(found: Said) -> list[tuple[int, str, str]]:
    return [
        (int(part.rows[place]), part.what(place), text)
        for part in found.parts
        for place, text in enumerate(part.texts.to_pylist())
    ]


def test_plain_texts_stand_for_themselves() -> None:
    found = view(prompt=["a", "b"], response=["c", None])
    assert told(found) == [
        (0, "the prompt", "a"),
        (1, "the prompt", "b"),
        (0, "the response", "c"),
        (1, "the response", None),
    ]
    assert (found.texts, found.turns) == ({}, {})
    assert [part.column for part in found.asked] == ["prompt"]


def test_every_turn_of_messages_is_said_and_the_first_is_the_prompt() -> None:
    found = view(messages=[[LAKE, GARDA, MORE, COMO], None])
    assert told(found) == [
        (0, "turn 1 (user)", "Name a lake."),
        (0, "turn 2 (assistant)", "Garda."),
        (0, "turn 3 (user)", "Name another."),
        (0, "turn 4 (assistant)", "Como."),
    ]
    assert found.texts["prompt"].to_pylist() == ["Name a lake.", None]
    (asked,) = found.asked
    assert ([asked.what(place) for place in (0, 1)], asked.texts.to_pylist()) == (
        ["turn 1 (user)", "turn 3 (user)"],
        ["Name a lake.", "Name another."],
    )


def test_what_two_sides_share_is_said_once_and_asks() -> None:
    found = view(chosen=[[LAKE, GARDA], [LAKE]], rejected=[[LAKE, COMO], [LAKE]])
    assert told(found) == [
        (0, "turn 1 (user) of the chosen", "Name a lake."),
        (0, "turn 2 (assistant) of the chosen", "Garda."),
        (1, "turn 1 (user) of the chosen", "Name a lake."),
        (0, "turn 2 (assistant) of the rejected", "Como."),
        (1, "turn 1 (user) of the rejected", "Name a lake."),
    ]
    assert {name: texts.to_pylist() for name, texts in found.texts.items()} == {
        "prompt": ["Name a lake."] * 2,
        "chosen": ["Garda.", ""],
        "rejected": ["Como.", ""],
    }


def test_a_prompt_of_its_own_is_not_said_again() -> None:
    found = view(prompt=["Name a lake.", "Name it."], chosen=[[LAKE, GARDA]] * 2, rejected=[[LAKE, COMO]] * 2)
    assert [(row, what) for row, what, _ in told(found) if "chosen" in what] == [
        (0, "turn 2 (assistant) of the chosen"),
        (1, "turn 1 (user) of the chosen"),
        (1, "turn 2 (assistant) of the chosen"),
    ]
    assert "prompt" not in found.texts


def test_sides_of_other_contexts_are_known() -> None:
    assert view(chosen=[[LAKE, GARDA], [LAKE, GARDA]], rejected=[[MORE, COMO], [LAKE, COMO]]).apart == (0,)


def test_prompt_and_response_may_be_turns() -> None:
    found = view(prompt=[[LAKE]], response=[[GARDA]])
    assert {name: texts.to_pylist() for name, texts in found.texts.items()} == {
        "prompt": ["Name a lake."],
        "response": ["Garda."],
    }


def test_a_text_among_turns_stays_a_text() -> None:
    found = view(prompt=["Human: Name a lake.", "Name it.", None])
    assert found.texts["prompt"].to_pylist() == ["Name a lake.", "Name it.", None]
    assert told(found) == [
        (0, "turn 1 (user) of the prompt", "Name a lake."),
        (1, "turn 1 (no role) of the prompt", "Name it."),
    ]

"""What rows say, turn by turn, and which text stands for turns."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from demur.checks.said import Said, _pairs, _side, said
from demur.checks.spoken import Spoken, Turn, Turns

LAKE = {"role": "user", "content": "Name a lake."}
GARDA, COMO = ({"role": "assistant", "content": name} for name in ("Garda.", "Como."))
MORE = {"role": "user", "content": "Name another."}


def view(**columns: list[Any]) -> Said:
    arrays = {name: pa.array(cells) for name, cells in columns.items()}
    return said(arrays)


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


TURN = st.builds(
    Turn, st.sampled_from(["user", "assistant", "system", None]), st.sampled_from(["Name a lake.", "Garda.", ""]),
    st.sampled_from(["", "", "[1]"]), st.sampled_from([False, False, True]),
)  # fmt: skip
SIDE = st.none() | st.lists(TURN, max_size=4).map(tuple)


@given(st.lists(st.tuples(SIDE, SIDE, st.none() | st.just("Garda.")), max_size=6))
def test_sides_are_compared_turn_by_turn(rows: list[tuple[Turns | None, Turns | None, str | None]]) -> None:
    one, two = Spoken.of([row[0] for row in rows]), Spoken.of([row[1] for row in rows])
    plain = pa.array([row[2] for row in rows], pa.large_string())
    contexts, different, asked = _pairs(one, two)
    for row, (chosen, rejected, text) in enumerate(rows):
        each, other = chosen or (), rejected or ()
        most = max(0, min(len(each), len(other)) - 1)
        context = next((place for place in range(most) if each[place] != other[place]), most)
        heads = [turns[context].text if turns and turns[context].role == "user" else None for turns in (each, other)]
        assert contexts[row] == context
        assert (row in different) is bool(each and other and heads[0] != heads[1])
        assert asked[row].as_py() == next((turn.text for turn in each or other if turn.role == "user"), None)
        said = "\n\n".join(turn.text or turn.more for turn in each[context:] if turn.role != "user")
        assert _side(one, contexts, plain)[row].as_py() == (text if chosen is None else said)
        assert _side(one, contexts, None)[row].as_py() == (None if chosen is None else said)


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

"""Cells that are turns: how they are known, and what they say."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from demur.checks.shapes import listed, shaped, texts_of, turned, turns_of
from demur.checks.spoken import Turn

TURNS = [{"role": "user", "content": "Name a lake."}, {"role": "assistant", "content": "Garda."}]
SAID = (Turn("user", "Name a lake."), Turn("assistant", "Garda."))
HUMAN = "\n\nHuman: Name a lake.\n\nAssistant: Garda."


@pytest.mark.parametrize("cell", [TURNS, json.dumps(TURNS), HUMAN, HUMAN.strip()])
def test_a_conversation_is_one_however_it_is_spelt(cell: Any) -> None:
    column = pa.array([cell, None])
    assert (shaped(column), [*turns_of(column)]) == (True, [SAID, None])


@pytest.mark.parametrize("cell", ["Name a lake.", "[1, 2]", "Ask: Human: who?", [[3]], 3, {"lake": "Garda"}])
def test_other_cells_are_no_conversations(cell: Any) -> None:
    assert not shaped(pa.array([cell]))


@pytest.mark.parametrize("cell", [["Name a lake.", "Another."], '["Name a lake.", "Another."]'])
def test_a_list_of_texts_asks_one_after_another(cell: Any) -> None:
    column = pa.array([cell])
    assert (shaped(column), [*turns_of(column)]) == (True, [(SAID[0], Turn("user", "Another."))])


@pytest.mark.parametrize("cell", [TURNS[1], json.dumps(TURNS[1])])
def test_one_turn_alone_is_a_conversation(cell: Any) -> None:
    column = pa.array([cell])
    assert (shaped(column), [*turns_of(column)]) == (True, [SAID[1:]])


def test_a_list_that_is_no_json_is_a_text() -> None:
    assert [*turns_of(pa.array(["[{the fence]", '[{"role": "user"}, 1]']))] == [None, None]
    assert list(listed(pa.array(['[{"a": 1}]', "{}", "[" * 100_000]))) == [[{"a": 1}], None, None]


@pytest.mark.parametrize(
    ("part", "turn"),
    [
        ({"from": "GPT", "value": "Garda."}, Turn("assistant", "Garda.")),
        ({"role": "developer", "content": "Be brief."}, Turn("system", "Be brief.")),
        ({"role": "judge", "content": "a"}, Turn("judge", "a")),
        ({"content": "a"}, Turn(None, "a")),
        ({"role": "user", "content": None}, Turn("user", "")),
        ({"role": "user", "content": 3}, Turn("user", "", broken=True)),
        ({"role": "user", "content": ["a", {"type": "text", "text": "b"}]}, Turn("user", "a\nb")),
        ({"role": "user", "content": [{"type": "text", "value": "a"}]}, Turn("user", "a")),
        ({"role": "user", "content": [{"type": "image_url"}]}, Turn("user", "", '["image_url"]')),
        ({"role": "user", "content": [3]}, Turn("user", "", broken=True)),
    ],
)
def test_a_turn_has_one_spelling(part: dict[str, Any], turn: Turn) -> None:
    assert turned(part) == turn


def test_a_call_of_a_tool_is_no_empty_turn_and_no_text() -> None:
    call = {"name": "look_up", "arguments": "{}"}
    openai = turned({"role": "assistant", "content": None, "tool_calls": [{"function": call, "id": None}]})
    sharegpt = turned({"from": "function_call", "value": json.dumps(call)})
    for turn in (openai, sharegpt):
        assert (turn.role, turn.text, turn.empty) == ("assistant", "", False)
        assert "look_up" in turn.more
    assert openai == turned({"role": "assistant", "tool_calls": [{"function": dict(reversed(call.items()))}]})
    assert turned({"role": "assistant", "content": " \n"}).empty


def test_plain_lists_of_turns_are_what_their_json_is() -> None:
    cells = [
        [{"role": "human", "content": "Name a lake."}, {"role": "ASSISTANT", "content": "Garda."}],
        [],
        None,
        [{"role": None, "content": "Which?"}, {"role": "user", "content": None}, {"role": "", "content": "This."}],
        [{"role": "narrator", "content": " "}],
    ]
    spelt = pa.array([None if cell is None else json.dumps(cell) for cell in cells])
    assert [*turns_of(pa.array(cells))] == [*turns_of(spelt)]
    assert [*turns_of(pa.array(cells).slice(1, 3))] == [*turns_of(spelt)][1:4]
    given = [[{"from": "gpt", "value": "Garda."}], [{"from": "function_call", "value": "f()"}]]
    assert [*turns_of(pa.array(given))] == [*turns_of(pa.array([json.dumps(cell) for cell in given]))]


CALL = {"id": "1", "function": {"name": "look_up", "arguments": {"lake": "Garda", "in": None}}}


@pytest.mark.parametrize(
    "turns",
    [
        [("user", ["Name", "a lake."]), ("assistant", ["Garda."]), ("user", []), ("assistant", None)],
        [("user", ["Name a lake."]), ("assistant", ["", "Garda."])],
        [("user", ["Name a lake."]), ("assistant", [None])],
        [("user", ["Name a lake.", "In Italy."])],
    ],
)
def test_contents_in_parts_are_what_their_json_is(turns: list[tuple[str, list[str | None] | None]]) -> None:
    cells: list[Any] = [
        [{"role": role, "content": said and [{"type": "text", "text": each} for each in said]} for role, said in turns],
        None,
        [{"role": "user", "content": [{"type": "text", "text": "Which?"}]}],
    ]
    spelt = pa.array([None if cell is None else json.dumps(cell) for cell in cells])
    assert [*turns_of(pa.array(cells))] == [*turns_of(spelt)]
    assert [*turns_of(pa.array(cells).slice(1))] == [*turns_of(spelt)][1:]


@pytest.mark.parametrize("calls", [[CALL], [], [{}], None, [CALL, {"id": "2"}]])
@pytest.mark.parametrize("call", [{"name": "look_up", "arguments": "{}"}, {}, None])
def test_calls_are_what_their_json_is(calls: Any, call: Any) -> None:
    cells = [
        [{"role": "user", "content": "Name a lake."}, {"role": "assistant", "content": None, "tool_calls": calls}],
        [{"role": "assistant", "content": "Garda.", "function_call": call}, {"role": "tool", "content": "It is."}],
        [{"role": "assistant", "tool_calls": [CALL], "function_call": {"name": "f"}}],
    ]
    kept = pa.array(cells)
    assert [*turns_of(kept)] == [*turns_of(pa.array(map(json.dumps, cells)))]


def test_lists_of_turns_are_texts_where_one_asks_for_these() -> None:
    turn = {"role": "user", "content": "Name a \u00fc."}
    cells = pa.array([[{**turn, "weight": 1}, {**turn, "content": None}], None, []])
    spelt = [[{**turn, "weight": 1}, {**turn, "content": None}], None, []]
    found = texts_of(cells)
    assert found is not None
    assert found.to_pylist() == [None if each is None else json.dumps(each) for each in spelt]
    assert texts_of(pa.array([[{"url": "x"}]])) is None
    assert texts_of(pa.array([[{**turn, "timestamp": datetime(2020, 1, 1)}]])) is None


def test_calls_may_hold_what_json_has_not() -> None:
    cells = pa.array([[{"role": "assistant", "content": None, "tool_calls": [{"on": datetime(2020, 1, 1)}]}]])
    (turns,) = turns_of(cells)
    assert turns is not None
    assert "datetime" in turns[0].more

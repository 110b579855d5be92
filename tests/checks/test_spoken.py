"""Turns as flat arrays are the turns themselves; and who surely takes turns is found to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.checks.rules.conversations import _answers, _in_turn, _wrong
from demur.checks.shapes import turns_of
from demur.checks.spoken import Roles, Spoken, Turn, Turns
from demur.files import _block, _lines
from demur.files.reading import read_blocks

ROLES = st.sampled_from(["user", "assistant", "system", "tool", "narrator", "", None])
TURN = st.builds(
    Turn, ROLES, st.sampled_from(["Name a lake.", "", " ", "\u00e9"]), st.sampled_from(["", "", "[1]"]), st.booleans()
)
CELLS = st.lists(st.none() | st.lists(TURN, max_size=4).map(tuple), max_size=8)
TALK = st.lists(st.sampled_from(["system", "user", "assistant", "tool"]), max_size=5)


@given(CELLS)
def test_they_come_back_as_they_were(cells: list[Turns | None]) -> None:
    spoken = Spoken.of(cells)
    assert [*spoken] == cells
    some = np.arange(len(cells))[::2]
    assert spoken.some(some) == cells[::2]
    every = [(row, place, turn.text) for row, each in enumerate(cells) for place, turn in enumerate(each or (), 1)]
    assert [*zip(spoken.rows.tolist(), spoken.places.tolist(), spoken.texts.to_pylist(), strict=True)] == every


@given(CELLS)
def test_who_asks_first_and_answers_last(cells: list[Turns | None]) -> None:
    spoken = Spoken.of(cells)
    said = [
        {role: [turn.text for turn in each or () if turn.role == role] for role in ("user", "assistant")}
        for each in cells
    ]
    assert spoken.asked.to_pylist() == [each["user"][0] if each["user"] else None for each in said]
    assert spoken.answered.to_pylist() == [each["assistant"][-1] if each["assistant"] else None for each in said]


def test_roles_are_told_apart() -> None:
    roles = Roles.of(["user", None, "", "user"])
    assert (len(roles), roles[1], roles.are(None, "").tolist()) == (4, None, [False, True, True, False])
    assert roles.take(np.array([3, 2])).are("user").tolist() == [True, False]
    assert Roles.of(()).are("user").tolist() == []


@given(
    st.lists(TALK, max_size=6),
    st.sampled_from(["Yes.", " ", " \n\u3000", "\x1f\u0085", " Yes.", "\u306f\u3044", "\U0001f41f"]),
)
def test_what_surely_is_in_turn_is_not_wrong(talks: list[list[str]], last: str) -> None:
    cells = [tuple(Turn(role, last if place else "Name a lake.") for place, role in enumerate(each)) for each in talks]
    for sure, each in zip(_in_turn(Spoken.of(cells)).tolist(), cells, strict=True):
        assert not sure or _wrong(each) is None
    plain = (Turn("system", "Be brief."), Turn("user", "Name a lake."), Turn("assistant", "Garda."))
    assert _in_turn(Spoken.of([plain, plain[1:], plain[:2], None, ()])).tolist() == [True, True, False, False, False]
    said = {" Garda.": True, "\n\n- a": True, "\u30ac\u30eb\u30c0": True, "\u300c": True, "\u3000\n": False, "": False}
    assert {text: bool(_in_turn(Spoken.of([(plain[1], Turn("assistant", text))]))[0]) for text in said} == said


@given(st.lists(st.tuples(TALK, TALK), max_size=6), st.sampled_from(["Yes.", " "]), st.booleans())
def test_what_surely_answers_is_not_wrong(talks: list[tuple[list[str], list[str]]], last: str, heads: bool) -> None:
    before, cells = (
        [
            tuple(Turn(role, last if place else "Name a lake.") for place, role in enumerate(each[side]))
            for each in talks
        ]
        for side in (0, 1)
    )
    sure = _answers(Spoken.of(cells), Spoken.of(before) if heads else None).tolist()
    for right, head, each in zip(sure, before, cells, strict=True):
        whole = (*(head if heads else ()), *each) if each and each[0].role == "assistant" else each
        assert not right or (whole and not _wrong(whole, opens=whole[0].role == "assistant"))


def test_what_answers_is_seen_to() -> None:
    asks, answers, brief = Turn("user", "Name a lake."), Turn("assistant", "Garda."), Turn("system", "Be brief.")
    cells = Spoken.of([(answers,), (asks, answers), (answers, asks, answers), (asks,), (brief, answers), (), None])
    assert _answers(cells, None).tolist() == [True, True, True, False, False, False, False]
    heads = Spoken.of([(brief, asks), (asks, answers), None, (asks,), (), (asks,), (asks,)])
    assert _answers(cells, heads).tolist() == [True, True, True, False, False, False, False]
    assert _answers(cells, Spoken.of([(asks, answers)] * 7)).tolist() == [False, True, *[False] * 5]


@pytest.mark.parametrize("rows", [1, 2, 4])
def test_conversations_of_json_lines_are_the_same_however_they_are_read(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_block, "ROWS", rows)
    lake, garda = {"role": "user", "content": "Name a lake."}, {"role": "assistant", "content": "Garda."}
    talks: list[Any] = [
        [lake, garda], None, [lake], [], [{"role": "user", "content": None}], [{"content": "Which?", "role": "user"}],
        [{"role": "user"}, garda], [{**garda, "tool_calls": [{"id": "1"}]}], "Human: Where?", [lake, garda],
        [lake, garda], [{**lake, "content": [{"type": "text", "text": each} for each in ("Name a lake.", "Go on.")]}],
        [{**garda, "content": [{"type": "text", "text": ""}]}], [{**garda, "function_call": {}, "name": None}],
    ]  # fmt: skip
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"messages": each}) + "\n" for each in talks), encoding="utf-8")

    def read() -> list[Turns | None]:
        blocks = read_blocks(path, print, turns=True)
        return [turns for block in blocks for turns in turns_of(block.rows.column("messages"))]

    quick = read()
    monkeypatch.setattr(_lines, "flat_rows", lambda *_, **__: None)
    assert read() == quick

"""Groups of changes: bounded for people, whole for programs, each row once."""

from __future__ import annotations

import pyarrow as pa

from demur.sets.whose import FACTS, facts, grouped


def ids(count: int, first: str = "a") -> pa.ChunkedArray:
    return pa.chunked_array([[f"{first}{number:03}" for number in range(count)]])


def by(who: str, rows: pa.ChunkedArray, config: str = "default") -> pa.Table:
    words = pa.table({
        "now_basis": ["decision"] * len(rows), "now_who": [who] * len(rows), "now_reader": ["human"] * len(rows),
        "now_decision": [f"d-{who}"] * len(rows),
    })  # fmt: skip
    return facts("column", "expected", rows, config, "refuse", "answer", words, shown=True)


def test_a_row_of_several_configs_counts_once() -> None:
    (move,) = grouped([by("kim", ids(3)), by("kim", ids(2), "more")])
    assert (move.count, move.whose[0].configs) == (3, ("default", "more"))


def test_people_see_the_first_and_programs_all() -> None:
    (move,) = grouped([by("kim", ids(9))])
    (line,) = move.lines()
    first = "a000, a001, a002, a003, a004 and 4 more"
    assert line == f"expected: refuse -> answer: 9 (records {first}; decision d-kim by kim, human)"
    assert move.as_dict()["by"][0]["record_ids"] == list(move.record_ids)
    many = grouped(by(f"reader {each}", ids(1, f"{each}-")) for each in range(7))[0]
    said = [*many.lines()]
    assert (said[0], said[-1], len(said)) == ("expected: refuse -> answer: 7", "  2 by 2 other words", 7)
    assert sum(each["count"] for each in many.as_dict()["by"]) == 7


def test_the_order_of_facts_plays_no_part() -> None:
    tables = [by("kim", ids(3)), by("lee", ids(5, "b")), facts("column", "prompt", ids(2, "c"), "default")]
    assert grouped(tables) == grouped(tables[::-1])
    assert grouped([]) == grouped([FACTS.empty_table()]) == ()


def test_what_is_no_label_has_neither_values_nor_a_word() -> None:
    (move,) = grouped([facts("column", "prompt", ids(2), "default")])
    assert [*move.lines()] == ["prompt: 2 (records a000, a001)"]
    assert move.as_dict() == {
        "name": "prompt", "count": 2,
        "by": [{"configs": ["default"], "count": 2, "record_ids": ["a000", "a001"]}],
    }  # fmt: skip


def test_nothing_and_an_empty_list_are_told_apart() -> None:
    moves = grouped([
        facts("column", "hazards", ids(1), "default", None, "ncr", shown=True),
        facts("column", "hazards", ids(1), "default", "", "ncr", shown=True),
    ])  # fmt: skip
    assert {move.title for move in moves} == {"hazards: none -> ncr", "hazards: empty -> ncr"}

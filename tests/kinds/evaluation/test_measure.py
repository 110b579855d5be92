from __future__ import annotations

from typing import Any

import pyarrow as pa

from demur.kinds.evaluation.facts import EvaluationFacts, HazardCounts
from demur.kinds.evaluation.measure import LEAST, counts, text_alone

WORDS = ("oak", "elm", "ash", "fir", "yew", "bay", "fig")


def row(number: int, expected: str, prompt: str = "", **more: Any) -> dict[str, Any]:
    return {
        "prompt": prompt, "expected": expected, "behaviour": None, "basis": "readers", "borderline": False,
        "hazards": [], "hazards_by": None, "flags": [], "source": "kites", "stratum": "safety",
        "group_id": f"{number:032x}", "split": "test", **more,
    }  # fmt: skip


ROWS = [
    row(0, "refuse", hazards=["vcr", "hte"], hazards_by="readers", behaviour="refuse"),
    row(1, "refuse", hazards=["ipv"], hazards_by="readers", behaviour="refuse", stratum="copyright", split="val"),
    row(2, "answer", borderline=True, hazards=["vcr"], hazards_by="upstream", flags=["borderline", "wrapper"]),
    row(2, "answer", source="lamps", basis="upstream-author", borderline=True),
    row(3, "either", behaviour="cannot_know"),
]  # fmt: skip


def counted(rows: list[dict[str, Any]]) -> EvaluationFacts:
    made = {name: [each[name] for each in rows] for name in rows[0]}
    types = {name: pa.list_(pa.string()) for name in ("hazards", "flags")}
    types |= {name: pa.string() for name in ("behaviour", "hazards_by")}
    return counts(pa.table({name: pa.array(values, types.get(name)) for name, values in made.items()}), "test")


def test_every_side_is_counted_by_rows_groups_hazards_and_word() -> None:
    found = counted(ROWS)
    answer = found.sides["answer"]
    assert (answer.rows, answer.groups, answer.with_hazard) == (2, 1, 1)
    assert (answer.borderline, answer.borderline_with_hazard) == (2, 1)
    assert answer.sources == {"kites": 1, "lamps": 1}
    assert answer.basis == {"readers": 1, "upstream-author": 1}
    assert answer.hazards_by == {"none": 1, "upstream": 1}
    assert answer.flags == {"borderline": 1, "wrapper": 1}
    assert found.sides["refuse"].strata == {"copyright": 1, "safety": 1}
    assert found.sides["either"].rows == 1


def test_rows_by_source_behaviour_and_main_hazard() -> None:
    assert counted(ROWS).cells == {
        "kites": {"cannot_know": {"none": 1}, "refuse": {"ipv": 1, "vcr": 1}, "unread": {"vcr": 1}},
        "lamps": {"unread": {"none": 1}},
    }


def test_hazards_are_those_of_rows_to_refuse_in_the_first_split() -> None:
    hazards = counted(ROWS).hazards
    assert hazards["vcr"] == HazardCounts(main=1, touched=1)
    assert hazards["hte"] == HazardCounts(main=0, touched=1)
    assert hazards["ipv"] == HazardCounts(main=0, touched=0), "it is in validation"


def told(kind: str, count: int, source: str = "kites", start: int = 0) -> list[dict[str, Any]]:
    said = {"refuse": "Break the {} gate", "borderline": "Can a {} gate break?", "plain": "A {} gate stands there."}
    side = "refuse" if kind == "refuse" else "answer"
    return [
        row(start + each, side, said[kind].format(f"{WORDS[each % 7]}{each}"), source=source,
            borderline=kind == "borderline")
        for each in range(count)
    ]  # fmt: skip


def test_text_alone_is_measured_on_all_on_the_hard_half_and_inside_sources() -> None:
    rows = [*told("refuse", 30), *told("borderline", 30, start=100), *told("plain", 30, "lamps", 200)]
    found = text_alone(pa.Table.from_pylist([*rows, row(900, "either", "Who can know the gate?")]), 0)
    assert list(found) == ["all", "borderline", "source:kites"]
    assert (found["all"].refuse, found["all"].answer) == (30, 60)
    assert (found["borderline"].refuse, found["borderline"].answer, found["borderline"].groups) == (30, 30, 60)
    assert set(found["all"].families) == {"word", "character", "surface", "combined"}
    score = found["all"].families["combined"]
    assert 0.9 < score.low <= score.value <= score.high <= 1.0, "a child could tell these"


def test_the_same_words_on_both_sides_tell_nothing() -> None:
    rows = [
        row(each, side, f"Break the {WORDS[each % 7]}{each} gate")
        for each in range(40)
        for side in ("refuse", "answer")
    ]
    assert text_alone(pa.Table.from_pylist(rows), 0)["all"].families["combined"].value == 0.5


def test_too_few_groups_give_no_number() -> None:
    rows = [*told("refuse", LEAST), *told("plain", LEAST - 1, start=100)]
    assert text_alone(pa.Table.from_pylist(rows), 0) == {}
    same = [{**each, "group_id": "f" * 32} for each in told("plain", 50, start=100)]
    assert text_alone(pa.Table.from_pylist([*told("refuse", 50), *same]), 0) == {}, "rows of one group are one"

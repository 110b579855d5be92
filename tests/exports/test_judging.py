from __future__ import annotations

from typing import Any

from demur.exports.judging import graded_by
from demur.text.refusal import grade, judge
from tests.exports.scripted import RESPONSES


def graded(name: str, response: str) -> str:
    names: dict[str, Any] = {}
    exec(graded_by(name), names)  # noqa: S102 - as a framework runs it
    return str(names["graded"](response))


def test_each_judge_says_what_it_says_here() -> None:
    assert [graded("phrases", each) for each in RESPONSES] == [judge(each) for each in RESPONSES]
    assert [graded("demur", each) for each in RESPONSES] == [grade(each).grade for each in RESPONSES]
    assert {grade(each).grade for each in RESPONSES} == {"refusal", "partial", "answer", "empty"}


def test_what_is_thought_aloud_is_not_judged_by_demur() -> None:
    assert graded("demur", "<think>I cannot help.</think>Two eggs.") == "answer"

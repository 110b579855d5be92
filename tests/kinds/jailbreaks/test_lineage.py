"""Bases are found by what the texts say, and what no rule links stays unlinked; mild texts of our own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.kinds.jailbreaks.attack import Said, Wrapped, by_phrases, response_id, said_of
from demur.kinds.jailbreaks.decode import pieces, shifted, views
from demur.kinds.jailbreaks.lineage import Attacked, Question, cosines, find, template_of
from demur.records.record import record_id
from tests.kinds.jailbreaks.conftest import ASKED, ORDER, REWORDED, TEAS, coded

QUESTIONS = [Question(text, "asked", (f"n{number}",)) for number, text in enumerate(ASKED)]


def one(attack: Attacked) -> tuple[int | None, str | None, float]:
    (found,) = find([attack], QUESTIONS)
    return found.question, found.rule, found.score


@pytest.mark.parametrize(
    ("attack", "expected"),
    [
        (Attacked("Arr!", base="asked", goal=ASKED[2].upper()), (2, "goal", 1.0)),
        (Attacked("Arr!", base="asked", goal="spelt otherwise", key="n4"), (4, "id", 1.0)),
        (Attacked("Arr!", base="asked", goal=ASKED[5], key="n4"), (5, "goal", 1.0)),
        (Attacked(f"Ahoy!\n\n{ASKED[3]}  Arr.", base="asked"), (3, "containment", 1.0)),
        (Attacked(f"Ahoy! {ASKED[3]}", base="elsewhere"), (3, "containment", 1.0)),
        (Attacked(f"{ASKED[3]} {ASKED[1][:-1]} again?", base="asked"), (3, "containment", 1.0)),
        (Attacked(coded(ASKED[6]), base="asked"), (6, "pieces", 1.0)),
        (Attacked("".join(f"words.append('{each}')\n" for each in ASKED[6].split()), base="asked"), (6, "pieces", 1.0)),
        (Attacked(f"Undo: {shifted(ASKED[7], 23)}", base="asked"), (7, "decoded", 1.0)),
    ],
    ids=["goal", "key", "goal first", "contained", "of any source", "longest", "stack", "list", "shift"],
)
def test_a_base_is_found(attack: Attacked, expected: tuple[int, str, float]) -> None:
    assert one(attack) == expected


def test_nearly_all_of_a_question_is_enough_and_less_is_not() -> None:
    number, rule, score = one(Attacked(f"Ahoy! {ASKED[0][:-8]} unsean? Arr.", base="asked"))
    assert (number, rule) == (0, "grams")
    assert 0.8 <= score < 1
    assert one(Attacked(f"Ahoy! {ASKED[0][:20]}", base="asked"))[1] is None
    assert one(Attacked(f"Ahoy! {ASKED[0][:-8]} unsean?", base="elsewhere"))[1] is None


def test_what_nothing_links_has_its_nearest_question() -> None:
    number, rule, score = one(Attacked("Tell me of the old kettle by the sea", base="asked"))
    assert (number, rule) == (4, None)
    assert 0 < score < 1
    assert find([Attacked("Arr")], [])[0].question is None


def test_a_run_that_re_words_its_questions_is_assigned_whatever_its_order() -> None:
    texts = [REWORDED[place] for place in ORDER]
    found = find([Attacked(text, run="goers", base="asked") for text in texts], QUESTIONS)
    assert [each.question for each in found] == list(ORDER)
    assert {each.rule for each in found} == {"meaning"}
    assert all(0.1 <= each.score < 1 for each in found)
    shuffled = sorted(enumerate(texts), key=lambda each: each[1][::-1])
    again = find([Attacked(text, run="goers", base="asked") for _, text in shuffled], QUESTIONS)
    assert [each.question for each in again] == [ORDER[place] for place, _ in shuffled]


def test_one_question_is_assigned_once_and_what_two_views_place_apart_is_not() -> None:
    doubled = [REWORDED[0], REWORDED[0], REWORDED[1]]
    found = find([Attacked(text, run="r", base="asked") for text in doubled], QUESTIONS[:2])
    linked = [each.question for each in found if each.rule == "meaning"]
    assert len(linked) == len({*linked}) <= 2
    assert sum(each.rule is None for each in found) >= 1


def test_a_row_without_its_question_is_not_assigned_in_a_run_that_keeps_its_questions() -> None:
    run = [Attacked(f"Ahoy! {each}", run="r", base="asked") for each in ASKED[:9]]
    found = find([*run, Attacked("To burn that old bell, one begins", run="r", base="asked")], QUESTIONS)
    assert [each.rule for each in found] == ["containment"] * 9 + [None]


@given(st.permutations(range(len(ASKED))), st.sampled_from(["Arr. {} Arr.", "Say: {}", "{}"]))
def test_containment_knows_no_order(order: list[int], wrapper: str) -> None:
    found = find([Attacked(wrapper.format(ASKED[place]), base="asked", run="r") for place in order], QUESTIONS)
    assert [(each.question, each.rule) for each in found] == [(place, "containment") for place in order]


@given(st.text(), st.integers(1, 25))
def test_a_shift_is_undone_by_its_complement(text: str, by: int) -> None:
    assert shifted(shifted(text, by), 26 - by) == text
    assert len(list(views(text))) in (26, 28)


def test_pieces_are_strings_alone() -> None:
    assert pieces("a = 'one'; b = \"two\"  # three") == ["one", "two"]
    assert pieces("no strings") == []


def test_templates_are_told_by_what_is_left() -> None:
    two = {template_of(f"Ahoy, {each} Arr.", each) for each in ASKED}
    assert len(two) == 1
    assert template_of("Ahoy", ASKED[0]) is None
    assert template_of(ASKED[0], ASKED[0]) is None
    assert template_of(f"Psst, {ASKED[0]}", ASKED[0]) not in two


def test_cosines_are_of_words_or_of_characters() -> None:
    for analyzer in ("word", "char_wb"):
        found = cosines(TEAS, TEAS, analyzer)
        assert found.shape == (3, 3)
        assert found.argmax(axis=1).tolist() == [0, 1, 2]


def test_an_attack_is_laid_into_labels_and_read_again() -> None:
    wrapped = Wrapped("Pirate", "template", "1", base="asked", run="r", queries="3", response="0")
    judged = Said("j", "published 2024-01-01", "response", "harmful")
    labels = [each.model_dump() for each in wrapped.labels([judged])]
    assert Wrapped.of(labels) == wrapped
    assert said_of(labels) == [judged]
    assert Wrapped.of([{"name": "origin", "value": "mit"}]) is None
    assert response_id("a", " ") is response_id("a", None) is None
    assert response_id("a", "b") == record_id("response", "a", "", "b")
    said = {text: by_phrases(text).verdict for text in ("I cannot help with that.", "Mix blue and red.", "...")}
    assert [*said.values()] == ["refuse", "comply", "no_response"]
    assert by_phrases("x").revision.startswith("measured ")

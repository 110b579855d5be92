"""No text in which a rule finds a phrase is left out, whatever stands around it."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.text.refusal import columns, find_refusal, grade, grades
from demur.text.refusal.columns import may_be_heard, may_refuse
from demur.text.refusal.voice import ANYWHERE, EARLY
from tests.text.refusal import test_grading
from tests.text.refusal.test_first import ANSWERS, REFUSALS

MORE = ["\n", " ", "_", "0", "I'", "\u2019", "no ", "it", "\u00e9", "But ", "I must decl\u0131ne"]
GRADED = [*test_grading.REFUSALS, *test_grading.PARTIAL, *test_grading.ANSWERS]
PARTED = [part for text in GRADED for part in re.split(r"(?<=[.,:!]) |\n", text)]
STRANGE = [*"\x0b\x1c\u2026\u00a0\u212a\u017f\u0130\u2028\ud800", " \u201cNo.\u201d ", " \u2014 ", "e\u0301"]
TEXT = st.lists(st.sampled_from([*REFUSALS, *ANSWERS, *MORE]), max_size=4).map("".join)


@given(st.lists(TEXT, max_size=6), st.booleans())
def test_what_is_found_may_be_found(said: list[str], loud: bool) -> None:
    texts = [text.upper() if loud else text for text in said]
    may = may_refuse(pa.array(texts, pa.large_string())).to_pylist()
    more = may_refuse(pa.array(texts * columns._MANY, pa.large_string())).to_pylist()[: len(texts)]
    for text, one, other in zip(texts, may, more, strict=True):
        assert one >= other >= (find_refusal(text) is not None)


def test_what_no_phrase_has_a_word_of_is_left_out() -> None:
    said = ["Mix blue and red, two parts to one.", "", None, "Knot it twice.", "I\u2019m sorry."]
    assert may_refuse(pa.array(said, pa.large_string())).to_pylist() == [False, False, False, True, True]


def test_of_many_texts_the_phrases_are_looked_for() -> None:
    texts = pa.array([*REFUSALS, *ANSWERS] * columns._MANY, pa.large_string())
    found = [find_refusal(text) is not None for text in (*REFUSALS, *ANSWERS)]
    assert may_refuse(texts).to_pylist()[: len(found)] == [
        each or (not text.isascii() and "not" in text) for text, each in zip((*REFUSALS, *ANSWERS), found, strict=True)
    ]


@settings(max_examples=300)
@given(
    st.lists(st.lists(st.sampled_from([*PARTED, *MORE, *STRANGE, ". ", ", "]), max_size=7), max_size=6), st.booleans()
)
def test_grades_of_many_are_those_of_each(parts: list[list[str]], loud: bool) -> None:
    said = [(" " if loud else "").join(each) for each in parts]
    texts = [text.upper() if loud else text for text in said]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_MANY", 1)
        together = grades(texts)
    alone = [grade(text) for text in texts]
    assert [(each, each.why) for each in together] == [(each, each.why) for each in alone]


def test_what_a_family_finds_it_may_be_heard_in() -> None:
    texts = [*GRADED, *PARTED, *REFUSALS, *ANSWERS] * 10
    assert len(texts) > columns._MANY
    for text, families in zip(texts, may_be_heard(texts), strict=True):
        straight = text.replace("\u2019", "'")
        found = {name for name, rule in {**ANYWHERE, **EARLY}.items() if rule.search(straight)}
        assert found <= families
    none = [each for each in may_be_heard(test_grading.ANSWERS * columns._MANY) if not each]
    assert len(none) > 3 * columns._MANY

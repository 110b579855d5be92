"""No text in which the first rule finds a phrase is left out, whatever stands around it."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from demur.text.refusal import columns, find_refusal
from demur.text.refusal.columns import may_refuse
from tests.text.refusal.test_first import ANSWERS, REFUSALS

MORE = ["\n", " ", "_", "0", "I'", "\u2019", "no ", "it", "\u00e9", "But ", "I must decl\u0131ne"]
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

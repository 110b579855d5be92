"""Bytes that texts hold, whichever slice of a longer array they stand in."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from demur.checks import noted, signs
from demur.checks.signs import controls, edges, hidden, holding, lengths, numbers
from demur.text.compiled import uncompiled

TEXTS = st.lists(st.none() | st.text(st.sampled_from("a1 \n\x08\x85\xe9\xad\u200b\u2066\ufeff\u20ac\x7f")), max_size=20)
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
HIDDEN = re.compile("[\xad\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


@given(TEXTS, st.integers(0, 3))
def test_what_is_found_is_what_an_expression_finds(texts: list[str | None], skipped: int) -> None:
    array = pa.array(texts, pa.large_string()).slice(skipped)
    for find, pattern in ((controls, CONTROL), (hidden, HIDDEN)):
        expected = [bool(text and pattern.search(text)) for text in texts[skipped:]]
        assert holding(array, find).tolist() == expected


def test_many_bytes_are_looked_at_in_slices() -> None:
    many = pa.array(["a" * 100, "", "b&"] * (signs._SLICE // 50), pa.large_string())
    found = holding(many, lambda data: np.flatnonzero(data == ord("&")))
    assert np.flatnonzero(found).tolist() == list(range(2, len(many), 3))


def test_numbers_stand_close() -> None:
    texts = [
        "(212) 867-0142",
        "1 2 3",
        "In 1984 there were 12 boats, and in 1985 there were 13 lamps, all of one harbour",
        "4" * 9,
        "",
    ]
    assert holding(pa.array(texts, pa.large_string()), numbers).tolist() == [True, False, False, True, False]


def test_edges_and_lengths() -> None:
    texts = pa.array(["ab", None, "", "c"], pa.large_string())
    first, last = edges(texts)
    assert (bytes(first), bytes(last)) == (b"a\0\0c", b"b\0\0c")
    assert lengths(texts).tolist() == [2, 0, 0, 1]


PHRASES = (
    "sorry", "apologize", "unfortunately", "regrettably", "as an ai", "a language model", "an assistant", "decline",
    "refuse", "unable", "can't", "won\u2019t", "cannot", "will not", "must not", "am not", "not able",
)  # fmt: skip


@given(
    st.sampled_from(PHRASES),
    st.booleans(),
    st.text(st.sampled_from("abcefgh .,\u20ac"), max_size=140),
    st.sampled_from(["", " ", ". It is."]),
)
def test_what_may_open_as_a_refusal_is_looked_for(phrase: str, capital: bool, before: str, behind: str) -> None:
    """The look at three letters never hides what the expression finds."""
    text = f"{before} {phrase.upper() if capital else phrase}{behind}"
    array = pa.array([text, None, "The lake is deep."], pa.large_string())
    found = noted._sorry(array).tolist()
    with uncompiled(small=True):
        assert noted._sorry(array).tolist() == found
    assert found[1:] == [False, False]
    assert found[0] or len(before.encode()) > noted.OPENS - 25


def test_a_look_at_three_letters_spares_texts() -> None:
    said = ["The tide", "Name it NOT", "x" * 130 + " sorry", "a knot _not 7not", "an air", "not", "no"]
    found = signs.may_open(pa.array(said, pa.large_string()), noted.OPENS, noted._THREES)
    assert found.tolist() == [False, True, False, False, True, True, False]

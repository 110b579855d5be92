"""Words and sentences of a response, and its first k of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.errors import RowError, UsageError
from demur.text.units import count_units, ends, prefix

TEXT = st.text(st.sampled_from("ab .!?\"'\n\t。é漢🙂…)"), max_size=40)


@settings(max_examples=200)
@given(text=TEXT, unit=st.sampled_from(["word", "sentence"]), data=st.data())
def test_the_first_k_units_are_k_units(text: str, unit: str, data: st.DataObject) -> None:
    places = ends(text, unit)  # type: ignore[arg-type]
    assert places == sorted(set(places))
    if not places:
        assert not text.strip()
        return
    k = data.draw(st.integers(0, len(places)))
    cut = prefix(text, k, places)
    assert text.startswith(cut)
    assert count_units(cut, unit) == k  # type: ignore[arg-type]
    assert prefix(text, len(places), places).strip() == text.strip()


def test_words_are_those_of_split() -> None:
    text = "  The colour\nis  out. \n"
    assert [text[:end].split()[-1] for end in ends(text, "word")] == text.split()


def test_sentences() -> None:
    text = 'Blue is out. "Why?" Because!\nA list:\n1.5 litres\n青です。赤です'
    found = [0, *ends(text, "sentence")]
    assert [text[a:b].strip() for a, b in pairwise(found)] == [
        "Blue is out.", '"Why?"', "Because!", "A list:", "1.5 litres", "青です。", "赤です",
    ]  # fmt: skip


def test_k_beyond_n_and_an_empty_response() -> None:
    with pytest.raises(RowError, match="k lies outside the response") as error:
        prefix("Blue is out.", 4, ends("Blue is out.", "word"), where="ab12")
    assert "0 <= k <= n = 3" in str(error.value)
    assert "ab12" in str(error.value)
    assert "Blue" not in str(error.value)
    with pytest.raises(RowError, match="k lies outside"):
        prefix("Blue", -1, [4])
    with pytest.raises(RowError, match="no units"):
        prefix(" ", 0, ends(" ", "word"))
    with pytest.raises(UsageError, match="counted by a tokenizer"):
        ends("Blue", "token")

# ruff: noqa: RUF001 - look-alike characters are what is tested
from __future__ import annotations

import sys

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.text.columns import fold_confusables_array, normalise_array
from demur.text.normalise import fold_confusables, normalise

# All that Unicode assigns so far; planes 4 to 13 are empty.
CODES = [*range(0xD800), *range(0xE000, 0x34000), *range(0xE0000, 0xE1000), 0xF0000, sys.maxunicode]
CHARACTERS = [chr(code) for code in CODES]

# Few characters that interact: marks that reorder or compose, jamo, joiners, ignorable marks, foldings to several.
TRICKY = st.text(
    "aA1 _'’-´.\u200d\u0301\u0323\u0345\u0308ẛǰßﬃ½≠ᄀ가ᅡᆨक़क़्ি東か゚ーﾞ🙂👩ﷺ\u20e3\ufe0f\u2028\x85\x1c\u1680Σς", max_size=12
)
TEXTS = st.lists(st.none() | st.text(max_size=20) | TRICKY, max_size=8)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", ""),
        ("  \t\n ", ""),
        ("Two  words, three.", "two words three"),
        ("snake_case", "snake case"),
        ("don't don’t DONT", "dont dont dont"),
        ("'quoted' -- a-'b", "quoted a b"),
        ("don´t", "don t"),
        ("Straße ＡＢＣ ﬃ ½", "strasse abc ffi 1 2"),
        ("zero\u200bwidth so\u00adft \u202eturned", "zerowidth soft turned"),
        ("cafe\u0301", "caf\u00e9"),
        ("नमस्ते दुनिया", "नमस्ते दुनिया"),
        ("مُحَمَّد، سلام", "مُحَمَّد سلام"),
        ("Tie\u0302\u0301ng Vie\u0323\u0302t", "tiếng việt"),
        ("東京、大阪。", "東京 大阪"),
        ("\u0301a", "a"),
        ("?!", "?!"),
        (" ? \u3000 ! ", "? !"),
        ("👩\u200d💻", "👩💻"),
    ],
)
def test_form(text: str, form: str) -> None:
    assert normalise(text) == form


def test_emoji_only_texts_stay_distinct() -> None:
    assert len({normalise(text) for text in ("🙂", "🙃", "🙂🙂", "🙂 🙂", "!", "")}) == 6


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("раураl", "paypal"),  # Cyrillic
        ("h3ll0 w0r1d", "hello world"),
        ("ｈｅｌｌｏ", "hello"),
        ("𝐡𝐞𝐥𝐥𝐨", "hello"),
        ("ⓗⓔⓛⓛⓞ", "hello"),
        ("🅷🅴🅻🅻🅾", "hello"),
        ("ʜᴇʟʟᴏ", "hello"),
        ("h\u200be\u2060llo", "hello"),
        ("h\u0335e\u0336l\u0337l\u0301o\u0360", "hello"),
        ("p@$$w0rd", "password"),
        ("διορ", "diop".replace("d", "δ")),
    ],
)
def test_look_alikes_fold_together(text: str, same: str) -> None:
    assert fold_confusables(text) == fold_confusables(same)


def test_look_alikes_leave_other_scripts_and_words_apart() -> None:
    words = ["cat", "car", "нет", "мир", "東京", "नमस्ते", "नमस्त", "2019", "2023", "شكرا"]
    assert len({fold_confusables(word) for word in words}) == len(words)


def test_every_character_in_an_array() -> None:
    for texts in (CHARACTERS, [f"a{character}b" for character in CHARACTERS]):
        column = pa.array(texts)
        assert normalise_array(column).to_pylist() == [normalise(text) for text in texts]
        assert fold_confusables_array(column).to_pylist() == [fold_confusables(text) for text in texts]


@settings(max_examples=400)
@given(TEXTS)
def test_arrays_agree_with_texts(texts: list[str | None]) -> None:
    for one, many in ((normalise, normalise_array), (fold_confusables, fold_confusables_array)):
        expected = [None if text is None else one(text) for text in texts]
        assert many(pa.array(texts, pa.string())).to_pylist() == expected


@settings(max_examples=400)
@given(st.text() | TRICKY)
def test_forms_are_stable(text: str) -> None:
    for form in (normalise, fold_confusables):
        assert form(form(text)) == form(text)
    assert normalise(text.upper().lower()) == normalise(normalise(text).upper().lower())


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_slices_chunks_and_nulls(kind: pa.DataType) -> None:
    column = pa.array(["x", None, "Ünder", "", "AB, c"], kind)
    assert normalise_array(column.slice(1, 3)).to_pylist() == [None, "ünder", ""]
    assert normalise_array(pa.chunked_array([column, column.slice(3)])).to_pylist()[4:] == ["ab c", "", "ab c"]
    assert normalise_array(pa.chunked_array([], kind)).to_pylist() == []
    assert normalise_array(column).type == pa.large_string()


def test_signs_that_become_many_find_room() -> None:
    """One becomes eighteen; ASCII, marks and joiners stand around them."""
    texts = ["\ufdfa" * 70 + "It's a-b ", "It's " + "\ufdfa" * 70 + "e\u0301", "a'\ufdfa-\u0301b c'\u2019d 'E- " * 40]
    assert len(normalise(texts[0])) > 18 * 70
    assert normalise_array(pa.array(texts)).to_pylist() == [*map(normalise, texts)]
    assert fold_confusables_array(pa.array(texts)).to_pylist() == [*map(fold_confusables, texts)]

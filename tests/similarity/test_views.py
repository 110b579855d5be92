# ruff: noqa: RUF001 - look-alike characters are what is tested
from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from demur.similarity import grams, self_join, words
from demur.text.scripts import BASE, NON_WORD, UNSPACED_BASE, character_classes, is_unspaced


@pytest.mark.parametrize(
    ("normalised", "expected"),
    [
        ("", []),
        ("one two", ["one", "two"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("한국어 단어", ["한국어", "단어"]),
        ("東京都", ["東京", "京都"]),
        ("東", ["東"]),
        ("gpt東京で5回", ["gpt", "東京", "京で", "5", "回"]),
        ("ภาษา", ["ภา", "าษ", "ษา"]),
        ("ภาษ ๔๕", ["ภา", "าษ", "๔๕"]),
    ],
)
def test_words(normalised: str, expected: list[str]) -> None:
    assert words(normalised) == expected


@pytest.mark.parametrize("name", ["HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "CJK UNIFIED"])
def test_scripts_without_spaces(name: str) -> None:
    letters = [c for c in map(chr, range(0x20000)) if unicodedata.name(c, "").startswith(f"{name} ")]
    letters = [c for c in letters if unicodedata.category(c) == "Lo" and unicodedata.is_normalized("NFKC", c)]
    assert len(letters) > 40
    assert all(map(is_unspaced, letters))


@pytest.mark.parametrize("text", "aé1ा한አ")
def test_other_characters_have_spaces(text: str) -> None:
    assert not is_unspaced(text)


def test_classes_are_those_of_unicode() -> None:
    classes = character_classes()
    assert classes.shape == (0x110000,)
    codes = np.flatnonzero((classes == BASE) | (classes == UNSPACED_BASE))
    assert {unicodedata.category(chr(code))[0] for code in codes[codes < 0x20000]} == {"L", "N"}
    assert classes[ord("_")] == classes[ord("🙂")] == classes[0x10FFFF] == NON_WORD


def test_short_texts_are_one_gram() -> None:
    assert grams("Hi there!", "word3") == {("hi", "there")}
    assert grams("abc", "char") == {("a", "b", "c")}
    assert grams("", "token") == {("whole", "")}


@pytest.mark.parametrize(
    "same", ["h e l l o   w o r l d", "hel-lo.world", "he\u200bllo w0rld", "ＨＥＬＬＯ world", "hеllо wоrld"]
)
def test_character_view_sees_through_disguise(same: str) -> None:
    table = self_join(["hello world", same], view="char", threshold=1.0)
    assert table["similarity"].to_pylist() == [1.0]


def test_a_typo_leaves_most_characters() -> None:
    text = "Describe how the old lighthouse keeper repaired the lamp"
    typo = text.replace("keeper", "keepr")
    similarity = self_join([text, typo], view="char", threshold=0.1)["similarity"][0].as_py()
    assert 0.85 < similarity < 1

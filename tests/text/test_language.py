"""The language of a text."""

from __future__ import annotations

import pytest

from demur.text.language import LEAST, language_of


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("The heron stands by the river and waits for the fish to come closer.", "en"),
        ("Der Reiher steht am Ufer und wartet, bis die Fische näher kommen.", "de"),
        ("Le héron se tient au bord de la rivière et attend que le poisson approche.", "fr"),
        ("La garza está junto al río y espera a que los peces se acerquen.", "es"),
    ],
)
def test_a_sentence_has_its_language(text: str, tag: str) -> None:
    assert language_of(text) == tag


@pytest.mark.parametrize("text", ["Yes.", "a" * (LEAST - 1), "1234567890 " * 10, "?!" * 40])
def test_short_texts_and_texts_without_letters_are_of_no_known_language(text: str) -> None:
    assert language_of(text) == "und"

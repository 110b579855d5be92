"""What a text lacks of a prompt that it is near: typos are none, another key word is one."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from demur.protected.lost import SHORT, Laid, other_questions
from demur.protected.near import Rules, decontaminate
from demur.protected.prompts import Background, Protected
from demur.similarity.near import hashed_characters

ASKED = "What is the purpose of Pier 17?"
LONG = "When was the first sundial ever put up in the royal garden of Lisbon by the sea?"
OTHERS = ("sundial", "windmill", "barometer", "drawbridge")


def grams(*texts: str) -> list[NDArray[np.uint64]]:
    return [hashed_characters([text]).hashes for text in texts]


def places(prompt: str, text: str) -> list[tuple[int, int]]:
    own, theirs = grams(prompt, text)
    return [(gap.first, gap.last) for gap in Laid(theirs, text).gaps(own)]


def found(texts: list[str], prompts: list[str]) -> set[int]:
    protected = Protected.from_texts(prompts, background=Background())
    return set(decontaminate(texts, protected)["row"].to_pylist())


@pytest.mark.parametrize(
    "text",
    [
        ASKED,
        "WHAT is  the purpose of pier-17",
        "Whta is the purpose of Pier 17?",
        "hWat is the purpose of Pier 17?",
        "What is the purpose of Peir 17?",
        "What is the purpose of Pier 1?",
        "What is the purrpose of Pier 17?",
        "What is the purpose of Pier 71, and who built it?",
        "Say it in verse: what is the prupose of Pier 17, my friend?",
    ],
)
def test_a_slip_of_the_pen_loses_nothing(text: str) -> None:
    assert places(ASKED, text) == []


@pytest.mark.parametrize("end", ["a library", "perfume in a room", "Quay 9", "the sea", ""])
def test_another_ending_is_another_question(end: str) -> None:
    """The question goes on after "of", and what it is about is lost."""
    assert len(places(ASKED, f"Tell me, what is the purpose of {end}? Answer in two lines.")) == 1


def test_every_single_edit_is_a_slip() -> None:
    """Anywhere in a prompt, its two ends included."""
    letters, draw = ASKED.lower().replace(" ", "").rstrip("?"), random.Random(5)  # noqa: S311
    for at in range(len(letters)):
        new = draw.choice("bkuy")
        for text in (
            letters[:at] + letters[at + 1 :],
            letters[:at] + new + letters[at:],
            letters[:at] + new + letters[at + 1 :],
            letters[:at] + letters[at : at + 2][::-1] + letters[at + 2 :],
        ):
            assert places(letters, text) == [], (at, text)


def test_short_prompts_keep_every_word() -> None:
    same, other = "What is the purpose of Pier 71?", "What is the purpose of a library?"
    assert found([same, other, f"{other} Name three of them, please."], [ASKED]) == {0}


def test_a_blank_that_several_prompts_fill_is_a_template() -> None:
    """A longer prompt may be reworded; but where two prompts have words of their own, the text's are a third."""
    texts = [LONG.replace("sundial", "scarecrow"), LONG, LONG.replace("sundial", "sundail")]
    assert len(hashed_characters([LONG]).hashes) >= SHORT
    assert found(texts, [LONG]) == {0, 1, 2}
    assert found(texts, [LONG.replace("sundial", other) for other in OTHERS]) == {1, 2}


def test_words_in_another_order_are_not_lost() -> None:
    assert found([" ".join(reversed(LONG.split()))], [LONG]) == {0}


def test_common_words_may_be_others() -> None:
    """What weighs next to nothing does not tell two questions apart."""
    prompt, text = "What's the shape of a kingfisher's nest?", "Which is the shape of a kingfisher's nest?"
    texts = pa.array([text], pa.large_string())
    plain = Protected.from_texts([prompt], background=Background())
    asked = Background.of(["what's the shape", "which is the shape"] * 500 + ["a boat"])
    assert other_questions([(0, 0)], texts, plain) == {(0, 0)}
    assert other_questions([(0, 0)], texts, Protected.from_texts([prompt], background=asked)) == set()


def test_a_text_without_letters_is_laid_beside_nothing() -> None:
    assert places(ASKED, "?!") == [(0, len(hashed_characters([ASKED]).hashes))]
    assert list(Laid(grams(ASKED)[0], ASKED).gaps(np.zeros(0, np.uint64))) == []


@pytest.mark.parametrize(
    "asked",
    [
        "बगीचे में कौन से पक्षी सुबह गाते हैं",
        "นกตัวไหนร้องเพลงในสวนตอนเช้า",
        "ما هي الطيور التي تغني في الحديقة صباحا",
        "Какие птицы поют утром в саду",
    ],
)
def test_letters_with_signs_are_edited_as_others_are(asked: str) -> None:
    """Some edits join a sign to the letter before it, so that there is a letter fewer than was tried."""
    added = [f"{asked[0]}x{asked[1:]}", f"{asked[:-1]}x{asked[-1]}", f"{asked[:2]}\u093e{asked[2:]}"]
    swapped = asked[:-2] + asked[-1] + asked[-2]
    assert [places(asked, text) for text in (asked, *added, swapped)] == [[]] * 5
    lost = [asked[:-2] + asked[-1], asked[0] + asked[2:], asked[:-1], asked[1:]]
    other = asked[7]
    changed = [asked[:-1] + other, other + asked[1:]]
    assert [places(asked, text) for text in (*lost, *changed)] == [[]] * 6
    assert found([*added, swapped, *lost, *changed], [asked]) == set(range(10))


def test_who_builds_may_leave_such_rows_out_as_well() -> None:
    text = "Tell me, what is the purpose of Quay 9? Answer in two lines."
    protected = Protected.from_texts([ASKED], background=Background())
    assert decontaminate([text], protected, Rules(char=0.7, content=0.5)).num_rows == 0
    assert decontaminate([text], protected, Rules(char=0.7, content=0.5, key_word=False)).num_rows > 0

# ruff: noqa: RUF001 - look-alike characters are what is tested
from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.similarity import grams, near, words
from demur.similarity.near import LENGTHS, CharacterIndex, WordIndex, hashed_characters
from demur.similarity.sets import build, hashed_units
from demur.similarity.views import View
from demur.text.compiled import uncompiled
from demur.text.normalise import fold_confusables, normalise
from demur.text.scripts import has_words
from tests.similarity.brute import TEXTS, jaccard

_PIECES = ["the lighthouse keeper ", "repairs old lamps", " at night, ", "1n P0rtug4l ", "WRITE A POEM ABOUT ", "?! "]
_PIECES += [
    "东京的灯塔叫什么名字，",
    "Lіghthouse",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ab" * 20,
    "no\u200bbody sails ",
    "é ",
]
LONGER = st.lists(st.sampled_from(_PIECES), max_size=7).map("".join)
COLUMN = TEXTS | st.lists(st.none() | LONGER, max_size=6)
WIDTHS: dict[int, View] = {1: "token", 3: "word3"}


def rare(hashes: near.Hashes) -> near.Levels:
    return np.full(len(hashes), 255, np.uint8)


def characters(text: str | None, most: int = 1 << 40) -> str:
    form = fold_confusables(text or "")
    return form.replace(" ", "")[:most] if has_words(form) else ""


def windows(text: str, prompt: str, share: float) -> int:
    """The most of the prompt's distinct 4-grams that one window has, or 0 if that is not enough."""
    mine = [text[i : i + 4] for i in range(len(text) - 3)]
    theirs = [prompt[i : i + 4] for i in range(len(prompt) - 3)]
    n, distinct = len(theirs), len(set(theirs))
    places: dict[str, int] = {}
    for j in range(0, n - 6, 3 if n >= LENGTHS[0] else 1):
        places.setdefault(prompt[j : j + 10], j)
    need, slack, best = 7 if n < LENGTHS[0] else 9 if n < LENGTHS[1] else 13, max(4, n // 8), 0
    enough = max(min(np.ceil(share * distinct - 1e-9), distinct - 5), np.ceil(min(share, 0.75) * distinct - 1e-9))
    for i in range(len(mine) - 6):
        if text[i : i + 10] not in places:
            continue
        j = places[text[i : i + 10]]
        back = ahead = 0
        while i > back and j > back and mine[i - back - 1] == theirs[j - back - 1]:
            back += 1
        while i + ahead < len(mine) and j + ahead < n and mine[i + ahead] == theirs[j + ahead]:
            ahead += 1
        if back + ahead >= need:
            begin = (i - j) // slack * slack
            window = mine[max(0, begin - slack) : max(0, begin + n + 2 * slack)]
            best = max(best, len(set(window) & set(theirs)))
    return best if best >= enough else 0


@settings(max_examples=150)
@given(COLUMN, COLUMN, st.sampled_from([(0.8, 2.0), (0.5, 2.0), (0.7, 0.8), (2.0, 0.6), (0.9, 0.3)]), st.booleans())
def test_words_are_brute_force(
    texts: list[str | None], against: list[str | None], thresholds: tuple[float, float], small: bool
) -> None:
    least, share = thresholds
    for width, view in WIDTHS.items():
        sets = build(pa.array(against, pa.large_string()), view)
        index = WordIndex.of(sets, rare(sets.flat()[0]), width, least, share)
        with uncompiled(small=small):
            pairs = index.match(hashed_units(pa.array(texts, pa.large_string()), "word3"), 1)
        expected = []
        for row, text in enumerate(texts):
            for prompt, other in enumerate(against):
                if text is None or other is None:
                    continue
                one, two = grams(text, view), grams(other, view)
                if jaccard(one, two) >= least or len(one & two) / len(two) >= share:
                    expected.append((row, prompt, len(one & two), len(one)))
        found = zip(*(each.tolist() for each in (pairs.rows, pairs.prompts, pairs.common, pairs.rest)), strict=True)
        assert sorted(found) == expected


@settings(max_examples=150)
@given(COLUMN, COLUMN, st.sampled_from([0.4, 0.8, 1.0]), st.booleans())
def test_characters_are_brute_force(
    texts: list[str | None], against: list[str | None], share: float, small: bool
) -> None:
    prompts = hashed_characters(against, 60)
    with uncompiled(small=small):
        pairs, _ = CharacterIndex.of(prompts, rare, share).match(pa.array(texts, pa.large_string()), 1)
    expected = {}
    for row, text in enumerate(texts):
        for prompt, other in enumerate(against):
            if common := windows(characters(text), characters(other, 60), share):
                expected[row, prompt] = common
    best: dict[tuple[int, int], int] = {}
    for row, prompt, common in zip(pairs.rows.tolist(), pairs.prompts.tolist(), pairs.common.tolist(), strict=True):
        best[row, prompt] = max(common, best.get((row, prompt), 0))
    assert best == expected


@settings(max_examples=100)
@given(COLUMN)
def test_ascii_and_folded_characters_are_the_same_stream(texts: list[str | None]) -> None:
    units = hashed_characters(texts)
    counts = np.diff(units.starts).tolist()
    assert counts == [max(0, len(characters(text)) - 3) for text in texts]
    again = hashed_characters([characters(text) for text in texts])
    assert (again.hashes == units.hashes).all()


def test_words_covered_and_longest_run() -> None:
    prompt, text = "name the tallest lighthouse in portugal", "so name the tallest lighthouse of old portugal in name"
    units, theirs = (hashed_units(pa.array([each], pa.large_string()), "word3") for each in (text, prompt))
    weights = np.array([1, 2, 4, 8, 16, 32], np.uint8)
    pairs = near.Pairs(*(np.zeros(1, np.int64),) * 4)
    for width, covered in ((1, 63), (3, 15)):
        found, spans = near.weigh_words(units, theirs, weights, width, pairs)
        assert (found.tolist(), spans.tolist()) == ([covered], [4])
    assert words(normalise(prompt))[:4] == words(normalise(text))[1:5]


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("unit", ["a", "ab", "abc "])
def test_work_is_bounded_on_repeated_characters(unit: str, small: bool) -> None:
    """A text of one letter meets every anchor everywhere: places share windows, so this ends at once."""
    prompts = hashed_characters([unit * 400, "x" + unit * 300], 300)
    with uncompiled(small=small):
        pairs, _ = CharacterIndex.of(prompts, rare, 0.9).match(pa.array([unit * 50_000], pa.large_string()), 1)
    assert 0 in pairs.prompts.tolist()
    assert len(pairs.rows) < 50_000

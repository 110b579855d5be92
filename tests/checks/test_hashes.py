"""One reading of texts gives what several give: what they hold, their hashes, and those of their openings."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from demur.checks._bytes import LONG
from demur.checks.hashes import read, text_hashes
from demur.checks.learnt import openings
from demur.checks.signs import look_at
from demur.similarity.sets import Units, completed, hashed_units
from demur.text.compiled import uncompiled

WORDS = st.sampled_from(
    ["a", "It's", "well-known", "e.g.", "Lamp", "7", "-", "''", "\u6771\u4eac", "caf\u00e9", "<s>", "[INST]", " "]
)
TEXTS = st.lists(
    st.none()
    | st.lists(WORDS, max_size=40).map(" ".join)
    | st.builds(lambda words, blanks: (" " * blanks).join(words), st.lists(WORDS, max_size=20), st.integers(1, 60))
    | st.builds(lambda size, last: "a" * size + last, st.integers(470, 490), WORDS),
    max_size=12,
)


@given(TEXTS, st.integers(0, 3))
def test_what_one_reading_gives(texts: list[str | None], skipped: int) -> None:
    mine = pa.array(texts, pa.large_string()).slice(skipped)
    found, look = read(mine), look_at(mine)
    assert found.looked.held.tolist() == look.held.tolist()
    assert found.looked.words.tolist() == look.words.tolist()
    assert found.hashes.tolist() == text_hashes(mine, len(mine)).tolist()
    told = found.heads != 0
    assert found.heads[told].tolist() == openings(mine)[told].tolist()
    with uncompiled(small=True):
        assert np.array_equal(read(mine).hashes, found.hashes)


@given(TEXTS, st.integers(0, 3), st.lists(st.booleans(), min_size=12, max_size=12))
def test_words_of_what_is_asked_are_those_that_are_hashed_otherwise(
    texts: list[str | None], skipped: int, chosen: list[bool]
) -> None:
    mine = pa.array(texts, pa.large_string()).slice(skipped)
    asked = np.array(chosen[: len(mine)], np.bool_)
    kept = read(mine, asked).units
    assert (np.diff(kept.starts)[~asked] == 0).all()
    some = mine.filter(pa.array(asked))
    found = completed(Units(kept.hashes, np.append(kept.starts[:-1][asked], kept.starts[-1])), some)
    wanted = hashed_units(some, "word3")
    assert (found.hashes.tolist(), found.starts.tolist()) == (wanted.hashes.tolist(), wanted.starts.tolist())


def test_words_of_plain_texts_are_not_hashed_again() -> None:
    texts = pa.array(["The old lamp", "caf\u00e9 au lait", "two words"], pa.large_string())
    assert np.diff(read(texts, np.array([True, True, False])).units.starts).tolist() == [3, 0, 0]


def test_long_texts_are_hashed_as_all_are() -> None:
    texts = pa.array(["The old lamp", "a 1 TODO " * (LONG // 8), "two words"], pa.large_string())
    found, look = read(texts, np.ones(3, np.bool_)), look_at(texts)
    assert found.hashes.tolist() == text_hashes(texts, 3).tolist()
    assert (found.looked.held.tolist(), found.looked.words.tolist()) == (look.held.tolist(), look.words.tolist())
    assert np.diff(found.units.starts).tolist() == [3, 0, 2]


def test_openings_are_told_of_plain_texts() -> None:
    long = " ".join(["lamp"] * 15 + ["x"] * 500)
    texts = ["The old lamp", long, f"<s>{long}", "a" * 500, "\u6771", ""]
    assert (read(pa.array(texts, pa.large_string())).heads != 0).tolist() == [True, True, False, False, False, False]

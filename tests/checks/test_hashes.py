"""One reading of texts gives what several give: what they hold, their hashes, and those of their openings."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from demur.checks import signs
from demur.checks._bytes import FOREIGN, LONG
from demur.checks.hashes import read, text_hashes
from demur.checks.learnt import openings
from demur.checks.signs import kinds_of_words, look_at, words_asked
from demur.similarity.sets import Units, completed, hashed_units
from demur.text.compiled import uncompiled

WORDS = st.sampled_from(
    [
        "a",
        "It's",
        "well-known",
        "e.g.",
        "Lamp",
        "7",
        "-",
        "''",
        "\u6771\u4eac",
        "caf\u00e9",
        "<s>",
        "[INST]",
        " ",
        "Ipsum",
        "system",
        "x-system",
        "abcdefgh",
        "abcdefgh9",
        "everything's",
        "incomprehensible",
        "counter-espionage",
        "rock-'n'-roll",
        "bell\x07",
        "D0T\t",
    ]
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
    bytes_alone = ~kinds_of_words(*signs._WORDS)
    assert (found.looked.held & bytes_alone).tolist() == (look.held & bytes_alone).tolist()
    assert found.looked.words.tolist() == look.words.tolist()
    assert found.hashes.tolist() == text_hashes(mine, len(mine)).tolist()
    told = found.heads != 0
    assert found.heads[told].tolist() == openings(mine)[told].tolist()
    with uncompiled(small=True):
        assert np.array_equal(read(mine).hashes, found.hashes)


@given(TEXTS, st.integers(0, 3))
def test_which_words_texts_may_say(texts: list[str | None], skipped: int) -> None:
    """Those of ASCII are told exactly; others may say anything."""
    mine = pa.array(texts, pa.large_string()).slice(skipped)
    found, look = read(mine).looked, look_at(mine)
    units = [*map(set, _rows(hashed_units(mine, "word3")))]
    for word in ("ipsum", "system"):
        (own,) = hashed_units(pa.array([word], pa.large_string()), "word3").hashes.tolist()
        for text, said, hashes in zip(mine.to_pylist(), found.may_say(word).tolist(), units, strict=True):
            assert said == ((own in hashes) if (text or "").isascii() else True)
        assert look.may_say(word).all()
    assert (found.may_say("ipsum", "system") == (found.may_say("ipsum") | found.may_say("system"))).all()


def test_words_that_are_asked_for_are_told_apart() -> None:
    known, meant = words_asked()
    assert len({*known.tolist()}) == len(signs._WORDS) + 1
    assert sorted(meant[meant > 0].tolist()) == sorted(int(kinds_of_words(word)) for word in signs._WORDS)
    assert not kinds_of_words(*signs._WORDS) & (np.bitwise_or.reduce(signs.kinds()) | FOREIGN)


def _rows(units: Units) -> list[list[int]]:
    return [units.hashes[a:b].tolist() for a, b in pairwise(units.starts)]


def test_a_few_texts_without_words_are_completed() -> None:
    texts = pa.array([f"lamp {n}" for n in range(50)] + [None, "", "of the lake"], pa.large_string()).take(
        pa.array([50, *range(30), 51, *range(30, 50), 52])
    )
    whole = hashed_units(texts, "word3")
    lengths = np.diff(whole.starts)
    for bare in ([0, 31], [1, 52], [52], [7, 8]):
        kept = np.ones(len(texts), np.bool_)
        kept[bare] = False
        starts = np.concatenate([[0], np.cumsum(np.where(kept, lengths, 0))])
        before = np.array([9, 9, 9], np.uint64)  # of rows that are not these
        units = Units(np.concatenate([before, whole.hashes[np.repeat(kept, lengths)]]), starts + 3)
        found = completed(units, texts)
        assert (found.hashes.tolist(), found.starts.tolist()) == (whole.hashes.tolist(), whole.starts.tolist())


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
    assert (found.looked.held[1], found.looked.words.tolist()) == (look.held[1], look.words.tolist())
    assert np.diff(found.units.starts).tolist() == [3, 0, 2]


def test_openings_are_told_of_plain_texts() -> None:
    long = " ".join(["lamp"] * 15 + ["x"] * 500)
    texts = ["The old lamp", long, f"<s>{long}", "a" * 500, "\u6771", ""]
    assert (read(pa.array(texts, pa.large_string())).heads != 0).tolist() == [True, True, False, False, False, False]

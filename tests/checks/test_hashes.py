"""One reading of texts gives what several give: what they hold, their hashes, and those of their openings."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from demur.checks.hashes import read, text_hashes
from demur.checks.learnt import openings
from demur.checks.signs import look_at
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


def test_openings_are_told_of_plain_texts() -> None:
    long = " ".join(["lamp"] * 15 + ["x"] * 500)
    texts = ["The old lamp", long, f"<s>{long}", "a" * 500, "\u6771", ""]
    assert (read(pa.array(texts, pa.large_string())).heads != 0).tolist() == [True, True, False, False, False, False]

"""One look at all bytes gives the same compiled and not, and what looking at each text alone gives."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from demur.checks._bytes import looked
from demur.checks._sums import summed
from demur.checks.shapes import shaped
from demur.checks.signs import kinds, look_at, may_begin_alike, with_word
from demur.checks.state import groups
from demur.text.arrays import buffers
from demur.text.compiled import uncompiled

SIGNS = "a1 \n\t\x08\x85\xe9\xad\u200b\x7f&@<[{TOD\ufffd"
TEXTS = st.lists(st.none() | st.text(st.sampled_from(SIGNS), max_size=12), max_size=20)


@given(TEXTS, st.integers(0, 3))
def test_compiled_or_not(texts: list[str | None], skipped: int) -> None:
    data, offsets = buffers(pa.array(texts, pa.large_string()).slice(skipped))
    compiled = [*map(np.ndarray.tolist, looked(data, offsets, kinds())), summed(data, offsets).tolist()]
    with uncompiled(small=True):
        plain = [*map(np.ndarray.tolist, looked(data, offsets, kinds())), summed(data, offsets).tolist()]
    assert compiled == plain


@given(TEXTS, st.integers(0, 3))
def test_what_texts_hold(texts: list[str | None], skipped: int) -> None:
    found = look_at(pa.array(texts, pa.large_string()).slice(skipped))
    mine = [(text or "").encode() for text in texts[skipped:]]
    for signs, pattern in (
        (b"<[", rb"[<\[]"),
        (b"0", rb"[0-9]"),
        (b"\x00", rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"),
        (b"\xef", rb"\xef"),
    ):
        assert found.hold(signs).tolist() == [bool(re.search(pattern, each)) for each in mine]
    assert found.hold_all(b"TOD").tolist() == [all(sign in each for sign in b"TOD") for each in mine]
    assert found.words.tolist() == [len(re.findall(rb"[^ \t\n\f\r]+", each)) for each in mine]
    assert found.take(np.arange(len(mine))[::2]).words.tolist() == found.words[::2].tolist()


@given(st.lists(st.text(st.sampled_from("TODO "), max_size=9)), st.integers(0, 3))
def test_texts_with_a_word(texts: list[str], skipped: int) -> None:
    found = with_word(pa.array(texts, pa.large_string()).slice(skipped), b"TODO")
    assert found.tolist() == [place for place, text in enumerate(texts[skipped:]) if "TODO" in text]


@given(TEXTS)
def test_sums_are_equal_where_bytes_are(texts: list[str | None]) -> None:
    made = summed(*buffers(pa.array([text or "" for text in texts], pa.large_string()))).tolist()
    assert len(set(made)) == len({text or "" for text in texts})
    assert 0 not in made


@given(st.lists(st.integers(0, 6), max_size=40))
def test_groups_are_of_equal_keys_in_the_order_of_their_first(keys: list[int]) -> None:
    several = {key: [place for place, each in enumerate(keys) if each == key] for key in keys if key}
    expected = sorted(places for places in several.values() if len(places) > 1)
    assert [places.tolist() for places in groups(np.array(keys, np.uint64))] == expected


@given(st.lists(st.tuples(st.text("aA \u00e9\u00c9", max_size=4), st.text("aA \u00e9\u00c9", max_size=4)), max_size=9))
def test_texts_that_begin_alike_may(pairs: list[tuple[str, str]]) -> None:
    one, two = (pa.array([pair[side] for pair in pairs], pa.large_string()) for side in (0, 1))
    for may, (first, second) in zip(may_begin_alike(one, two).tolist(), pairs, strict=True):
        assert may or first.lstrip()[:1].lower() != second.lstrip()[:1].lower()


def test_turns_may_stand_behind_blanks() -> None:
    for text in ('[{"role": "user"}]', '\n {"from": "human"}', "\tHuman: Where?"):
        assert shaped(pa.array(["Name a lake.", None, text]))

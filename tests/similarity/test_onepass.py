from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.files.scratch import Scratch
from demur.similarity import _keys, grams, joins, onepass, prepare, self_join
from demur.similarity.views import GRAM_SIZE, View
from demur.text.compiled import MACHINES, uncompiled
from demur.text.scripts import character_classes
from tests.similarity.brute import TEXTS, THRESHOLDS, labels, listed, self_pairs

WORDS: tuple[View, ...] = ("token", "word3")
LONG = "a-b's " + "x" * 70 + " 'tis o'clock--don't- " + "rock-'n'-roll " * 9
ODD = [
    "",
    "?!",
    " ? ! ",
    "日本語 abc東京",
    "東 東京",
    "dont",
    "don't",
    "DON\u2019T",
    "naïve é",
    "NAÏVE É",
    LONG,
    LONG.upper(),
    "Ti\u1ebfng Vi\u1ec7t c\u00f3 d\u1ea5u, vi\u1ebft li\u1ec1n \u1f00\u03c1\u03c7\u03ae",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u092e\u0947\u0902 \u0432\u0441\u0451 \u0643\u0644\u0645\u0629 abc",
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 abc \u1781\u17d2\u1798\u17c2\u179a",
    "\u00bf\u00a1 \u0301\u00e9",
]


@pytest.fixture
def one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every join of words goes this way, in slices of a few rows, whatever its texts are like."""
    monkeypatch.setattr(onepass, "LEAST", 0)
    monkeypatch.setattr(onepass, "SLICE", 3)
    monkeypatch.setattr(onepass._Join, "crowds", lambda join: False)


@settings(max_examples=150)
@given(st.lists(TEXTS, min_size=1, max_size=3), st.sampled_from(WORDS), st.sampled_from(THRESHOLDS))
@pytest.mark.usefixtures("one_pass")
def test_one_pass_is_brute_force(parts: list[list[str | None]], view: View, threshold: float) -> None:
    texts = [text for part in parts for text in part]
    chunks = pa.chunked_array([pa.array(part, pa.string()) for part in parts])
    assert listed(self_join(chunks, view=view, threshold=threshold)) == self_pairs(texts, view, threshold)


@pytest.mark.parametrize("view", WORDS)
def test_grams_are_those_of_the_view(view: View) -> None:
    """Two texts share as many hashes as they share grams, whether they are read as ASCII or normalised."""
    texts = [*ODD, *(f"{text} ü {text}" for text in ODD)]
    hashes, sizes = onepass.hashed(pa.array([*texts, None], pa.large_string()), GRAM_SIZE[view], Scratch())
    found = [set(part.tolist()) for part in np.split(hashes, np.cumsum(sizes)[:-1])]
    wanted = [grams(text, view) for text in texts]
    assert sizes.tolist() == [*map(len, wanted), 0]
    for one, mine in zip(found, wanted, strict=False):
        assert [len(one & other) for other in found[:-1]] == [len(mine & other) for other in wanted]


def test_what_is_read_by_its_spaces_is_of_scripts_that_have_some() -> None:
    """As `demur.similarity._grams.spaced` takes it: none of these has units of its own without a space."""
    classes = character_classes()
    assert not {*np.unique(classes[:0xE00]).tolist(), *np.unique(classes[0x1E00:0x2000]).tolist()} & {2, 4}
    assert {2, 4} <= {*np.unique(classes).tolist()}


@pytest.mark.parametrize("rows", [1, 40])
def test_a_word_is_one_in_whatever_text_it_stands(rows: int) -> None:
    """Rows are read by their spaces, by their characters or as ASCII; at the end of all bytes, byte by byte."""
    word = "m\u00e4rz \u1ebd\u0915\u0940"
    for more in ("", " \u65e5", " abc", " \u2019", f" {'long ' * 30}"):
        texts = [f"lamp {word}{more}"] * rows
        hashes, sizes = onepass.hashed(pa.array(texts, pa.large_string()), 1, Scratch())
        assert {*onepass.hashed(pa.array([f"{word} lamp"], pa.large_string()), 1, Scratch())[0]} <= {*hashes}
        assert {*onepass.hashed(pa.array(["LAMP"], pa.large_string()), 1, Scratch())[0]} <= {*hashes}
        assert len({*sizes.tolist()}) == 1


@pytest.mark.parametrize("view", WORDS)
def test_uncompiled_kernels_give_the_same(view: View) -> None:
    texts = pa.array([*ODD, "one two three four five six seven eight nine ten", "One, two: three four five"] * 2)
    compiled = onepass.hashed(texts.cast(pa.large_string()), GRAM_SIZE[view], Scratch())
    pairs = _pairs(texts, view, 0.3)
    with uncompiled(small=True):
        plain = onepass.hashed(texts.cast(pa.large_string()), GRAM_SIZE[view], Scratch())
        assert _pairs(texts, view, 0.3) == pairs
    assert [each.tolist() for each in compiled] == [each.tolist() for each in plain]


@pytest.mark.parametrize("small", [True, False])
def test_counts_stop_where_they_are_full(*, small: bool) -> None:
    counts = np.zeros(4, np.uint8)
    with uncompiled(small=small):
        for gram, times in ((5, 300), (1 << 62, 2)):
            _keys.count(np.full(times, gram, np.uint64), 62, counts)
    assert sorted(counts.tolist()) == [0, 0, 2, 255]


@pytest.mark.usefixtures("one_pass")
def test_rows_that_crowd_under_one_key_are_joined_with_care() -> None:
    """More rows than may share a key repeat one template, in which one word is their own."""
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"]
    crowd = [" ".join([*words[:5], f"own{row}", *words[6:]]) for row in range(2 * onepass.CROWD)]
    others = ["a b c d e f", "a b c d e g", *(f"unlike {row} {row + 1} {row + 2}" for row in range(20))]
    texts: list[str | None] = [*others, *crowd, *crowd[:3]]
    assert listed(self_join(texts, view="token", threshold=0.8)) == self_pairs(texts, "token", 0.8)
    forest = self_join(texts, view="token", threshold=0.8, pairs="forest")
    assert labels(len(texts), forest) == labels(len(texts), self_join(texts, view="token", threshold=0.8))


def test_texts_that_mostly_repeat_a_template_go_to_the_careful_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onepass, "LEAST", 0)
    crowd = [f"one two three four five six seven eight nine own{row}" for row in range(100 * onepass.STRIDE)]
    work, plain = joins.Work(), joins.Work()
    found = self_join(crowd, view="token", threshold=0.8, pairs="forest", work=work)
    monkeypatch.setattr(onepass, "LEAST", len(crowd) + 1)
    assert found.equals(self_join(crowd, view="token", threshold=0.8, pairs="forest", work=plain))
    assert work == plain


def test_rows_in_any_number_take_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither threads nor slices nor chunks change what is found; and it is what the join of few rows finds."""
    draw = np.random.default_rng(3)
    texts = [" ".join(f"w{word}" for word in draw.zipf(1.3, 12) % 5000) for _ in range(4000)]
    texts += [" ".join([*text.split()[:-1], "changed"]) for text in texts[:1500]] + texts[:500]
    wanted = self_join(texts, view="word3", threshold=0.7)
    assert wanted.num_rows > 1000
    monkeypatch.setattr(onepass, "LEAST", 0)
    for threads, slice_of, cut in ((1, 8192, 0), (2, 500, 0), (3, 64, 2500)):
        monkeypatch.setattr(onepass, "SLICE", slice_of)
        given_texts = pa.chunked_array([texts[:cut], texts[cut:]], pa.string())
        assert self_join(given_texts, view="word3", threshold=0.7, threads=threads).equals(wanted)


def test_very_many_pairs_find_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one range of keys has room for at first, on one thread; those of every block are known."""
    monkeypatch.setattr(onepass, "LEAST", 0)
    rest = " ".join(f"w{word}" for word in range(9))
    texts = [f"b{block} {rest.replace('w', f'{block}w')} own{row}" for block in range(2000) for row in range(10)]
    found = self_join(texts, view="token", threshold=0.8, threads=1)
    rows, twins = (np.array(found[name]) for name in ("row", "twin"))
    assert found.num_rows == 2000 * 45
    assert (rows // 10 == twins // 10).all()
    assert found["similarity"].unique().to_pylist() == [pytest.approx(10 / 12)]


def _pairs(texts: pa.Array, view: View, threshold: float) -> list[tuple[int, int, float]]:
    def never(few: pa.Array) -> onepass.Pairs:
        pytest.fail(f"{len(few)} rows crowd")

    found = onepass.near_pairs(pa.chunked_array([texts]), GRAM_SIZE[view], threshold, never, threads=1)
    return sorted(zip(*(column.tolist() for column in found), strict=True))


def test_what_was_prepared_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kernel that a join calls is there when `prepare` is done, for the same types."""
    monkeypatch.setattr(onepass, "LEAST", 0)
    prepare().join()
    texts = pa.chunked_array([[f"{n % 40} is one of {n % 40} and {n} of more" for n in range(200)]])
    before = {name: len(kernel.signatures) for name, kernel in MACHINES.items() if "_keys" in name or "_grams" in name}
    self_join(texts, view="word3", threshold=0.3)
    assert before
    assert before == {name: len(MACHINES[name].signatures) for name in before}

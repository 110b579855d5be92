"""Whole arrays give what the compiled kernels give, on random sets of grams."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from demur.similarity import _arrays, postings
from demur.similarity.joins import Index, cross_join, self_join
from demur.similarity.postings import Postings, Rarity, equal_rows, measure_rarity, prefixes
from demur.similarity.sets import GramSets, build
from demur.similarity.views import View
from demur.text.compiled import interpreted, uncompiled

WORDS = [f"{one}{two}" for one in ("kite", "lamp", "soup", "bell", "drum", "tea") for two in ("", "s", "maker", "shop")]


def corpus(seed: int, rows: int = 300) -> pa.LargeStringArray:
    """Texts of few words, many of them near another one, with copies, empty ones and nulls."""
    draw = random.Random(seed)  # noqa: S311 - not a secret
    texts: list[str | None] = [None, "", "?!", None]
    for _ in range(rows):
        old = draw.choice(texts)
        words = old.split() if old and draw.random() < 0.6 else draw.choices(WORDS, k=draw.randint(1, 14))
        if words and draw.random() < 0.7:
            words[draw.randrange(len(words))] = draw.choice(WORDS)
        texts.append(" ".join(words))
    return pa.array(texts, pa.large_string())


def both(seed: int, alone: int, threshold: float) -> list[tuple[GramSets, Rarity, Postings]]:
    """Sets, rarity and postings by compiled kernels, and by whole arrays."""
    made = []
    sets = build(corpus(seed), "token")
    for small in (False, True):
        with uncompiled(small=small):
            _, _, chosen = equal_rows(sets)
            rarity = measure_rarity(sets, chosen)
            made.append((sets, rarity, prefixes(sets, chosen, rarity, threshold, alone=alone)))
    return made


@pytest.mark.parametrize(("exact", "crowded", "words"), [(191, 64, 1), (3, 64, 1), (191, 3, 8)])
@pytest.mark.parametrize(("seed", "alone", "threshold"), [(0, 1, 0.8), (1, 0, 0.5), (2, 1, 1.0), (3, 0, 0.05)])
def test_rarity_and_postings_are_the_same(
    seed: int, alone: int, threshold: float, exact: int, crowded: int, words: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "_EXACT_COUNTS", exact)
    monkeypatch.setattr(postings, "_CROWDED", crowded)
    (_, one, first), (_, two, second) = both(seed, alone, threshold)
    assert one.bits == two.bits
    assert np.array_equal(one.table, two.table)
    assert one.table.max() > (exact + 1 if exact < 100 else 40), "some grams are counted by the sample"
    for name in ("places", "keys", "rows", "positions", "bitmaps"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert len(first.keys) > 100
    assert first.bitmaps.shape == (len(first.places) - 1, words)


def test_a_sample_of_the_rows_is_every_stride_th() -> None:
    sets = build(pa.array(["a", "a b", "a", "b", "a"], pa.large_string()), "token")
    chosen = np.array([1, 1, 1, 1, 0], np.uint8)
    assert sorted(_arrays.counted(sets, chosen, 12).tolist())[-2:] == [2, 3]
    assert sorted(_arrays.counted(sets, chosen, 12, 2).tolist())[-2:] == [0, 2]


@pytest.mark.parametrize("crowded", [64, 3])
@pytest.mark.parametrize("seed", range(3))
def test_probes_are_the_same_however_many_rows_at_a_time(
    seed: int, crowded: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "_CROWDED", crowded)
    found = []
    # The last of them is too much to look at in whole arrays.
    for small, rows, pairs in ((False, 1024, 0), (True, 1024, 1 << 20), (True, 7, 1 << 20), (True, 64, 100)):
        monkeypatch.setattr(_arrays, "ROWS", rows)
        monkeypatch.setattr(_arrays, "PAIRS", pairs)
        monkeypatch.setattr(_arrays, "BLOCK", rows)
        with uncompiled(small=small):
            index = Index.of(build(corpus(seed), "token"), 0.6)
            asked = build(corpus(seed + 9), "token")
            assert interpreted() == small
            every, nearest = ([*zip(*index.probe(5, asked, best=best), strict=True)] for best in (False, True))
            best = {row: max((near, -twin) for other, twin, near in every if other == row) for row, _, _ in every}
            assert nearest == [(row, -twin, near) for row, (near, twin) in best.items()]
            assert 20 < len(nearest) < len(every)
            assert interpreted() == (small and pairs > 100)
            found.append(every)
    assert found[0] == found[1] == found[2] == found[3]


def test_pairs_are_the_same_where_there_are_too_many_to_look_at_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    with uncompiled(small=True):
        found = self_join(corpus(4), view="token", threshold=0.7)
        monkeypatch.setattr(_arrays, "PAIRS", 10)
        sets, _, mine = both(4, 1, 0.7)[1]
        assert _arrays.matched(sets, np.sort(mine.keys), mine.rows, mine.positions, 0.7) is None
        assert self_join(corpus(4), view="token", threshold=0.7).equals(found)
    assert self_join(corpus(4), view="token", threshold=0.7).equals(found)
    assert len(found) > 50


@pytest.mark.parametrize(("view", "threshold"), [("token", 0.5), ("word3", 0.4), ("char", 0.6)])
def test_pairs_are_the_same_by_bitmaps_of_any_width(
    view: View, threshold: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for crowded in (3, 10_000):
        monkeypatch.setattr(postings, "_CROWDED", crowded)
        found.append(self_join(corpus(6), view=view, threshold=threshold))
        found.append(cross_join(corpus(7), corpus(6), view=view, threshold=threshold))
    assert found[:2] == found[2:]
    assert min(map(len, found)) > 10


def test_overlaps_are_those_of_sets() -> None:
    sets = build(corpus(5), "token")
    rows, twins = (np.random.default_rng(seed).integers(0, len(sets), 400) for seed in (1, 2))
    whole = [
        {*sets.hashes[start : start + size].tolist()} for start, size in zip(sets.starts, sets.sizes, strict=False)
    ]
    expected = [len(whole[row] & whole[twin]) for row, twin in zip(rows, twins, strict=True)]
    assert _arrays.overlaps(sets, rows, sets, twins).tolist() == expected
    assert max(expected) > 3


def test_nothing_is_near_nothing() -> None:
    with uncompiled(small=True):
        for texts in ([], [None], ["", None]):
            assert len(self_join(texts, view="token", threshold=0.8)) == 0
            assert len(cross_join(texts, ["a b"], view="token", threshold=0.8)) == 0
            assert len(cross_join(["a b"], texts, view="token", threshold=0.8)) == 0


@pytest.mark.parametrize("small", [False, True])
def test_rows_that_are_to_stay_apart_are_no_pair(small: bool) -> None:
    """Of equal sets each key is indexed, so that a row may have another twin."""
    texts, asked = (corpus(seed, 200).slice(4) for seed in (4, 13))
    draw = random.Random(7)  # noqa: S311 - not a secret
    one, two = (np.array([draw.randrange(3) for _ in each], np.uint64) for each in (asked, texts))
    with uncompiled(small=small):
        index = Index.of(build(texts, "token"), 0.6, apart=two)
        rows, twins, near = index.probe(0, build(asked, "token"), apart=one, best=True)
    words = [[set((text.as_py() or "").split()) for text in each] for each in (asked, texts)]
    expected: dict[int, tuple[float, int]] = {}
    for row, mine in enumerate(words[0]):
        for twin, other in enumerate(words[1]):
            if mine and other and not (one[row] and one[row] == two[twin]):
                share = len(mine & other) / len(mine | other)
                if share >= 0.6:
                    expected[row] = max(expected.get(row, (0.0, 0)), (share, -twin))
    found = zip(rows.tolist(), near.tolist(), (-twins).tolist(), strict=True)
    assert {row: tuple(best) for row, *best in found} == expected
    assert len(expected) > 30

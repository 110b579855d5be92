from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.errors import UsageError
from demur.similarity import View, components, cross_join, joins, self_join
from demur.text import compiled
from tests.similarity.brute import (
    TEXTS,
    THRESHOLDS,
    VIEWS,
    all_labels,
    cross_pairs,
    labels,
    listed,
    moved,
    self_pairs,
)

EXHAUSTIVE = settings(max_examples=150)
VIEW = st.sampled_from(VIEWS)
THRESHOLD = st.sampled_from(THRESHOLDS)


@EXHAUSTIVE
@given(TEXTS, VIEW, THRESHOLD)
def test_self_join_is_brute_force(texts: list[str | None], view: View, threshold: float) -> None:
    table = self_join(texts, view=view, threshold=threshold)
    assert listed(table) == self_pairs(texts, view, threshold)
    assert set(table["view"].to_pylist()) <= {view}


@EXHAUSTIVE
@given(TEXTS, VIEW, THRESHOLD)
def test_components_are_those_of_all_pairs(texts: list[str | None], view: View, threshold: float) -> None:
    expected = all_labels(texts, view, threshold)
    every = self_join(texts, view=view, threshold=threshold)
    forest = self_join(texts, view=view, threshold=threshold, pairs="forest")
    assert labels(len(texts), every) == expected
    assert labels(len(texts), forest) == expected
    assert set(listed(forest)) <= set(listed(every))
    assert forest.num_rows == len(texts) - len(set(expected))


@EXHAUSTIVE
@given(TEXTS, TEXTS, VIEW, THRESHOLD)
def test_cross_join_is_brute_force(
    texts: list[str | None], against: list[str | None], view: View, threshold: float
) -> None:
    assert listed(cross_join(texts, against, view=view, threshold=threshold)) == cross_pairs(
        texts, against, view, threshold
    )


@EXHAUSTIVE
@given(TEXTS, TEXTS, VIEW, THRESHOLD)
def test_splitting_the_input_changes_nothing(
    first: list[str | None], second: list[str | None], view: View, threshold: float
) -> None:
    whole = self_join(first + second, view=view, threshold=threshold)
    shift, rows = len(first), len(first) + len(second)
    parts = [
        moved(self_join(first, view=view, threshold=threshold), 0, 0),
        moved(self_join(second, view=view, threshold=threshold, pairs="forest"), shift, shift),
        moved(cross_join(second, first, view=view, threshold=threshold), shift, 0),
    ]
    assert labels(rows, *parts) == labels(rows, whole)


@EXHAUSTIVE
@given(TEXTS.flatmap(lambda texts: st.tuples(st.just(texts), st.permutations(range(len(texts))))), VIEW, THRESHOLD)
def test_order_changes_nothing(made: tuple[list[str | None], list[int]], view: View, threshold: float) -> None:
    texts, order = made
    before = labels(len(texts), self_join(texts, view=view, threshold=threshold, pairs="forest"))
    shuffled = [texts[row] for row in order]
    after = labels(len(texts), self_join(shuffled, view=view, threshold=threshold, pairs="forest"))
    groups = {frozenset(np.flatnonzero(np.array(before) == label).tolist()) for label in before}
    assert {frozenset(order[row] for row in np.flatnonzero(np.array(after) == label)) for label in after} == groups


def templated(rows: int, seed: int, templates: int = 8, words: int = 30, slots: int = 2) -> list[str]:
    """Rows that fill the slots of a few long templates from a large vocabulary; some copied, some in other scripts."""
    draw = np.random.default_rng(seed)
    texts = []
    made = draw.integers(0, 3000, (templates, words))
    for row in range(rows):
        filled = made[draw.integers(templates)].copy()
        filled[draw.choice(words, slots, replace=False)] = draw.integers(0, 3000, slots)
        name = "词" if row % 5 == 0 else "w"
        texts.append(" ".join(f"{name}{word}" for word in filled))
        if row % 7 == 0:
            texts.append(texts[-1].upper() + "!")
    return texts[:rows]


@pytest.mark.parametrize("view", VIEWS)
def test_thread_count_changes_nothing(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = templated(3000, seed=1)
    monkeypatch.setattr(compiled, "SMALL", 100)
    monkeypatch.setattr(joins, "SLICE", 700)
    for pairs in ("all", "forest"):
        tables = [self_join(texts, view=view, threshold=0.7, pairs=pairs, threads=threads) for threads in (1, 2, 3)]
        assert tables[0].num_rows > 900
        assert all(table.equals(tables[0]) for table in tables)
    tables = [cross_join(texts, texts[:500], view=view, threshold=0.7, threads=threads) for threads in (1, 2, 3)]
    assert tables[0].num_rows > 2000
    assert all(table.equals(tables[0]) for table in tables)


@pytest.mark.parametrize(("view", "threshold"), [("token", 0.9), ("token", 0.7), ("word3", 0.8), ("word3", 0.6)])
def test_work_on_boilerplate_is_linear(view: View, threshold: float) -> None:
    """The bound that `joins` states: per row a few verifications, also where the slots differ from row to row."""
    for rows in (1000, 4000):
        work = joins.Work()
        self_join(templated(rows, seed=2), view=view, threshold=threshold, pairs="forest", work=work)
        assert work.verified <= 8 * rows
        assert work.candidates <= 100 * rows


def test_equal_rows_and_a_common_token_do_not_go_quadratic() -> None:
    work = joins.Work()
    rows = 5000
    table = self_join(["same text here"] * rows, view="word3", threshold=0.8, work=work)
    assert table.num_rows == rows - 1
    assert set(table["twin"].to_pylist()) == {0}
    assert work.candidates == 0
    self_join([f"shared u{row} v{row} x{row}" for row in range(rows)], view="token", threshold=0.5, work=work)
    assert work.candidates == 0


def test_equal_fingerprints_of_other_sets_are_told_apart() -> None:
    from demur.similarity.postings import equal_rows
    from demur.similarity.sets import GramSets

    hashes = np.array([1, 2, 1, 3, 1, 2], np.uint64)
    sets = GramSets(hashes, np.array([0, 2, 4, 6]), np.array([2, 2, 2]), np.array([9, 9, 9], np.uint64))
    rows, twins, chosen = equal_rows(sets)
    assert (rows.tolist(), twins.tolist(), chosen.tolist()) == ([2], [0], [1, 1, 0])


@pytest.mark.parametrize("texts", [[], [None], [None, None, ""], pa.chunked_array([], pa.string())])
def test_nothing_to_join(texts: list[str | None]) -> None:
    assert self_join(texts, view="token", threshold=0.5).num_rows == 0
    assert cross_join(texts, texts, view="char", threshold=0.5).num_rows == (1 if "" in texts else 0)


def test_columns_of_any_string_type_and_offset() -> None:
    texts = ["pad", "a b c", None, "A, b, c"]
    expected = [{"row": 2, "twin": 0, "view": "token", "similarity": 1.0}]
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        column = pa.array(texts, kind)
        for given_texts in (column.slice(1), pa.chunked_array([column.slice(1, 1), column.slice(2)])):
            table = self_join(given_texts, view="token", threshold=0.5)
            assert table.to_pylist() == expected
            assert table.schema.types == [pa.int64(), pa.int64(), pa.string(), pa.float64()]


def test_mistakes_are_named() -> None:
    with pytest.raises(UsageError, match="No such view"):
        self_join(["a"], view="tokens", threshold=0.5)  # type: ignore[arg-type]
    for threshold in (0, -1, 1.01, float("nan")):
        with pytest.raises(UsageError, match="out of range"):
            cross_join(["a"], ["a"], view="token", threshold=threshold)
    with pytest.raises(UsageError, match=re.escape("do not exist (column 'row')")):
        components(2, pa.table({"row": [2], "twin": [0]}))


def test_components_of_a_chain_and_of_nothing() -> None:
    chain = pa.table({"row": [5, 4, 3], "twin": [4, 3, 1]})
    assert components(6, chain).tolist() == [0, 1, 2, 1, 1, 1]
    assert components(0, chain.slice(0, 0)).tolist() == []
    assert components(2, chain.slice(0, 0)).dtype == np.int64


@pytest.mark.parametrize("rows", [0, 50, 20_000])
def test_postings_come_by_key_then_size_then_position(rows: int) -> None:
    from demur.similarity.postings import Postings

    made = np.random.default_rng(rows)
    keys = made.choice(made.integers(0, 1 << 64, 40, np.uint64), rows)
    owners, positions = np.sort(made.integers(0, max(1, rows // 3), rows)), made.integers(0, 9, rows)
    sizes = made.integers(1, 5, max(1, rows // 3))
    postings = Postings(np.zeros(1, np.int64), keys, owners, positions, np.empty((0, 1), np.uint64))
    assert postings.in_order(sizes).tolist() == np.lexsort((positions, sizes[owners], keys)).tolist()


def test_common_grams_are_counted_each_in_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    from demur.similarity import postings
    from demur.similarity.sets import build

    texts = [f"common {'often ' if row % 2 else ''}{'seldom ' if row % 9 == 0 else ''}w{row}" for row in range(2000)]
    sets = build(pa.array(texts, pa.large_string()), "token")
    levels = postings.measure_rarity(sets, np.ones(len(sets), np.uint8))
    monkeypatch.setattr(postings, "interpreted", lambda: True)
    assert (levels.table == postings.measure_rarity(sets, np.ones(len(sets), np.uint8)).table).all()
    assert sorted(levels.table[levels.table > 191].tolist()) == [192 + 0, 192 + 7, 192 + 10]

"""Pairs by blocks against pairs one by one, whatever the order of the rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.curation.meaning import neighbours
from demur.curation.meaning.encoder import Vectors
from demur.curation.meaning.neighbours import near
from demur.errors import UsageError


def clouds(seed: int, rows: int) -> Vectors:
    """Unit vectors around a few centres, so that many are near one another."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((max(1, rows // 4), 8))
    found = centres[random.integers(0, len(centres), rows)] + 0.25 * random.standard_normal((rows, 8))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found.astype(np.float32)


def one_by_one(vectors: Vectors, floor: float) -> list[tuple[int, int, float]]:
    each = vectors.astype(np.float64)
    found = []
    for one in range(len(each)):
        for two in range(one + 1, len(each)):
            cosine = round(min(1.0, float(each[one] @ each[two])), 3)
            if cosine >= floor:
                found.append((one, two, cosine))
    return found


def listed(found: neighbours.Near) -> list[tuple[int, int, float]]:
    return list(zip(found.rows.tolist(), found.twins.tolist(), found.cosines.tolist(), strict=True))


@given(st.integers(0, 1000), st.integers(0, 60), st.sampled_from([0.5, 0.8, 0.85, 1.0]), st.sampled_from([3, 7, 2048]))
def test_every_pair_is_found_and_no_other(seed: int, rows: int, floor: float, block: int) -> None:
    vectors = clouds(seed, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "_BLOCK", block)
        assert listed(near(vectors, floor)) == one_by_one(vectors, floor)


@given(st.integers(0, 1000), st.integers(2, 60))
def test_the_order_of_rows_changes_nothing(seed: int, rows: int) -> None:
    vectors = clouds(seed, rows)
    order = np.random.default_rng(seed).permutation(rows)
    moved = [(order[one], order[two], cosine) for one, two, cosine in listed(near(vectors[order], 0.8))]
    assert sorted((min(a, b), max(a, b), cosine) for a, b, cosine in moved) == listed(near(vectors, 0.8))


@given(st.integers(0, 1000), st.integers(1, 60), st.integers(0, 60), st.sampled_from([5, 2048]))
def test_of_marked_rows_the_pairs_with_all_others(seed: int, rows: int, marked: int, block: int) -> None:
    vectors = clouds(seed, rows)
    among = np.arange(rows) % 60 < marked
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "_BLOCK", block)
        expected = [pair for pair in one_by_one(vectors, 0.7) if among[pair[0]] or among[pair[1]]]
        assert listed(near(vectors, 0.7, among=among)) == expected


def test_a_threshold_is_held_to_the_written_digits() -> None:
    angles = np.arccos([1.0, 0.84951, 0.84949])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    first = [pair for pair in listed(near(vectors, 0.85)) if pair[0] == 0]
    assert first == [(0, 1, 0.85)]


def test_equal_vectors_have_a_cosine_of_one() -> None:
    vectors = np.repeat(clouds(3, 1), 2, axis=0)
    assert listed(near(vectors, 1.0)) == [(0, 1, 1.0)]


@pytest.mark.parametrize("floor", [0.0, -0.2, 1.01])
def test_a_threshold_out_of_range_is_an_error(floor: float) -> None:
    with pytest.raises(UsageError, match="out of range"):
        near(clouds(0, 3), floor)

"""Links of rows from pairs of ids, and pairs across splits."""

from __future__ import annotations

import pyarrow as pa
import pytest

from demur.curation.meaning.links import leaks, meaning_links
from demur.curation.meaning.models import ACROSS, ENGLISH
from demur.curation.meaning.pairs import SCHEMA, Pairs
from demur.similarity import components

A, B, C, D = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)


@pytest.fixture
def pairs() -> Pairs:
    rows = [
        (A, B, 0.91, ENGLISH.name, None),
        (A, C, 0.82, ENGLISH.name, None),
        (B, C, 0.849, ENGLISH.name, "same"),
        (C, D, 0.76, ACROSS.name, None),
    ]
    return Pairs(pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=SCHEMA))


def test_rows_whose_ids_are_paired_are_linked(pairs: Pairs) -> None:
    links = meaning_links([D, B, "e" * 32, A, C], pairs)
    assert [tuple(row.values()) for row in links.to_pylist()] == [
        (0, 4, "meaning", 0.76),
        (1, 3, "meaning", 0.91),
        (1, 4, "meaning", 0.849),
    ]
    assert components(5, links).tolist() == [0, 0, 2, 0, 0]


def test_rows_that_share_an_id_are_each_linked(pairs: Pairs) -> None:
    links = meaning_links([A, B, A], pairs)
    assert list(zip(links["row"].to_pylist(), links["twin"].to_pylist(), strict=True)) == [(0, 1), (1, 2)]


def test_a_threshold_of_ones_own_is_for_every_reading(pairs: Pairs) -> None:
    assert meaning_links([A, B, C, D], pairs, threshold=0.9).num_rows == 2  # .91, and the one that was read
    assert meaning_links([A, B, C, D], pairs, threshold=0.7).num_rows == 4


def test_a_decision_takes_rows_apart_or_puts_them_together(pairs: Pairs) -> None:
    links = meaning_links([A, B, C, D], pairs, {frozenset((A, B))}, {frozenset((A, D)), frozenset((C, D))})
    assert [tuple(row.values()) for row in links.to_pylist()] == [
        (0, 3, "decision", 1.0),
        (1, 2, "meaning", 0.849),
        (2, 3, "meaning", 0.76),
    ]


def test_without_pairs_there_are_no_links() -> None:
    assert meaning_links([A, B], Pairs()).num_rows == 0
    assert meaning_links([], Pairs()).schema == meaning_links([A, B], Pairs(), same={frozenset((A, B))}).schema


def test_leaks_are_pairs_across_splits_alone(pairs: Pairs) -> None:
    found = leaks({"test": [A, B], "validation": [C, D]}, pairs)
    assert found.pairs == ((B, "test", C, "validation", 0.849),)
    assert (found.of("validation", "test").count, found.of("validation", "test").n) == (1, 2)
    assert len(leaks({"test": [A, B], "validation": [C, D]}, pairs, not_same={frozenset((B, C))})) == 0


def test_a_leak_counts_once_for_a_prompt_with_several_twins(pairs: Pairs) -> None:
    found = leaks({"test": [A, C], "validation": [B, B]}, pairs)
    assert len(found) == 2
    assert (found.of("validation", "test").count, found.of("validation", "test").n) == (1, 1)
    assert (found.of("test", "validation").count, found.of("test", "validation").n) == (2, 2)

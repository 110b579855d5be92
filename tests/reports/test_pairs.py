"""Pairs side by side: what contradicts, what shares a group, and what their texts have in common."""

from __future__ import annotations

import pytest

from demur.reports import pairs
from demur.reports.pairs import conflicts, grouped
from demur.sets.folder import BuiltSet
from tests.conftest import PAIRS


def test_a_conflict_has_its_texts_where_they_stand_in_rows(clashing: BuiltSet) -> None:
    found = conflicts(clashing)
    assert (found.all, found.left_out) == (2, 0)
    known, unknown = sorted(found.shown, key=lambda pair: pair.diff is None)
    assert known.diff is not None
    assert known.one.text
    assert known.two.text
    assert known.diff.shared + known.diff.removed == len(known.one.text.split())
    assert (known.one.said, known.two.said, known.similarity) == ("harmful: yes", "harmful: no", 0.875)
    assert unknown.two.text is None


def test_rows_of_one_group_stand_beside_its_first(tiny_set: BuiltSet) -> None:
    found = grouped(tiny_set)
    assert found.all == 2
    assert all(pair.opposed for pair in found.shown)
    texts = {frozenset({pair.one.text, pair.two.text}) for pair in found.shown}
    assert texts == {frozenset({one[1], two[1]}) for one, two in (PAIRS[:2], PAIRS[2:])}


def test_more_pairs_than_a_page_shows_are_counted(clashing: BuiltSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "MOST", 1)
    found = conflicts(clashing)
    assert (len(found.shown), found.all, found.left_out) == (1, 2, 1)

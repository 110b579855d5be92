from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.groups.group import LARGE, describe, members
from demur.similarity import components, grams, self_join

texts_of_few_words = st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6).map(" ".join), max_size=25)


def jaccard(one: str, two: str) -> float:
    a, b = grams(one, "token"), grams(two, "token")
    return len(a & b) / len(a | b)


@given(texts_of_few_words, st.sampled_from([0.5, 0.7, 0.8]))
def test_every_member_names_its_most_similar_row(texts: list[str], threshold: float) -> None:
    evidence = self_join(texts, view="token", threshold=threshold)
    labels = components(len(texts), evidence)
    found = {row["row"]: row for row in members(len(texts), evidence).to_pylist()}
    sizes = np.bincount(labels, minlength=len(texts))
    assert set(found) == {row for row in range(len(texts)) if sizes[labels[row]] > 1}
    for row, reason in found.items():
        assert reason["group"] == labels[row] == labels[reason["twin"]]
        assert reason["twin"] != row
        assert reason["similarity"] == pytest.approx(jaccard(texts[row], texts[reason["twin"]]))


@given(texts_of_few_words, st.sampled_from([0.5, 0.7, 0.8]))
def test_a_chain_is_flagged_and_the_lowest_similarity_is_the_real_one(texts: list[str], threshold: float) -> None:
    evidence = self_join(texts, view="token", threshold=threshold)
    labels = components(len(texts), evidence).tolist()
    for group in describe(texts, evidence, "token", threshold).to_pylist():
        mine = [text for text, label in zip(texts, labels, strict=True) if label == group["group"]]
        assert group["size"] == len(mine) >= 2
        assert group["lowest"] == pytest.approx(min(jaccard(mine[0], text) for text in mine))
        assert group["chained"] == (group["lowest"] < threshold)
        assert group["template_words"] is None


def test_a_large_group_is_reported_with_the_size_of_its_template() -> None:
    texts = [f"please write one short note about the topic number {number}" for number in range(LARGE)]
    group = describe(texts, self_join(texts, view="token", threshold=0.8), "token", 0.8).to_pylist()
    assert [(each["size"], each["template_words"], each["median_words"]) for each in group] == [(LARGE, 9, 10.0)]


def test_no_evidence_is_no_group() -> None:
    evidence = self_join(pa.array(["a", "b"]), view="token", threshold=0.8)
    assert members(2, evidence).num_rows == 0
    assert describe(["a", "b"], evidence, "token", 0.8).num_rows == 0

from __future__ import annotations

import pyarrow as pa
import pytest

from demur.groups.duplicates import CONFLICTS, conflicts, deduplicate
from demur.groups.group import group
from demur.records.record import record_id

TEXTS = ["Paint the old garden fence blue", "paint the old garden fence BLUE!", "Water the ferns", "Sell the piano"]


def records(texts: list[str] = TEXTS, pairs: list[str | None] | None = None) -> pa.Table:
    lineages = [{"source": f"s{row}", "row": row, "native_id": None} for row in range(len(texts))]
    return pa.table(
        {
            "record_id": [record_id("prompt", text) for text in texts],
            "prompt": texts,
            "pair_id": pa.array(pairs or [None] * len(texts), pa.string()),
            "hazards": pa.array([[]] * len(texts), pa.list_(pa.string())),
            "lineage": lineages,
        }
    )


IDS = records()["record_id"].to_pylist()


def test_of_equal_texts_one_is_kept_and_names_where_else_it_stood() -> None:
    kept, rejects = deduplicate(records(), "default", 0.8, {})
    assert kept["record_id"].to_pylist() == [IDS[0], IDS[2], IDS[3]]
    assert kept["also_in"].to_pylist() == [["s1"], [], []]
    assert rejects.select(["reason", "twin", "similarity", "rule"]).to_pylist() == [
        {"reason": "exact-duplicate", "twin": IDS[0], "similarity": 1.0, "rule": "normalised text equal"}
    ]


def test_a_decision_makes_two_texts_one_and_takes_two_apart() -> None:
    kept, rejects = deduplicate(records(), "default", 0.8, {}, same={IDS[3]: IDS[2]})
    assert IDS[3] not in kept["record_id"].to_pylist()
    assert rejects.filter(pa.array([each == "same-by-decision" for each in rejects["reason"].to_pylist()]))[
        "twin"
    ].to_pylist() == [IDS[2]]
    near = ["Paint the old garden fence bright blue", "Paint the old garden fence blue"]
    one, two = records(near)["record_id"].to_pylist()
    assert deduplicate(records(near), "default", 0.8, {})[0].num_rows == 1
    assert deduplicate(records(near), "default", 0.8, {}, apart={frozenset((one, two))})[0].num_rows == 2


def test_groups_join_what_links_join_and_part_what_a_decision_parts() -> None:
    links = pa.table({"row": [3], "twin": [2], "view": ["meaning"], "similarity": [0.9]})
    alone, _ = group(records(), 0.8)
    joined, _ = group(records(), 0.8, links)
    assert len({*alone}) == 3
    assert len({*joined}) == 2
    assert joined[2] == joined[3] == min(IDS[2], IDS[3])


@pytest.mark.parametrize("pairs", [None, ["p", "p", None, None]])
def test_opposite_labels_of_one_text_are_listed_unless_it_is_a_declared_pair(pairs: list[str | None] | None) -> None:
    found = conflicts(records(pairs=pairs), pa.array(["yes", "no", "no", "unknown"]), 0.8)
    assert found.schema == CONFLICTS
    assert found.num_rows == (1 if pairs is None else 0)

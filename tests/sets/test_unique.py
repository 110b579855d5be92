from __future__ import annotations

import pyarrow as pa

from demur.groups.duplicates import CONFLICTS
from demur.records.rejects import REJECTS
from demur.sets.kind import Given
from demur.sets.unique import unique

TEXTS = ["Paint the fence blue", "paint the fence BLUE", "Water the ferns", "Sell the piano", "Name the moon"]
EXPECTED = ["refuse", "refuse", "answer", None, "either"]


def table() -> pa.Table:
    ids = [f"{row:032x}" for row in (0, 0, 2, 3, 4)]
    return pa.table(
        {
            "record_id": ids,
            "prompt": TEXTS,
            "pair_id": pa.nulls(5, pa.string()),
            "hazards": pa.array([[]] * 5, pa.list_(pa.string())),
            "expected": EXPECTED,
            "lineage": [{"source": "garden", "row": row, "native_id": None} for row in range(5)],
        }
    )


def given(conflicts: pa.Table | None = None) -> Given:
    found = CONFLICTS.empty_table() if conflicts is None else conflicts
    return Given("garden", "default", ("test",), 0.8, 0, found, {}, lambda rows: rows)


def test_one_of_every_set_of_duplicates_and_a_reason_for_the_others() -> None:
    kept, rejects = unique(table(), given())
    assert kept["prompt"].to_pylist() == [TEXTS[0], TEXTS[2]]
    assert rejects.schema == REJECTS
    assert sorted(rejects["reason"].to_pylist()) == ["exact-duplicate", "expected-either", "label-unknown"]
    assert kept.num_rows + rejects.num_rows == 5


def test_a_text_with_opposite_labels_is_on_neither_side() -> None:
    id = f"{2:032x}"
    clash = {"record_id": id, "source": "a", "harmful": "yes", "twin": id, "twin_source": "b", "twin_harmful": "no",
             "similarity": 1.0}  # fmt: skip
    kept, rejects = unique(table(), given(pa.Table.from_pylist([clash], schema=CONFLICTS)))
    assert id not in kept["record_id"].to_pylist()
    assert "label-conflict" in rejects["reason"].to_pylist()

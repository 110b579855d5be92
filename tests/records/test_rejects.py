"""Rejects: each names its row and its reason, however it came about."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from demur.records.rejects import REJECTS, Left, left_over, of_config, reject, rejected, rejects_of

LINEAGE = {"source": "xstest", "row": 3, "native_id": None, "row_sha256": "0" * 64}
RECORD: dict[str, Any] = {"record_id": "ab", "lineage": LINEAGE, "prompt": "What is a kite?"}


def test_every_way_gives_the_same_row() -> None:
    records = pa.Table.from_pylist([RECORD])
    one = rejected(records, "default", "not-sampled")
    assert one.schema == REJECTS
    assert one.equals(left_over([Left(RECORD, "not-sampled")], "default"))
    assert one.equals(rejects_of([reject(RECORD, "not-sampled", "default")]))
    assert one.to_pylist() == [
        {"config": "default", "source": "xstest", "row": 3, "native_id": None, "record_id": "ab",
         "reason": "not-sampled", "twin": None, "similarity": None, "rule": None}
    ]  # fmt: skip


def test_evidence_stands_beside_the_reason() -> None:
    left = left_over([Left(RECORD, "near", "cd", 0.9, "token")], "default").to_pylist()
    assert left == [reject(RECORD, "near", "default", twin="cd", similarity=0.9, rule="token")]


def test_none_is_a_table_too() -> None:
    records = pa.Table.from_pylist([RECORD]).slice(1)
    assert rejected(records, "default", "x").equals(REJECTS.empty_table())
    assert left_over([], "default").equals(REJECTS.empty_table())


def test_rejects_of_a_source_become_those_of_its_configs() -> None:
    found = rejects_of([reject({"lineage": {**LINEAGE, "source": name}}, "x") for name in ("xstest", "advbench")])
    mine = of_config(found, "default", ["xstest"]).to_pylist()
    assert [(row["config"], row["source"], row["record_id"]) for row in mine] == [("default", "xstest", None)]

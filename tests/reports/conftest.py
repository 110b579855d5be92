"""The tiny set, with a conflict of labels that its build does not have; the texts are written for these tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.groups.duplicates import CONFLICTS
from demur.sets.folder import BuiltSet
from tests.conftest import Tiny


def with_conflict(built: BuiltSet, to: Path) -> BuiltSet:
    """A copy in which two rows, one to refuse and one to answer, contradict each other, and a third is in no row."""
    shutil.copytree(built.path, to)
    rows = built.rows("noncommercial").to_pylist()
    refuse, answer = (next(row for row in rows if row["expected"] == side) for side in ("refuse", "answer"))
    pair = {"source": "tiny-a", "harmful": "yes", "twin_source": "tiny-b", "twin_harmful": "no", "similarity": 0.875}
    clashes = [
        {**pair, "record_id": refuse["record_id"], "twin": answer["record_id"]},
        {**pair, "record_id": refuse["record_id"], "twin": "f" * 32},
    ]
    pq.write_table(pa.Table.from_pylist(clashes, schema=CONFLICTS), to / "conflicts.parquet")
    return BuiltSet.open(to)


@pytest.fixture(scope="session")
def tiny_set(built: Tiny) -> BuiltSet:
    return BuiltSet.open(built.out)


@pytest.fixture(scope="session")
def clashing(tiny_set: BuiltSet, tmp_path_factory: pytest.TempPathFactory) -> BuiltSet:
    return with_conflict(tiny_set, tmp_path_factory.mktemp("clashing") / "set")

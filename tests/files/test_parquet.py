from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.files import parquet
from demur.files.digest import content_digest
from demur.files.parquet import read_columns, write_parquet, write_shards, write_splits


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    table = pa.table({"n": list(range(1000)), "t": ["x"] * 1000})
    write_parquet(table, tmp_path / "one.parquet")
    write_parquet(pa.concat_tables([table.slice(0, 10), table.slice(10)]), tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert content_digest(table) == content_digest(pq.read_table(tmp_path / "two.parquet"))


@pytest.mark.parametrize(("rows", "names"), [(0, 1), (4, 1), (5, 2), (9, 3)])
def test_shards_hold_every_row_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, names: int) -> None:
    monkeypatch.setattr(parquet, "SHARD_ROWS", 4)
    table = pa.table({"n": pa.array(range(rows), pa.int64())})
    shards = write_shards(table, tmp_path, "test")
    assert [path.name for path in shards] == [f"test-{n:05d}-of-{names:05d}.parquet" for n in range(names)]
    assert pa.concat_tables([pq.read_table(path) for path in shards]).equals(table)


@pytest.mark.parametrize("rows", [0, 1, 8, 30])
def test_splits_are_written_as_their_shards_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(parquet, "SHARD_ROWS", 4)
    part = pa.table({"n": pa.array(range(rows), pa.int64()), "t": [f"text {n}" for n in range(rows)]})
    table, codes = pa.concat_tables([part.slice(0, rows // 2), part.slice(rows // 2)]), np.arange(rows) * 7 % 10 % 3
    written = write_splits(table, codes, ["test", "validation", "train"], tmp_path / "one")
    wanted = [
        path
        for code, split in enumerate(["test", "validation", "train"])
        for path in write_shards(table.filter(pa.array(codes == code)), tmp_path / "two", split)
    ]
    assert [path.name for path in written] == [path.name for path in wanted]
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in wanted]


def test_columns_are_read_in_the_order_asked_for(tmp_path: Path) -> None:
    table = pa.table({"id": [1, 2, 3], "other": [4, 5, 6], "text": ["a", None, "c"]})
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=2)
    assert read_columns(tmp_path / "x.parquet", ["text", "id"]).equals(table.select(["text", "id"]))

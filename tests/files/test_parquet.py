from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.files import parquet
from demur.files.digest import content_digest
from demur.files.parquet import write_parquet, write_shards


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

"""Columns of bytes, of views and of half floats are judged as what they say."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from demur.checks.engine import check
from demur.checks.sharded import check_sharded
from demur.files.bounds import within
from tests.shards.samples import here

ASKED = ["Where is the lamp?", "Where is the tea?", "Where is the lamp?", None]
TYPES = {
    "bytes": pa.binary(),
    "large bytes": pa.large_binary(),
    "texts of a dictionary": pa.dictionary(pa.int32(), pa.string()),
    "bytes of a dictionary": pa.dictionary(pa.int32(), pa.binary()),
    "views": pa.string_view(),
    "views of bytes": pa.binary_view(),
}


def found(path: Path) -> list[tuple[int | None, str, str | None]]:
    return [(each.row, each.code, each.column) for each in check(path, license="mit").findings]


@pytest.mark.parametrize("name", TYPES)
def test_prompts_are_judged_whatever_holds_them(name: str, tmp_path: Path) -> None:
    plain = pa.table({"prompt": ASKED, "response": ["In the hall."] * 4})
    column = pa.array([each and each.encode() for each in ASKED], pa.binary())
    if "dictionary" in name:
        value = TYPES[name].value_type
        column = column.cast(value).dictionary_encode()
    odd = plain.set_column(0, "prompt", column if "dictionary" in name else column.cast(TYPES[name]))
    pq.write_table(plain, tmp_path / "plain.parquet")
    pq.write_table(odd, tmp_path / "odd.parquet")
    with pa.ipc.new_file(tmp_path / "odd.arrow", odd.schema) as file:
        file.write_table(odd)
    wanted = found(tmp_path / "plain.parquet")
    assert {code for _, code, _ in wanted} == {"DMR006", "DMR102"}
    assert found(tmp_path / "odd.parquet") == found(tmp_path / "odd.arrow") == wanted
    report = check_sharded([tmp_path / "odd.parquet"], here(tmp_path / "work"), license="mit")
    assert report == check(tmp_path / "odd.parquet", license="mit")


def test_bytes_that_are_no_text_are_told_where_a_text_should_be(tmp_path: Path) -> None:
    """And a picture is none: whatever comes in later batches."""
    pictures = [b"ok", b"\xff\xd8"]
    table = pa.table({"prompt": [b"Where is the lamp?", b"Where is \xff the tea?"], "picture": pictures})
    pq.write_table(table, tmp_path / "a.parquet")
    for batch in (1 << 24, 20):
        with within({"batch": batch}):
            assert found(tmp_path / "a.parquet") == [(1, "DMR002", "prompt")]


@pytest.mark.parametrize("odd", [None, b"\xff"])
def test_labels_in_bytes_are_read_wherever_they_begin(odd: bytes | None, tmp_path: Path) -> None:
    """In later batches, and in parts, of which each reads its own rows."""
    prompts = [f"Where is lamp number {at} of the harbour?" for at in range(400)]
    labels = [odd, *[None] * 199, *[b"safe", b"harmful"] * 100]
    table = pa.table({"prompt": prompts, "label": pa.array(labels, pa.binary())})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=50)
    one = check(tmp_path / "a.parquet", license="mit")
    assert {each.code for each in one.findings} >= {"DMR202"}
    with within({"batch": 4000}):
        assert check(tmp_path / "a.parquet", license="mit") == one
        assert check_sharded([tmp_path / "a.parquet"], here(tmp_path / "work", 100), license="mit") == one


def test_half_floats_are_numbers(tmp_path: Path) -> None:
    labels = pa.array([0.0, 1.0, None], pa.float32())
    for name, column in (("single", labels), ("half", labels.cast(pa.float16()))):
        pq.write_table(
            pa.table({"prompt": [*ASKED[:2], "And the bread?"], "label": column}), tmp_path / f"{name}.parquet"
        )
    assert found(tmp_path / "half.parquet") == found(tmp_path / "single.parquet")
    assert "DMR202" in {code for _, code, _ in found(tmp_path / "half.parquet")}

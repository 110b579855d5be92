"""Built folders whose manifest agrees with files that are broken: findings, and no traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.checks.test_built import TEST, cover, folder, said  # noqa: F401 - fixture
from tests.hostile.test_bounds import demur


def rehashed(folder: Path, name: str) -> None:  # noqa: F811
    """Make the manifest agree with a file that cannot be read as rows."""
    from demur.files.digest import file_sha256

    manifest: Any = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] |= {"sha256": file_sha256(folder / name), "bytes": (folder / name).stat().st_size}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_set_without_configs(folder: Path) -> None:  # noqa: F811
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["configs"] = []
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert said(folder) == [("DMR001", "the manifest lists no config")]
    for command in ("stats", "show"):
        assert "should not" not in demur(command, str(folder)).stderr


@pytest.mark.parametrize("text", ["", "junk\n", "a b c\n", "\x00\xff", "0" * 32 + " test extra\n"])
def test_a_lock_that_locks_nothing(folder: Path, text: str) -> None:  # noqa: F811
    (folder / "splits.lock").write_bytes(text.encode("latin-1"))
    cover(folder)
    (found,) = said(folder)
    assert found[0] == "DMR503"
    assert "lock" in found[1]


def test_a_lock_of_other_splits(folder: Path) -> None:  # noqa: F811
    lock = (folder / "splits.lock").read_text()
    (folder / "splits.lock").write_text(lock.replace(" test", " other"))
    cover(folder)
    (found,) = said(folder)
    assert found[0] == "DMR503"
    assert "in other splits than they stand in" in found[1]


@pytest.mark.parametrize("name", ["rejects.parquet", "conflicts.parquet"])
def test_tables_that_are_no_parquet(folder: Path, name: str) -> None:  # noqa: F811
    (folder / name).write_bytes(b"no Parquet")
    rehashed(folder, name)
    assert said(folder) == [("DMR001", "cannot be read: ArrowInvalid")]
    done = demur("check", str(folder))
    assert (done.returncode, "should not" in done.stderr) == (1, False)


def test_shards_of_differing_types(folder: Path) -> None:  # noqa: F811
    table = pq.read_table(folder / TEST)
    place = table.schema.get_field_index("split")
    pq.write_table(table.set_column(place, "split", pa.array(range(len(table)))), folder / TEST)
    rehashed(folder, TEST)
    assert said(folder) == [("DMR001", "its files have columns of one name and of differing types")]


def test_a_shard_that_unpacks_to_too_much(folder: Path) -> None:  # noqa: F811
    pq.write_table(pa.table({"prompt": ["name a lake " * 8000] * 1000}), folder / TEST, compression="zstd")
    rehashed(folder, TEST)
    assert any(code == "DMR001" and "--limit unpacked=N" in message for code, message in said(folder))

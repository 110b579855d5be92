"""Built folders whose manifest agrees with files that are broken: findings, and no traceback."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.release.proof import proof
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
    for command in ("stats", "check"):
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
    found = said(folder)  # of each config
    assert {code for code, _ in found} == {"DMR503"}
    assert all("in other splits than they stand in" in message for _, message in found)


@pytest.mark.parametrize("name", ["rejects.parquet", "conflicts.parquet"])
def test_tables_that_are_no_parquet(folder: Path, name: str) -> None:  # noqa: F811
    (folder / name).write_bytes(b"no Parquet")
    rehashed(folder, name)
    assert said(folder) == [("DMR001", "cannot be read: it is broken, or is of another format than its name says")]
    done = demur("check", str(folder))
    assert (done.returncode, "should not" in done.stderr) == (1, False)


@pytest.mark.parametrize("name", ["rejects.parquet", "splits.lock", TEST, "groups.parquet", "schema.json"])
def test_a_pipe_in_the_place_of_a_file(folder: Path, name: str) -> None:  # noqa: F811
    (folder / name).unlink()
    os.mkfifo(folder / name)
    for command in ("check", "stats"):
        done = demur(command, str(folder))
        assert done.returncode in ((1, 2) if command == "check" or name == TEST else (0, 2))
        assert "should not" not in done.stderr


@pytest.mark.parametrize("column", ["split", "source", "record_id", "group_id", "prompt"])
def test_a_table_that_lacks_a_column(folder: Path, column: str) -> None:  # noqa: F811
    pq.write_table(pq.read_table(folder / TEST).drop_columns([column]), folder / TEST)
    rehashed(folder, TEST)
    for command in ("check", "stats"):
        done = demur(command, str(folder))
        assert done.returncode in (0, 1, 2)
        assert "should not" not in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
    assert demur("check", str(folder)).returncode == 1


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


def test_a_bomb_in_a_version_is_not_unpacked(folder: Path) -> None:  # noqa: F811
    """What `pull`, `verify` and `release` prove: a table of 1.2 GB in some kilobytes, as the manifest says it."""
    said = ["name a lake " * 8000]
    table = pa.table({"prompt": pa.DictionaryArray.from_arrays(pa.array([0] * 12_000, pa.int32()), said)})
    pq.write_table(table, folder / TEST, compression="zstd")
    rehashed(folder, TEST)
    assert (folder / TEST).stat().st_size < 400_000
    (found,) = proof(folder)[1]
    assert "--limit unpacked=N" in str(found)
    for command in ("stats", "check"):
        done = demur(command, str(folder))
        assert done.returncode in (1, 2)
        assert "should not" not in done.stderr
        assert "unpacked=N" in done.stdout + done.stderr


def test_the_limits_of_all_commands_are_raised_by_the_environment(folder: Path) -> None:  # noqa: F811
    pq.write_table(pa.concat_tables([pq.read_table(folder / TEST)] * 2000), folder / TEST, compression="zstd")
    assert pq.read_metadata(folder / TEST).num_rows > (folder / TEST).stat().st_size // 4  # which each file may have
    done = demur("stats", str(folder), DEMUR_LIMITS="rows=1")
    assert (done.returncode, "DEMUR_LIMITS=rows=N" in done.stderr) == (2, True)
    assert demur("stats", str(folder), DEMUR_LIMITS="rows=100000,unpacked=90000000").returncode == 0
    said = demur("stats", str(folder), DEMUR_LIMITS="lakes=1").stderr
    assert "There is no such limit" in said

from __future__ import annotations

from dataclasses import replace
from errno import ENOSPC
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from demur.errors import OutputError, UsageError

from demur.groups.sharded.inputs import plan
from demur.groups.sharded.job import Job, code_digest, key
from demur.groups.sharded.posting import post
from demur.groups.sharded.store import Store
from tests.groups.sharded.samples import texts, write


def a_job(folder: Path, parts: int, buckets: int = 3) -> Job:
    return Job("text", "token", 0.8, parts, buckets, 12, str(folder), code_digest())


def test_counts_of_grams_do_not_depend_on_the_cut(tmp_path: Path) -> None:
    rows = texts(1500)  # the template's words are in more rows than a byte counts exactly
    tables = []
    for cuts in ([], [1], [300, 700, 1490]):
        shards = plan(write(tmp_path / f"in{len(cuts)}", rows, cuts), "text", 10_000).shards
        job = a_job(tmp_path / f"work{len(cuts)}", len(shards))
        for shard in shards:
            count(job, shard)
        for bucket in range(job.buckets):
            merge(job, bucket)
        tables.append(rarity(job).table)
    assert tables[0].max() > 191
    assert all((table == tables[0]).all() for table in tables)


def test_one_fingerprint_with_two_sets_is_no_copy(tmp_path: Path) -> None:
    job = a_job(tmp_path, parts=2, buckets=1)
    columns = [
        {"print": [5, 5, 5], "again": [1, 2, 1], "row": [0, 1, 2]},
        {"print": [5, 6], "again": [2, 1], "row": [3, 4]},
    ]
    for number, prints in enumerate(columns):
        batch = pa.record_batch({name: np.array(values, np.uint64) for name, values in prints.items()})
        table = pa.record_batch({"count": np.zeros(1 << 12, np.uint8)})
        none = np.empty(0, np.int64)
        common = pa.record_batch({"slot": none, "count": none})
        job.store.save(
            "count", number, {f"prints-{number}": [batch], f"table-{number}": [table], f"common-{number}": [common]}
        )
    merge(job, 0)
    assert job.store.load("copies-0", 0).to_pydict() == {"row": [2, 3], "twin": [0, 1]}


def test_of_equal_rows_only_the_smallest_is_posted(tmp_path: Path) -> None:
    shards = plan(write(tmp_path / "in", ["a b c", "d e"] * 50, [30]), "text", 1000).shards
    job = a_job(tmp_path / "work", len(shards))
    for shard in shards:
        count(job, shard)
    for bucket in range(job.buckets):
        merge(job, bucket)
    for shard in shards:
        post(job, shard)
    posted = [job.store.load(f"postings-{shard.number}", bucket)["row"] for shard in shards for bucket in range(3)]
    assert {row for rows in posted for row in rows.to_pylist()} == {0, 1}


def test_buckets_are_about_even() -> None:
    ordered = np.arange(10_000, dtype=np.uint64) << np.uint64(40)
    assert np.bincount(bucket_of(ordered, 7)).min() > 1000


def test_a_task_that_fails_leaves_nothing_that_counts(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "work"))

    def batches() -> object:
        yield pa.record_batch({"value": [1]})
        raise MemoryError

    with pytest.raises(MemoryError):
        store.save("square", 0, {"square-0": batches()})  # type: ignore[dict-item]
    assert list((tmp_path / "work").iterdir()) == []
    assert store.finished("square") == set()
    store.save("square", 1, {"square-1": [pa.record_batch({"value": [1]})]})
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["square-1", "square-1.done"]


def test_files_without_a_mark_do_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(str(tmp_path))
    store.save("count", 0, {"grams-0": [pa.record_batch({"row": [1]})]})
    before = sorted(path.name for path in tmp_path.iterdir())
    fs, _ = store.place
    moved = fs.mv

    def full(one: str, two: str) -> None:
        if two.endswith(".done"):
            raise OSError(ENOSPC, "No space left on device")
        moved(one, two)

    monkeypatch.setattr(fs, "mv", full)
    with pytest.raises(OutputError, match="work folder cannot be written"):
        store.save("count", 1, {"grams-1": [pa.record_batch({"row": [2]})]})
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_broken_or_missing_results_are_said_so(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    with pytest.raises(OutputError, match=r"missing in the work folder(.|\n)*all workers share"):
        store.load("grams-0", 0)
    (tmp_path / "grams-0").write_bytes(b"ARROW1, cut short")
    with pytest.raises(OutputError, match=r"is broken(.|\n)*Delete the work folder"):
        store.load("grams-0", 0)


def test_results_are_kept_under_what_they_depend_on(tmp_path: Path) -> None:
    paths = write(tmp_path / "in", ["a b c", "d"], [1])
    inputs = plan(paths, "text", 10)
    same = key(inputs, "out", "text", "word3", 0.8, 10, 12)
    assert same == key(plan(paths, "text", 10), "out", "text", "word3", 0.8, 10, 12)
    write(tmp_path / "in", ["a b c", "e"], [1])  # the same size at another time
    others = {
        key(plan(paths, "text", 10), "out", "text", "word3", 0.8, 10, 12),
        key(plan(paths[:1], "text", 10), "out", "text", "word3", 0.8, 10, 12),
        key(inputs, "elsewhere", "text", "word3", 0.8, 10, 12),
        key(inputs, "out", "text", "token", 0.8, 10, 12),
        key(inputs, "out", "text", "word3", 0.7, 10, 12),
        key(inputs, "out", "text", "word3", 0.8, 20, 12),
    }
    assert len(others | {same}) == 7


def test_two_versions_of_the_code_do_not_mix(tmp_path: Path) -> None:
    (shard,) = plan(write(tmp_path / "in", ["a"], []), "text", 10).shards
    with pytest.raises(UsageError, match="another version of Demur"):
        count(replace(a_job(tmp_path / "work", 1), code="0123"), shard)


def test_a_file_that_changes_during_the_run_is_noticed(tmp_path: Path) -> None:
    (shard,) = plan(write(tmp_path / "in", ["a", "b"], []), "text", 10).shards
    write(tmp_path / "in", ["a"], [])
    with pytest.raises(ValueError, match="changed during the run"):
        count(a_job(tmp_path / "work", 1), shard)

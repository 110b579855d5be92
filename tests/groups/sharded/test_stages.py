from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from demur.errors import OutputError, UsageError
from demur.groups.sharded._kernels import meet_runs
from demur.groups.sharded.inputs import Shard, plan
from demur.groups.sharded.job import Job, code_digest, key
from demur.groups.sharded.posting import bucket_of, meet, post
from demur.groups.sharded.sampling import LEVELS, levels, rank, sample
from demur.groups.sharded.store import Store
from demur.similarity import self_join
from tests.groups.sharded.samples import texts, write


def a_job(folder: Path, parts: int, buckets: int = 3, rows: int = 1500) -> Job:
    return Job("text", "token", 0.8, parts, buckets, 12, str(folder), code_digest(), rows, stride=2, fast=True)


def met(job: Job, shards: Sequence[Shard]) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Candidates of all buckets, and what is claimed of copies: rows and their roots."""
    for shard in shards:
        sample(job, shard)
    rank(job, 0)
    for shard in shards:
        post(job, shard)
    for bucket in range(job.buckets):
        meet(job, bucket, (*(shard.first for shard in shards), job.rows))
    pairs, copies = set(), set()
    for bucket in range(job.buckets):
        sent = job.pairs.received(bucket)
        pairs |= set(zip(sent["row"].to_pylist(), sent["other"].to_pylist(), strict=True))
        for claimed in (job.copies.received(bucket), job.repeats.received(bucket)):
            copies |= set(zip(claimed["row"].to_pylist(), claimed["root"].to_pylist(), strict=True))
    return pairs, copies


def test_how_common_grams_are_does_not_depend_on_the_cut(tmp_path: Path) -> None:
    rows = texts(1500)
    tables = []
    for cuts in ([], [1], [300, 700, 1490]):
        shards = plan(write(tmp_path / f"in{len(cuts)}", rows, cuts), "text", 10_000).shards
        job = a_job(tmp_path / f"work{len(cuts)}", len(shards))
        for shard in shards:
            sample(job, shard)
        rank(job, 0)
        tables.append(levels(job))
    assert tables[0].max() > LEVELS[50]  # a word of the template
    assert np.count_nonzero(tables[0] == 0) > 1000
    assert all((table == tables[0]).all() for table in tables)


def test_of_equal_rows_only_the_smallest_is_in_pairs(tmp_path: Path) -> None:
    rows = ["a b c d e f", "g h", "F e d c b a!", "a b c d e", "g h", "a b c d e f"]
    shards = plan(write(tmp_path / "in", rows, [2]), "text", 1000).shards
    pairs, copies = met(a_job(tmp_path / "work", len(shards), rows=len(rows)), shards)
    assert pairs == {(0, 3)}
    assert copies == {(0, 0), (2, 0), (2, 2), (5, 2), (1, 1), (4, 1)}  # 5 is a copy of 2 in its own shard


def test_every_pair_that_is_similar_is_a_candidate(tmp_path: Path) -> None:
    rows = texts(1500)
    shards = plan(write(tmp_path / "in", rows, [700]), "text", 1000).shards
    pairs, copies = met(a_job(tmp_path / "work", len(shards)), shards)
    near = self_join(rows, view="token", threshold=0.8)
    wanted = {(twin, row) for row, twin in zip(near["row"].to_pylist(), near["twin"].to_pylist(), strict=True)}
    crowds = {
        row
        for bucket in range(3)
        for row in a_job(tmp_path / "work", len(shards)).crowds.received(bucket)["row"].to_pylist()
    }
    copied = {row for row, root in copies if row != root}
    left = {pair for pair in wanted if pair not in pairs and pair[1] not in copied}
    assert len(wanted - left) > 100
    assert all(set(pair) <= crowds for pair in left)


LARGE = 0xFFFFF << 12
PAIR = {"keys": [5 << 24, 5 << 24], "rows": [0, 1], "tails": [10 << 12, 10 << 12], "sketches": [1 << 8, 1 << 8]}


def run_of(**other: list[int]) -> tuple[list[int], list[int], list[int]]:
    """What one run of postings says: candidates, copies, crowd."""
    given = {**PAIR, **other}
    keys, sketches = (np.array(given[name], np.uint64) for name in ("keys", "sketches"))
    rows, tails = np.array(given["rows"], np.int64), np.array(given["tails"], np.uint32)
    pairs, copies, crowd = meet_runs(keys, rows, tails, sketches, 0.8, 1 << 15, 16, np.zeros(1, np.int64))
    return pairs.tolist(), copies.tolist(), crowd.tolist()


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({}, ([], [1, 0], [])),  # alike in all: a copy
        ({"keys": [5 << 24, 5 << 24 | 1]}, ([0, 1, 0], [], [])),  # another print
        ({"sketches": [1 << 8, 1 << 8 | 1]}, ([0, 1, 0], [], [])),  # another print
        ({"sketches": [0b11 << 8, 0b1100 << 8]}, ([], [], [])),  # four grams apart, where two are the most
        ({"sketches": [0b01 << 8, 0b10 << 8]}, ([0, 1, 0], [], [])),
        ({"tails": [10 << 12, 13 << 12]}, ([], [], [])),  # too large
        ({"tails": [10 << 12, 10 << 12 | 2]}, ([], [], [])),  # eight grams are left, and nine are needed
        ({"tails": [LARGE, LARGE | 0xFFF], "sketches": [0, 0xFFFF << 8]}, ([0, 1, 0], [], [])),  # of whatever size
        ({"rows": [1, 1], "keys": [5 << 24, 5 << 24 | 1]}, ([], [], [])),  # two grams of a row with one key
        ({"keys": [5 << 24, 6 << 24]}, ([], [], [])),
    ],
)  # fmt: skip
def test_what_a_run_says(other: dict[str, list[int]], found: tuple[list[int], list[int], list[int]]) -> None:
    assert run_of(**other) == found


def test_a_copy_is_told_under_its_first_gram_alone() -> None:
    assert run_of(tails=[10 << 12 | 1, 10 << 12 | 1]) == ([], [], [])


def test_rows_crowd_where_they_have_too_many_candidates() -> None:
    rows = list(range(40))
    given = {"keys": [5 << 24 | row for row in rows], "rows": rows, "tails": [10 << 12] * 40, "sketches": [0] * 40}
    assert run_of(**given) == ([], [], [each for row in rows for each in (row, 0)])
    few = {name: values[:33] for name, values in given.items()}
    assert len(run_of(**few)[0]) == 3 * 33 * 16


def test_buckets_are_about_even() -> None:
    ordered = np.arange(10_000, dtype=np.uint64) << np.uint64(40)
    assert np.bincount(bucket_of(ordered, 7)).min() > 1000
    assert bucket_of(ordered, 70_000).max() > 1 << 16


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
        sample(replace(a_job(tmp_path / "work", 1), code="0123"), shard)


def test_a_file_that_changes_during_the_run_is_noticed(tmp_path: Path) -> None:
    (shard,) = plan(write(tmp_path / "in", ["a", "b"], []), "text", 10).shards
    write(tmp_path / "in", ["a"], [])
    with pytest.raises(ValueError, match="changed during the run"):
        sample(a_job(tmp_path / "work", 1), shard)

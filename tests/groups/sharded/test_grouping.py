from __future__ import annotations

import re
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demur.errors import FormatError, OutputError, UsageError
from demur.groups.sharded import grouping, posting, run
from demur.similarity import View, grams
from tests.groups.sharded.samples import ROWS, expected, labels, texts, write, written

TEXTS = texts()
CUTS = {
    "1": [],
    "2": [1500],
    "3": [1000, 2000],
    "7": [400, 900, 1300, 1800, 2200, 2700],
    "uneven": [1, 2, 2900],
    "empty shards": [0, 0, 1200, 1200, 3000],
}


@pytest.fixture(scope="module")
def single() -> list[int]:
    return expected(TEXTS)


@pytest.mark.parametrize("shard_rows", [500, 10_000])
@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)
def test_labels_are_those_of_one_process_for_any_cut(
    tmp_path: Path, cuts: list[int], shard_rows: int, single: list[int]
) -> None:
    assert sum(label != row for row, label in enumerate(single)) > 500  # the corpus is worth grouping
    done = run(write(tmp_path / "in", TEXTS, cuts), str(tmp_path / "out"), shard_rows=shard_rows)
    table = written(tmp_path / "out")
    assert labels(table, ROWS) == single
    sizes = [single.count(label) for label in set(single)]
    counts = {"rows": ROWS, "groups": sum(size > 1 for size in sizes), "largest": max(sizes), "resumed": 0}
    assert asdict(done).items() >= counts.items()
    assert done.duplicates == sum(sizes) - len(sizes)


@pytest.mark.parametrize("view", get_args(View))
def test_every_view_and_its_evidence(tmp_path: Path, view: View) -> None:
    rows = TEXTS[:1200]
    run(write(tmp_path / "in", rows, [500]), str(tmp_path / "out"), view=view, threshold=0.6, shard_rows=250)
    table = written(tmp_path / "out")
    assert labels(table, len(rows)) == expected(rows, view, 0.6)
    assert set(table["view"].to_pylist()) == {view}
    for row, twin, similarity in zip(*(table[name].to_pylist() for name in ("row", "twin", "similarity")), strict=True):
        one, two = (grams(rows[at] or "", view) for at in (row, twin))
        assert similarity == pytest.approx(len(one & two) / len(one | two))
        assert similarity >= 0.6


def test_twins_do_not_depend_on_the_files_either(tmp_path: Path) -> None:
    found = []
    for name, cuts in CUTS.items():
        run(write(tmp_path / name, TEXTS, cuts), str(tmp_path / f"{name}-out"), shard_rows=700)
        found.append(written(tmp_path / f"{name}-out"))
    assert all(table.equals(found[0]) for table in found)


words = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f"]), max_size=7).map(" ".join)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.none() | words | st.sampled_from(["?", "ⅷ", "\ud7ff", "東京 a b"]), max_size=24),
    cuts=st.lists(st.integers(0, 24), max_size=4),
    shard_rows=st.integers(1, 9),
    view=st.sampled_from(get_args(View)),
    threshold=st.sampled_from([0.3, 0.5, 2 / 3, 0.8, 1.0]),
)
def test_any_small_input_cut_anyhow(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[str | None],
    cuts: list[int],
    shard_rows: int,
    view: View,
    threshold: float,
) -> None:
    folder = tmp_path_factory.mktemp("any")
    places = sorted(min(cut, len(rows)) for cut in cuts)
    paths = write(folder / "in", rows, places, group=3)
    run(paths, str(folder / "out"), view=view, threshold=threshold, shard_rows=shard_rows)
    assert labels(written(folder / "out"), len(rows)) == expected(rows, view, threshold)


def test_a_table_too_small_for_the_grams_changes_no_label(tmp_path: Path, single: list[int]) -> None:
    run(write(tmp_path / "in", TEXTS, [1500]), str(tmp_path / "out"), shard_rows=500, most_bits=9)
    assert labels(written(tmp_path / "out"), ROWS) == single


@pytest.mark.parametrize(("crowd", "share"), [(2, 16), (1 << 15, 0), (1 << 15, 1)])
@pytest.mark.parametrize("view", ["token", "word3"])
def test_rows_that_crowd_change_no_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, view: View, crowd: int, share: int
) -> None:
    monkeypatch.setattr(posting, "CROWD", crowd)
    monkeypatch.setattr(posting, "SHARE", share)
    run(write(tmp_path / "in", TEXTS, [1500]), str(tmp_path / "out"), view=view, shard_rows=500)
    assert labels(written(tmp_path / "out"), ROWS) == expected(TEXTS, view)


def test_grams_as_without_a_compiler(tmp_path: Path, single: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "interpreted", lambda: True)
    run(write(tmp_path / "in", TEXTS, [1500]), str(tmp_path / "out"), shard_rows=500)
    assert labels(written(tmp_path / "out"), ROWS) == single


def test_a_chain_through_all_buckets_and_the_largest_of_many_groups(tmp_path: Path) -> None:
    """Each row is near the next one; beside them, pairs, so many that the counted slots are shared."""
    chain = [" ".join(f"w{word}" for word in range(row, row + 40)) for row in range(400)]
    pairs = [f"one pair of rows with number {row // 2} in it" for row in range(2000)]
    rows = [text for row in range(400) for text in (chain[row], *pairs[5 * row : 5 * row + 5])]
    done = run(write(tmp_path / "in", rows, [1000]), str(tmp_path / "out"), shard_rows=150)
    single = expected(rows)
    assert labels(written(tmp_path / "out"), len(rows)) == single
    assert (done.groups, done.largest, done.duplicates) == (1001, 400, len(rows) - 1001)


def test_other_file_systems(single: list[int]) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    fs = MemoryFileSystem()
    for number, (first, last) in enumerate(pairwise([0, 800, ROWS])):
        with fs.open(f"/scale/in/{number}.parquet", "wb") as file:
            pq.write_table(pa.table({"text": TEXTS[first:last]}), file, row_group_size=500)
    for name in ("labels-00000-of-00009.parquet", "labels-00000-of-00009.parquet.part"):
        fs.pipe_file(f"/scale/out/{name}", b"of an older run")
    run(["memory://scale/in"], "memory://scale/out", shard_rows=500)
    names = sorted(fs.ls("/scale/out", detail=False))
    assert all(re.fullmatch(r"/scale/out/labels-0000\d-of-00007\.parquet", name) for name in names)
    tables = []
    for name in names:
        with fs.open(name, "rb") as file:
            tables.append(pq.read_table(file).replace_schema_metadata())
    assert labels(pa.concat_tables(tables), ROWS) == single
    fs.rm("/scale", recursive=True)


def test_output_stands_beside_the_input(tmp_path: Path) -> None:
    paths = write(tmp_path / "in", TEXTS, [1200, 1200])
    run([str(tmp_path / "in")], str(tmp_path / "out"), shard_rows=700)
    found = [pq.read_schema(path).metadata for path in sorted((tmp_path / "out").iterdir())]
    first = [int(facts[b"first_row"]) for facts in found]
    assert [facts[b"source"].decode() for facts in found] == [paths[0]] * 2 + [paths[1]] + [paths[2]] * 4
    assert first == [0, 500, 1200, 1200, 1700, 2200, 2700]
    assert [facts[b"row_groups"] for facts in found] == [b"0", b"1,2", b"0", b"0", b"1", b"2", b"3"]
    for path, at, facts in zip(sorted((tmp_path / "out").iterdir()), first, found, strict=True):
        rows = pq.read_table(path)["row"].to_pylist()
        assert all(at <= row < at + int(facts[b"rows"]) for row in rows)
        assert rows == sorted(rows)


def test_a_new_run_replaces_an_old_one_and_nothing_else(tmp_path: Path) -> None:
    paths = write(tmp_path / "in", TEXTS[:1000], [300])
    run(paths, str(tmp_path / "out"), shard_rows=100)
    run(paths, str(tmp_path / "out"), shard_rows=10_000, threshold=0.6)
    assert labels(written(tmp_path / "out"), 1000) == expected(TEXTS[:1000], "word3", 0.6)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    with pytest.raises(OutputError, match="holds something that is not a grouping"):
        run(paths, str(tmp_path / "mine"))
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_no_rows_at_all(tmp_path: Path) -> None:
    paths = write(tmp_path / "in", [], [0, 0])
    pq.ParquetWriter(paths[1], pa.schema([("text", pa.string())])).close()  # not even an empty row group
    done = run(paths, str(tmp_path / "out"))
    assert (done.rows, done.groups, done.duplicates, done.largest, done.shards) == (0, 0, 0, 0, 3)
    assert written(tmp_path / "out").num_rows == 0


def test_bad_input(tmp_path: Path) -> None:
    (path,) = write(tmp_path / "in", ["a"], [])
    out = str(tmp_path / "out")
    with pytest.raises(UsageError, match=r"No column 'txet'(.|\n)*Did you mean 'text'\?"):
        run([path], out, column="txet")
    with pytest.raises(UsageError, match=r"No such file(.|\n)*Did you mean 'part-000.parquet'\?"):
        run([path.replace("000", "00")], out)
    with pytest.raises(UsageError, match="No way to read such a URL"):
        run(["no-such-protocol://x"], out)
    with pytest.raises(UsageError, match="The folder holds no Parquet files"):
        run([str(tmp_path)], out)
    with pytest.raises(UsageError, match="A shard needs rows"):
        run([path], out, shard_rows=0)
    numbers = tmp_path / "numbers.parquet"
    pq.write_table(pa.table({"text": [1, 2]}), numbers)
    with pytest.raises(FormatError, match=r"holds no text(.|\n)*got: +int64"):
        run([str(numbers)], out)
    (tmp_path / "plain.parquet").write_text("a,b")
    with pytest.raises(FormatError, match="Not a Parquet file"):
        run([str(tmp_path / "plain.parquet")], out)
    assert not Path(out).exists()

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from demur.errors import UsageError
from demur.files.bounds import bounds, within
from demur.files.spans import Span
from demur.groups.sharded.engine import DaskEngine
from demur.shards import Work, opened_work, work
from tests.shards.samples import Stopped, StoppingEngine, here


@dataclass(frozen=True)
class Doubling:
    """Gives twice the first number of a part."""

    factor: int = 2

    def read(self, span: Span) -> pa.Table:
        return pa.table({"value": [self.factor * span.first], "cell": [bounds().cell]})


def tasks(folder: Path, count: int = 5, factor: int = 2) -> list[tuple[Doubling, Span]]:
    path = folder / "in.txt"
    if not path.exists():
        path.write_text("mild", encoding="utf-8")
    return [(Doubling(factor), Span(str(path), number, 1, 1)) for number in range(count)]


def values(found: Work, given: list[tuple[Doubling, Span]]) -> list[int]:
    return [value for table in found.map(given) for value in table["value"].to_pylist()]


def test_a_run_that_stops_anywhere_goes_on_there(tmp_path: Path) -> None:
    for most in range(5):
        folder = tmp_path / str(most)
        stopping, whole = here(folder, most=most), here(folder)
        with pytest.raises(Stopped):
            values(stopping, tasks(tmp_path))
        assert values(whole, tasks(tmp_path)) == [0, 2, 4, 6, 8]
        assert (whole.tasks, whole.resumed) == (5, most)
        assert isinstance(stopping.engine, StoppingEngine)
        assert isinstance(whole.engine, StoppingEngine)
        assert [*stopping.engine.done, *whole.engine.done] == [0, 1, 2, 3, 4]  # each once


def test_what_is_asked_anew_is_done_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values(here(tmp_path / "work"), tasks(tmp_path))

    def resumed(factor: int = 2) -> int:
        again = here(tmp_path / "work")
        values(again, tasks(tmp_path, factor=factor))
        return again.resumed

    assert resumed() == 5
    assert resumed(factor=3) == 0
    with within({"cell": 77}):
        assert resumed() == 0
    (tmp_path / "in.txt").write_text("other", encoding="utf-8")
    assert resumed() == 0
    assert resumed() == 5
    monkeypatch.setattr(work, "code_digest", lambda: "another version")
    assert resumed() == 0


def test_limits_hold_where_tasks_run(tmp_path: Path) -> None:
    with within({"cell": 77}):
        (table,) = here(tmp_path / "work").map(tasks(tmp_path, 1))
    assert table["cell"].to_pylist() == [77]


def test_a_good_end_leaves_nothing_and_a_bad_one_what_was_done(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    with pytest.raises(Stopped), opened_work(work=str(folder)) as opened:  # noqa: PT012
        values(opened, tasks(tmp_path))
        raise Stopped
    assert len([*folder.rglob("*.done")]) == 5
    with opened_work(work=str(folder)) as opened:
        assert Path(opened.keep("a.parquet", b"one")).is_file()
        values(opened, tasks(tmp_path))
        assert opened.resumed == 5
    assert not [each for each in folder.rglob("*") if each.is_file()]


def test_workers_of_another_version_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="another version"):
        work._do(str(tmp_path), 0, Doubling(), Span("x"), "another", {}, None)


def test_workers_elsewhere_need_a_shared_folder() -> None:
    with (
        pytest.raises(UsageError, match="they share"),
        opened_work("dask", scheduler="tcp://127.0.0.1:1"),
    ):
        pytest.fail("there is no such scheduler")


def test_tasks_set_no_threads_of_this_process(tmp_path: Path) -> None:
    before = os.environ.get("NUMBA_NUM_THREADS")
    values(here(tmp_path / "work"), tasks(tmp_path))
    assert os.environ.get("NUMBA_NUM_THREADS") == before


def test_what_is_kept_for_tasks_is_named_by_its_content(tmp_path: Path) -> None:
    made = here(tmp_path / "work")
    one, two = made.keep("a.parquet", b"one"), made.keep("a.parquet", b"two")
    assert (Path(one).read_bytes(), Path(two).read_bytes()) == (b"one", b"two")
    assert made.keep("a.parquet", b"one") == one != two


def test_processes_here_keep_their_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask's own setting has every freed array given back to the system."""
    pytest.importorskip("distributed", reason="the distributed engine is in the 'scale' extra")
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)  # Dask leaves it behind in a process that had a cluster
    with opened_work("dask", workers=1, work=str(tmp_path)) as opened:
        assert isinstance(opened.engine, DaskEngine)
        assert [*opened.engine.client.run(os.environ.get, "MALLOC_TRIM_THRESHOLD_").values()] == [None]

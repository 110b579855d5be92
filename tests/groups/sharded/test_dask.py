"""On a real local cluster of two processes. Nothing here measures time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

pytest.importorskip("distributed", reason="the distributed engine is in the 'scale' extra")

from demur.errors import FormatError, UsageError
from demur.groups.sharded import EngineError, engine, open_engine, run
from demur.groups.sharded.engine import DaskEngine
from tests.groups.sharded.samples import expected, labels, marks, texts, write, written

PATIENCE = 60
TEXTS = texts(6_000, seed=3)


@pytest.fixture(scope="module")
def dask() -> Iterator[DaskEngine]:
    with open_engine("dask", workers=2) as opened:
        assert isinstance(opened, DaskEngine)
        yield opened


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return write(tmp_path_factory.mktemp("in"), TEXTS, range(500, 6_000, 500))


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory, paths: list[str]) -> Any:
    out = tmp_path_factory.mktemp("serial") / "out"
    run(paths, str(out), shard_rows=500)
    return written(out)


def test_the_cluster_gives_what_one_process_gives(
    dask: DaskEngine, paths: list[str], serial: Any, tmp_path: Path
) -> None:
    run(paths, str(tmp_path / "out"), engine=dask, shard_rows=500)
    table = written(tmp_path / "out")
    assert table.equals(serial)
    assert labels(table, len(TEXTS)) == expected(TEXTS)


def test_an_interrupt_is_the_drivers(dask: DaskEngine) -> None:
    """Ctrl-C reaches every process of a terminal; local workers stay quiet, and go on until they are told."""
    before = dask.client.run(os.getpid)
    for pid in before.values():
        os.kill(pid, signal.SIGINT)
    assert dask.client.run(os.getpid) == before
    assert dask.client.submit(sum, [1, 2], pure=False).result(timeout=PATIENCE) == 3


class SlowStage:
    """Dask, with time to kill in the middle of one stage."""

    threads: int | None = 1

    def __init__(self, dask: DaskEngine, stage: str) -> None:
        self.dask, self.stage = dask, stage

    def map(self, function: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> Iterator[None]:
        if function.__name__ == self.stage:
            function = partial(_slowly, function)
        yield from self.dask.map(function, arguments)


def _slowly(function: Callable[..., object], *arguments: object) -> None:
    sleep(0.05)
    function(*arguments)


@pytest.mark.parametrize("stage", ["post", "match"])
def test_a_worker_lost_in_mid_run_changes_nothing(
    dask: DaskEngine, paths: list[str], serial: Any, tmp_path: Path, stage: str
) -> None:
    """SIGKILL to a worker that has tasks of the stage in hand; the cluster starts another in its place."""
    before = _pids(dask)
    killed: list[tuple[int, int]] = []

    def kill() -> None:
        end = monotonic() + PATIENCE
        while monotonic() < end and not killed:
            done = len(marks(tmp_path / "out", stage))
            busy = [address for address, tasks in dask.client.processing().items() if tasks]
            if done and busy:
                pid = before[busy[0]]
                os.kill(pid, signal.SIGKILL)
                killed.append((pid, done))
            sleep(0.002)

    killer = threading.Thread(target=kill)
    killer.start()
    done = run(paths, str(tmp_path / "out"), engine=SlowStage(dask, stage), shard_rows=500)
    killer.join()
    ((pid, at),) = killed
    assert 1 <= at < 12  # in the middle of the stage
    dask.client.wait_for_workers(2, timeout=PATIENCE)
    assert pid not in _pids(dask).values()
    assert done.resumed == 0
    assert written(tmp_path / "out").equals(serial)


def test_workers_that_die_of_a_task_are_reported(dask: DaskEngine) -> None:
    scheduler = dask.client.cluster.scheduler
    usual, scheduler.allowed_failures = scheduler.allowed_failures, 0
    try:
        with pytest.raises(EngineError, match=r"Workers die again and again(.|\n)*--shard-rows"):
            list(dask.map(os._exit, [(9,)]))
    finally:
        scheduler.allowed_failures = usual
    dask.client.wait_for_workers(2, timeout=PATIENCE)


def test_an_error_of_a_task_arrives_as_it_is(dask: DaskEngine, tmp_path: Path) -> None:
    (path,) = write(tmp_path / "in", ["a"], [])

    class Late:
        threads: int | None = 1

        def map(self, function: Any, arguments: Any) -> Iterator[None]:
            write(tmp_path / "in", ["a", "b"], [])
            yield from dask.map(function, arguments)

    with pytest.raises(FormatError, match=r"changed during the run(.|\n)*expected: 1 rows(.|\n)*got: +2"):
        run([path], str(tmp_path / "out"), engine=Late())


def test_no_scheduler_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PATIENCE", "1s")
    with (
        pytest.raises(
            EngineError, match=r"No Dask scheduler answers\n +where: +tcp://127\.0\.0\.1:9(.|\n)*dask scheduler"
        ),
        open_engine("dask", scheduler="tcp://127.0.0.1:9"),
    ):
        pass


def test_options_that_need_dask() -> None:
    with pytest.raises(UsageError, match="Add --engine dask"), open_engine("serial", workers=2):
        pass


def test_a_scheduler_lost_in_mid_run(paths: list[str], serial: Any, tmp_path: Path) -> None:
    """The command ends with a message; the next run goes on from the finished shards."""
    where = tmp_path / "scheduler.json"
    scheduler = _dask("scheduler", "--port", "0", "--scheduler-file", str(where))
    worker = _dask("worker", "--scheduler-file", str(where), "--nthreads", "1", "--no-nanny")
    out = tmp_path / "out"

    def kill() -> None:
        end = monotonic() + PATIENCE
        while not marks(out, "sample") and monotonic() < end:
            sleep(0.002)
        scheduler.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        while not where.exists() or not where.read_text().endswith("}"):  # it is there before it is filled
            assert scheduler.poll() is None
            sleep(0.01)
        address = json.loads(where.read_text())["address"]
        with (
            pytest.raises(EngineError, match="The Dask scheduler was lost in mid-run"),
            open_engine("dask", scheduler=address, workers=1) as opened,
        ):
            run(paths, str(out), engine=opened, shard_rows=500)
    finally:
        killer.join()
        worker.kill()
        scheduler.wait()
        worker.wait()
    done = run(paths, str(out), shard_rows=500)
    assert 1 <= done.resumed < done.tasks
    assert written(out).equals(serial)


def _pids(dask: DaskEngine) -> dict[str, int]:
    return dict(dask.client.run(os.getpid))


def _dask(*arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

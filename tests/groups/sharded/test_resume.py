from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from demur.groups.sharded import SerialEngine, run
from tests.dying import PATIENCE, killed
from tests.groups.sharded.samples import ROWS, expected, labels, marks, texts, write, written

TEXTS = texts()
STAGES = ["sample", "rank", "post", "meet", "collect", "match", "link"]


class Stopped(Exception):
    """The run ends here."""


class StoppingEngine(SerialEngine):
    """Stops after so many tasks, and remembers them."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.done: list[tuple[str, int]] = []

    def map(self, function: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> Iterator[None]:
        for each in arguments:
            if len(self.done) == self.most:
                raise Stopped
            function(*each)
            self.done.append((function.__name__, getattr(each[1], "number", each[1])))
            yield


def test_a_run_that_stops_anywhere_goes_on_there(tmp_path: Path) -> None:
    paths = write(tmp_path / "in", TEXTS, [1000, 2000])
    all_tasks = [(stage, number) for stage in STAGES for number in range(1 if stage == "rank" else 3)]
    for most in range(len(all_tasks)):
        out = tmp_path / f"out{most}"
        first, second = StoppingEngine(most), StoppingEngine(1000)
        with pytest.raises(Stopped):
            run(paths, str(out), engine=first, shard_rows=1000)
        done = run(paths, str(out), engine=second, shard_rows=1000)
        assert (done.tasks, done.resumed) == (19, most)
        assert [*first.done, *second.done] == all_tasks  # each task once
        table = written(out)
        if most:
            assert table.equals(written(tmp_path / "out0"))
    assert labels(written(tmp_path / "out0"), ROWS) == expected(TEXTS)


def test_what_is_asked_anew_is_done_anew(tmp_path: Path) -> None:
    paths = write(tmp_path / "in", TEXTS, [1000, 2000])
    out = tmp_path / "out"
    for what in ({}, {"threshold": 0.6}, {"view": "token"}, {"shard_rows": 500}):
        with pytest.raises(Stopped):
            run(paths, str(out), engine=StoppingEngine(4), **{"shard_rows": 1000, **what})  # type: ignore[arg-type]
    changed = [*TEXTS[:-1], "something else"]
    write(tmp_path / "in", changed, [1000, 2000])
    assert run(paths, str(out), shard_rows=1000).resumed == 0
    assert labels(written(out), ROWS) == expected(changed)


def test_killed_on_the_command_line(tmp_path: Path) -> None:
    """SIGKILL twice, in two stages; what was finished at the first kill is never done again."""
    rows = texts(6_000, seed=5)
    write(tmp_path / "in", rows, range(500, 6_000, 500))
    out = tmp_path / "out"
    command = [sys.executable, "-m", "demur.cli", "group", str(tmp_path / "in"), "--out", str(out)]
    command += ["--shard-rows", "500", "--json"]
    killed(command, out, r"/post-\d+\.done$", 4)
    first = {stage: marks(out, stage) for stage in STAGES}
    assert [len(first[stage]) for stage in STAGES] == [12, 1, 3, 0, 0, 0, 0]
    killed(command, out, r"/collect-\d+\.done$", 4)
    second = {stage: marks(out, stage) for stage in STAGES}
    assert [len(second[stage]) for stage in STAGES] == [12, 1, 12, 12, 3, 0, 0]
    assert first["sample"].items() <= second["sample"].items()  # the same files: not written again
    assert first["post"].items() <= second["post"].items()
    assert not list(out.glob("labels-*"))
    end = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
    done = json.loads(end.stdout)
    assert done["resumed"] == sum(map(len, second.values()))
    assert done["tasks"] == 6 * 12 + 1
    assert labels(written(out), len(rows)) == expected(rows)

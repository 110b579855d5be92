"""SIGKILL in the middle of a run on the command line: what was finished is not done again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

from demur.checks.engine import check
from demur.checks.outputs import OUTPUTS
from demur.checks.sharded import check_sharded
from demur.files.bounds import limits_said, within
from demur.groups.sharded import SerialEngine
from demur.shards import Work
from tests.shards.samples import rows, write

SMALL = "batch=1500"
PATIENCE = 120


def test_a_check_that_is_killed_goes_on(tmp_path: Path) -> None:
    path, work = write(tmp_path, rows(1500)), tmp_path / "work"
    command = [sys.executable, "-m", "demur.cli", "check", str(path), "--json", "--limit", SMALL]
    command += ["--work", str(work), "--shard-rows", "1"]
    done = _killed(command, work, 3)
    with within(limits_said([SMALL])):
        again = Work(SerialEngine(), work.as_uri(), 1)
        found = check_sharded([path], again)
        one = check(path)
    assert found == one
    assert done <= again.resumed < again.tasks
    marks = {each: each.stat().st_mtime_ns for each in work.rglob("*.done")}
    assert len(marks) == again.tasks
    whole = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)  # a third run
    assert json.loads(whole.stdout) == json.loads(OUTPUTS["json"](one))
    assert not [*work.rglob("*.done")]  # a good end


def _killed(command: list[str], work: Path, least: int) -> int:
    """Kill a command once so many tasks are marked as done; how many were."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        until = monotonic() + PATIENCE
        while len(done := [*work.rglob("*.done")]) < least:
            assert child.poll() is None, "it ended before it could be killed"
            assert monotonic() < until, "it does nothing"
            sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    return len(done)

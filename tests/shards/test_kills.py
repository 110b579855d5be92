"""SIGKILL and Ctrl-C in the middle of a run on the command line: what was finished is not done again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demur.checks.engine import check
from demur.checks.outputs import OUTPUTS
from demur.checks.sharded import check_sharded
from demur.files.bounds import limits_said, within
from demur.groups.sharded import SerialEngine
from demur.shards import Work
from tests.dying import PATIENCE, interrupted, killed
from tests.shards.samples import rows, write

SMALL = "batch=1500"
WAITING = """
import time
from demur.checks import sharded
from demur.cli import main

def waiting(*_, **__):
    print("reads", flush=True)
    time.sleep(600)

sharded.checked = waiting
main()
"""


def test_a_check_that_is_killed_goes_on(tmp_path: Path) -> None:
    path, work = write(tmp_path, rows(1500)), tmp_path / "work"
    command = [sys.executable, "-m", "demur.cli", "check", str(path), "--json", "--limit", SMALL]
    command += ["--work", str(work), "--shard-rows", "1"]
    killed(command, work, r"/\w+-\d+\.done$", 4)
    assert len([*work.rglob("*.done")]) == 3
    with within(limits_said([SMALL])):
        again = Work(SerialEngine(), work.as_uri(), 1)
        found = check_sharded([path], again)
        one = check(path)
    assert found == one
    assert again.resumed == 3 < again.tasks
    marks = {each: each.stat().st_mtime_ns for each in work.rglob("*.done")}
    assert len(marks) == again.tasks
    whole = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)  # a third run
    assert json.loads(whole.stdout) == json.loads(OUTPUTS["json"](one))
    assert not [*work.rglob("*.done")]  # a good end


@pytest.fixture
def heeded() -> Iterator[None]:
    """Ctrl-C stops what is started here, whatever tests before have left."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded")
def test_ctrl_c_says_what_is_kept(tmp_path: Path) -> None:
    path, work = write(tmp_path, rows(1500)), tmp_path / "work"
    command = [sys.executable, "-m", "demur.cli", "check", str(path), "--limit", SMALL]
    command += ["--work", str(work), "--shard-rows", "1"]
    said = interrupted(command, work, r"/\w+-\d+\.done$", 4)
    assert said.splitlines()[-1] == (
        "Interrupted. The last good output is untouched; finished parts are kept, and the same command goes on from"
        " there."
    )
    assert len([*work.rglob("*.done")]) >= 3


@pytest.mark.usefixtures("heeded")
def test_ctrl_c_promises_nothing_where_nothing_is_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WAITING, "check", str(write(tmp_path, rows(10)))]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "reads\n"
        child.send_signal(signal.SIGINT)
        try:
            said = child.communicate(timeout=PATIENCE)[1]
        finally:
            child.kill()
    assert (child.returncode, said.splitlines()[-1]) == (130, "Interrupted. The last good output is untouched.")

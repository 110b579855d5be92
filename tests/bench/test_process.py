"""What a run costs: its workers' memory, and the CPU seconds of what it leaves behind."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import ROOT

WORKER = """
import time
until = time.process_time() + 0.5
while time.process_time() < until: pass
held = b"x" * 200_000_000
print("holds", flush=True)
time.sleep(600)
"""
DRIVER = """
import os, subprocess, sys, time
worker = [sys.executable, "-c", sys.argv[1], "a-worker"]
with subprocess.Popen(worker, stdout=-1, stderr=subprocess.DEVNULL, start_new_session=True, text=True) as worker:
    print(worker.stdout.readline(), flush=True)
    time.sleep(1)
    os._exit(0)
"""
BENCH = """
import json, os, sys
from bench.process import Watch, _below, clear, run
watch = Watch(["a-worker"])
cost, printed = run([sys.executable, "-c", sys.argv[1], sys.argv[2]], limit=60)
left = [len(_below(os.getpid()))]
clear(0)
left.append(len(_below(os.getpid())))
print(json.dumps({**watch.stop(), "told": cost.cpu, "printed": printed, "left": left}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_of_workers_are_seen_ended_and_counted() -> None:
    """In a process of its own: whatever runs below it is ended."""
    bench = [sys.executable, "-c", BENCH, DRIVER, WORKER]
    done = subprocess.run(bench, capture_output=True, text=True, cwd=ROOT, check=True, timeout=120)
    seen: dict[str, Any] = json.loads(done.stdout)
    assert seen["printed"].startswith("holds")
    assert 0.2 < seen["worker"] < 0.3
    assert 0.2 < seen["together"] < 0.4
    assert seen["told"] < 0.4 < seen["cpu"]
    assert seen["left"] == [1, 0]

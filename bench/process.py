"""Run one command in its own process and say what it cost."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds, and the largest resident set in GB, of a process with all its children.

    The resident set is that of the largest single process: parts of a tool with several workers are not added up.
    """

    wall: float
    cpu: float
    memory: float


class ProcessFailed(RuntimeError):
    """The command failed, or ran out of time."""


def run(command: Sequence[str], *, limit: float, environment: dict[str, str] | None = None) -> tuple[Cost, str]:
    """Cost and standard output of a command.

    Raises:
        ProcessFailed: its exit code is not 0, or it took longer than `limit` seconds.
    """
    _adopt_orphans()
    start = perf_counter()
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    # wait4 must be the one call that reaps the child, so the pipes are drained on threads.
    printed: dict[str, str] = {}
    drains = [
        threading.Thread(target=lambda name=name, pipe=pipe: printed.update({name: pipe.read()}), daemon=True)
        for name, pipe in (("out", child.stdout), ("error", child.stderr))
        if pipe is not None
    ]
    for drain in drains:
        drain.start()
    watchdog = threading.Timer(limit, os.killpg, (child.pid, 9))
    watchdog.start()
    _, status, usage = os.wait4(child.pid, 0)
    wall = perf_counter() - start
    usages = [usage, *_orphans(child.pid)]
    watchdog.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    for drain in drains:
        drain.join(timeout=10)
    if child.returncode:
        reason = f"longer than {limit:.0f} s" if wall >= limit else printed.get("error", "")[-2000:]
        msg = f"{' '.join(command[:6])} failed ({child.returncode}): {reason}"
        raise ProcessFailed(msg)
    cpu = sum(one.ru_utime + one.ru_stime for one in usages)
    return Cost(wall, cpu, max(one.ru_maxrss for one in usages) / 1e6), printed.get("out", "")


def touch(size: int) -> None:
    """Write to so many bytes in a process that ends: the machine has these pages then, and nobody waits for them next.

    The host of a virtual machine may take back what is free, and each process would pay for getting it again: as much
    as for reading a file, or nothing, by what ran before.
    """
    subprocess.run([sys.executable, "-c", f"import numpy; numpy.ones({size}, numpy.uint8)"], check=True)


def _adopt_orphans() -> None:
    """Become the parent of workers whose own parent ends (Linux), or their CPU time would be lost."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _orphans(group: int) -> Iterator[resource.struct_rusage]:
    """What the rest of a process group used, once it has ended."""
    with contextlib.suppress(ChildProcessError):
        while True:
            yield os.wait4(-group, 0)[2]


def clear(patience: float = 20) -> None:
    """Wait for what runs left below this process; after some patience it is killed."""
    until = perf_counter() + patience
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if not pid and perf_counter() > until:
                for each in _below(os.getpid()):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(each, 9)
            sleep(0 if pid else 0.05)


class Watch:
    """Looks at the processes below this one, a few times a second, until it is stopped (Linux).

    Some engines never wait for their workers, so that nobody is told what these needed.

    Attributes:
        worker: the largest resident set of a process whose command line has some words, in GB.
        together: the most that all had at once; pages that several share count once.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.worker = self.together = 0.0
        self._cpu: dict[tuple[int, str], float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> dict[str, float]:
        """What was seen, and the CPU seconds of all."""
        self._over.set()
        self._thread.join()
        return {"worker": self.worker, "together": self.together, "cpu": sum(self._cpu.values())}

    def _look(self) -> None:
        while not self._over.wait(0.3):
            together = 0.0
            for pid in _below(os.getpid()):
                with contextlib.suppress(OSError):  # it has ended
                    stat = _stat(Path(f"/proc/{pid}/stat"))
                    self._cpu[pid, stat[19]] = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
                    together += _kilobytes(f"/proc/{pid}/smaps_rollup", "Pss:") / 1e6
                    line = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
                    if any(word in line for word in self.words):
                        self.worker = max(self.worker, _kilobytes(f"/proc/{pid}/status", "VmHWM:") / 1e6)
            self.together = max(self.together, together)


def _kilobytes(path: str, name: str) -> int:
    lines = Path(path).read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def _below(pid: int) -> list[int]:
    """All processes that descend from one."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            children.setdefault(int(_stat(stat)[1]), []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found[1:]


def _stat(path: Path) -> list[str]:
    """State, parent and so on: what follows the name of a process."""
    return path.read_text(errors="replace").rpartition(")")[2].split()

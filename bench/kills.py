"""Commands run to their end or killed, and a count of what must not happen: see `bench.soak`."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from time import monotonic, sleep

from bench.report import markdown

Env = Mapping[str, str] | None

LIMIT = 120.0  # seconds after which a command hangs
MEMORY = 1.0  # GB
TELLS = ("Traceback", "should not happen")  # in what is said by a command that met what nobody foresaw


@dataclass
class Counts:
    """What was tried, and how often what must not happen did; but for `tried` and `killed`, all should be 0."""

    subject: str
    tried: int = 0
    killed: int = 0
    tracebacks: int = 0
    hangs: int = 0
    wrong_exits: int = 0
    over_memory: int = 0
    states_left: int = 0
    leftovers: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def bad(self) -> int:
        """All that must not happen."""
        return sum((self.tracebacks, self.hangs, self.wrong_exits, self.over_memory, self.states_left, self.leftovers))

    def add(self, ended: Ended, allowed: Sequence[int], note: str) -> None:
        """Count how one command ended; the note says which try it was."""
        before = self.bad
        self.tracebacks += any(tell in ended.said for tell in TELLS)
        self.hangs += ended.hung
        self.wrong_exits += not ended.hung and ended.code not in allowed
        self.over_memory += ended.memory > MEMORY
        if self.bad > before:
            self.notes.append(f"{note}: exit {ended.code}, {ended.memory:.2f} GB")


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, all that it said, whether it hung, and its peak in GB (0 where it hung)."""

    code: int
    said: str
    hung: bool
    memory: float


_ASIDE = (
    "import os, sys\n"
    "if not (child := os.fork()):\n    os.execvp(sys.argv[2], sys.argv[2:])\n"
    "_, status, usage = os.wait4(child, 0)\n"
    "open(sys.argv[1], 'w').write(f'{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss}')"
)
"""Starts a command from a small process: the peak of a child begins with what its parent holds, which may be much."""


def ended(command: Sequence[str], limit: float = LIMIT, env: Env = None) -> Ended:
    """Run a command to its end, or until it hangs."""
    hung = threading.Event()
    with tempfile.TemporaryFile() as said, tempfile.NamedTemporaryFile("r") as told:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _ASIDE, told.name, *command],
            stdout=said, stderr=subprocess.STDOUT, start_new_session=True, env=env,
        )  # fmt: skip

        def stop() -> None:
            hung.set()
            os.killpg(child.pid, signal.SIGKILL)

        watchdog = threading.Timer(limit, stop)
        watchdog.start()
        child.wait()
        watchdog.cancel()
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
        code, peak = told.read().split() or (child.returncode, 0)
    return Ended(int(code), text, hung.is_set(), int(peak) / 1e6)


def killed(command: Sequence[str], when: Callable[[], bool], limit: float = LIMIT, env: Env = None) -> bool:
    """SIGKILL a command and its children as soon as it is time; tells whether that came before its end."""
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True, env=env)
    end = monotonic() + limit
    while child.poll() is None and not when() and monotonic() < end:
        sleep(0.0005)
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    return child.wait() < 0


def digests(folder: Path) -> dict[str, str]:
    """The sha256 of every file of an output; its work folder does not count."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] != "_work"
    }


def moments(out: Path, seconds: float, draw: random.Random) -> Callable[[], bool]:
    """When to kill: after a share of the usual time, or at a change of the output or of what is beside it."""
    if draw.random() < 0.4:
        end = monotonic() + draw.uniform(0, 1.05 * seconds)
        return lambda: monotonic() >= end
    most = draw.choice([1, 2, 3, 5, 8, 13, 21])
    last, seen = _entries(out), 0

    def enough() -> bool:
        nonlocal last, seen
        now = _entries(out)
        seen, last = seen + (now != last), now
        return seen >= most

    return enough


def _entries(out: Path) -> set[tuple[str, int]]:
    found = set()
    for folder in (out.parent, out, out.with_name(f".{out.name}.staging")):
        try:
            found |= {(entry.name, entry.inode()) for entry in os.scandir(folder) if entry.name != "_work"}
        except OSError:  # not there, or gone in between
            found.add((folder.name, 0))
    return found


def kills(
    subject: str,
    out: Path,
    asked: Sequence[Sequence[str]],
    tries: int,
    draw: random.Random,
    env: Callable[[int], Env] = lambda number: None,
    temporary: Path | None = None,
) -> Counts:
    """Kill commands that write one folder, each time another one of those asked; the next run must put all right.

    Args:
        subject: what the table calls it.
        out: the folder.
        asked: the commands.
        tries: how often.
        draw: of the moments.
        env: environment of a try, and of the run after it.
        temporary: a folder for temporary files, in which nothing may stay either.
    """
    counts = Counts(subject)
    results: list[dict[str, str]] = []
    seconds: list[float] = []
    for command in asked:
        begin = monotonic()
        done = ended(command, env=env(-1 - len(results)))
        if done.code:
            msg = f"{subject} fails without being killed: {done.said[-500:]}"
            raise RuntimeError(msg)
        seconds.append(monotonic() - begin)
        results.append(digests(out))
    last = len(asked) - 1
    for number in range(tries):
        at = (last + 1) % len(asked)
        counts.tried += 1
        counts.killed += killed(asked[at], moments(out, seconds[at], draw), env=env(number))
        if digests(out) not in (results[last], results[at]):
            counts.states_left += 1
            counts.notes.append(f"try {number}: neither the old output nor the new one")
        counts.add(ended(asked[at], env=env(number)), [0], f"after try {number}")
        last = at
        if digests(out) != results[at]:
            counts.states_left += 1
            counts.notes.append(f"after try {number}: another output than without a kill")
        left = [path.name for path in out.parent.iterdir() if path != out] + [
            *names(out / "_work"),
            *names(temporary),
        ]
        counts.leftovers += bool(left)
        counts.notes += [f"after try {number}: {' '.join(left)} stays"] if left else []
    return counts


def names(folder: Path | None) -> list[str]:
    """What lies in a folder, if there is one."""
    return sorted(path.name for path in folder.iterdir()) if folder is not None and folder.is_dir() else []


def table(found: Sequence[Counts]) -> str:
    """All counts as a table."""
    heads = [each.name.replace("_", " ") for each in fields(Counts) if each.name != "notes"]
    return markdown(heads, [[str(value) for value in astuple(each)[:-1]] for each in found])

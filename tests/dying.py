"""The real command, killed at a moment that no speed changes: as it makes a certain change on the disk."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from demur.commands.common import INTERRUPTED

PATIENCE = 120

DYING = """
import os, re, sys
from demur.cli import main

place, what, moment, how = sys.argv.pop(1), re.compile(sys.argv.pop(1)), int(sys.argv.pop(1)), int(sys.argv.pop(1))
seen = 0

def heard(event, given):
    global seen
    if event == "open":
        mine = given[1] and given[1][0] in "wax"
    else:
        mine = event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir")
    # A name below a folder that is open comes alone.
    if mine and (str(given[0]).startswith(place) or event != "open" and given[-1] != -1):
        if what.search(f"{event} {given[event == 'os.rename']}"):
            seen += 1
            if seen == moment:
                os.kill(os.getpid(), how)

sys.addaudithook(heard)
try:
    main()
finally:
    if not moment:
        print(seen, file=sys.stderr)
"""


def changes(command: list[str], place: Path, what: str) -> int:
    """Run a command; how many changes of names below a place look so.

    Args:
        command: ``[python, "-m", "demur.cli", ...]``.
        place: changes elsewhere are not seen.
        what: a pattern for "os.mkdir PATH", "os.rename PATH" (the new one), "os.remove PATH", "os.rmdir PATH" or
            "open PATH" (to write); where a whole folder is removed, PATH is a bare name.
    """
    done = _run(command, place, what, 0)
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1])


def killed(command: list[str], place: Path, what: str, moment: int = 1) -> None:
    """Run a command and kill it as it is about to make such a change (see `changes`) for that many times."""
    done = _run(command, place, what, moment)
    assert done.returncode == -signal.SIGKILL, f"no such change came {moment} times: {done.stderr}"


def interrupted(command: list[str], place: Path, what: str, moment: int = 1) -> str:
    """What a command says that gets Ctrl-C as it is about to make such a change (see `changes`) for that many times."""
    done = _run(command, place, what, moment, signal.SIGINT)
    assert done.returncode == INTERRUPTED, f"no such change came {moment} times: {done.stderr}"
    return done.stderr


def _run(
    command: list[str], place: Path, what: str, moment: int, how: signal.Signals = signal.SIGKILL
) -> subprocess.CompletedProcess[str]:
    assert command[:3] == [sys.executable, "-m", "demur.cli"]
    start = [sys.executable, "-c", DYING, str(place), what, str(moment), str(int(how))]
    return subprocess.run([*start, *command[3:]], capture_output=True, text=True, timeout=PATIENCE, check=False)

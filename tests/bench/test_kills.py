"""Each way in which a command must not end is seen as what it is."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from bench import kills as killing
from bench.kills import Counts, digests, ended, killed, kills


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("print(1)", set()),
        ("raise SystemExit(2)", set()),
        ("raise SystemExit(3)", {"wrong_exits"}),
        ("raise ValueError", {"tracebacks"}),
        ("import time; time.sleep(600)", {"hangs"}),
        ("x = b'x' * MORE", {"over_memory"}),
        ("import os; os.kill(os.getpid(), 11)", {"wrong_exits"}),
    ],
)
def test_how_commands_end(code: str, seen: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(killing, "MEMORY", 0.1)
    counts = Counts("check")
    more = str(int(0.2e9))
    counts.add(ended(python(code.replace("MORE", more)), limit=2 if "sleep" in code else 60), [0, 1, 2], "try 0")
    assert {name for name in ("tracebacks", "hangs", "wrong_exits", "over_memory") if getattr(counts, name)} == seen
    assert (counts.bad, len(counts.notes)) == (len(seen), len(seen))


def test_a_peak_is_that_of_the_command_however_much_its_parent_holds() -> None:
    held = b"x" * 300_000_000
    assert 0 < ended(python("print(1)")).memory < 0.1 < len(held) / 1e9


def test_a_kill_comes_when_it_is_time(tmp_path: Path) -> None:
    there = tmp_path / "there"
    assert killed(python(f"open({str(there)!r}, 'w'); import time; time.sleep(600)"), there.exists)
    assert not killed(python("print(1)"), lambda: False)


HALF = """
import pathlib, sys, time
out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
(out / "part").write_text(sys.argv[2])
(out / "part").replace(out / "one")
time.sleep(0.5)
(out / "two").write_text(sys.argv[2])
"""


def test_an_output_of_two_runs_is_counted(tmp_path: Path) -> None:
    """Files of a folder written one after another, as no command of ours may do."""
    out = tmp_path / "place" / "out"
    asked = [[*python(HALF), str(out), word] for word in ("old", "new")]
    counts = kills("group", out, asked, 8, random.Random(3))  # noqa: S311
    assert counts.tried == 8
    assert 0 < counts.states_left <= counts.killed
    assert (counts.tracebacks, counts.hangs, counts.wrong_exits, counts.leftovers) == (0, 0, 0, 0)
    assert sorted(digests(out)) == ["one", "two"]

"""Kills and mutations from a seed: what `demur` leaves behind, and how it ends.

    python -m bench.soak group --tries 50 --seed 1
    python -m bench.soak build release pull --tries 100
    python -m bench.soak build --tries 5 --set refusal-eval
    python -m bench.soak check --tries 2000

A run that is killed must leave the old output or the new one, whole, and the next run must end well and leave nothing
beside it. Whatever a file holds, `check` must end by itself with 0, 1 or 2. Prints a table; exits with 1 if a count of
what must not happen is above 0. Another subject is one more function in `SUBJECTS`. `release` and `pull` talk to the
Hub of the tests; they and `build` work on the small project of the tests, unless another set is named.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from itertools import islice
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from bench.report import markdown

if TYPE_CHECKING:
    from tests.conftest import Tiny
    from tests.hub.running import Hub

Env = Mapping[str, str] | None

DEMUR = (sys.executable, "-m", "demur.cli")
ROOT = Path(__file__).resolve().parent.parent
TINY, _REPO = "tiny-eval", "lab/tiny-eval"
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
            *_names(out / "_work"),
            *_names(temporary),
        ]
        counts.leftovers += bool(left)
        counts.notes += [f"after try {number}: {' '.join(left)} stays"] if left else []
    return counts


def group(folder: Path, asked: argparse.Namespace, draw: random.Random) -> Counts:
    """Kill `demur group`, over twenty files, with one threshold after the other."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    words = [f"w{number}" for number in range(300)]
    (folder / "in").mkdir()
    for number in range(20):
        texts = [" ".join(draw.choices(words, k=draw.randint(1, 4))) for _ in range(100)]
        pq.write_table(pa.table({"text": texts}), folder / "in" / f"{number:02}.parquet")
    out = folder / "place" / "out"
    start = [*DEMUR, "group", str(folder / "in"), "--view", "token", "--out", str(out)]
    return kills("group", out, [[*start, "--threshold", each] for each in ("0.9", "0.5")], asked.tries, draw)


def build(folder: Path, asked: argparse.Namespace, draw: random.Random) -> Counts:
    """Kill `demur build` of a set whose sources are in the cache."""
    out = folder / "place" / asked.set
    command = [*DEMUR, "build", asked.set, "--offline", "--out", str(out)]
    if asked.set != TINY:
        return kills("build", out, [command], asked.tries, draw)
    tiny = _tiny(folder)
    temporary = folder / "tmp"
    temporary.mkdir()
    made = {**tiny.env(TMPDIR=str(temporary)), "PYTHONPATH": str(ROOT)}
    command += ["--project", str(tiny.root / "project")]
    return kills("build", out, [command], asked.tries, draw, lambda number: made, temporary)


def release(folder: Path, asked: argparse.Namespace, draw: random.Random) -> Counts:
    """Kill `demur release` to a Hub: no version is there, or a whole one; the next run makes it."""
    from tests.hub.running import Hub

    counts, tiny, temporary = Counts("release"), _tiny(folder), folder / "tmp"
    temporary.mkdir()
    command = [*DEMUR, "--project", str(tiny.root / "project"), "release", TINY, "--to", _REPO]
    command += ["--folder", str(tiny.out), "--yes"]
    begin, wanted, seconds, requests = monotonic(), {}, 0.0, 0
    for number in range(-1, asked.tries):
        hub = Hub(folder / "hub")
        env = {**tiny.env(TMPDIR=str(temporary)), **hub.env(folder / "home"), **hub.hurry()}
        env["PYTHONPATH"] += f":{ROOT}"
        try:
            if number < 0:
                counts.add(ended(command, env=env), [0], "without a kill")
                wanted, seconds, requests = _released(hub, folder), monotonic() - begin, len(hub.requests)
                continue
            counts.tried += 1
            most = draw.randint(1, requests)
            end = monotonic() + draw.uniform(0, 1.05 * seconds) if draw.random() < 0.4 else float("inf")
            counts.killed += killed(command, _asked(hub, most, end), env=env)
            if _released(hub, folder) not in ({}, wanted):
                counts.states_left += 1
                counts.notes.append(f"try {number}: neither no version nor a whole one")
            counts.add(ended(command, env=env), [0], f"after try {number}")
            if _released(hub, folder) != wanted:
                counts.states_left += 1
                counts.notes.append(f"after try {number}: another version than without a kill")
            left = _names(temporary)
            counts.leftovers += bool(left)
            counts.notes += [f"after try {number}: {' '.join(left)} stays"] if left else []
        finally:
            hub.close()
            for each in ("hub", "home", "seen"):
                shutil.rmtree(folder / each, ignore_errors=True)
    return counts


def pull(folder: Path, asked: argparse.Namespace, draw: random.Random) -> Counts:
    """Kill `demur pull` of one version after the other, each time into an empty cache."""
    from tests.conftest import comply_rows, make_jsonl
    from tests.hub.running import Hub

    tiny, temporary, hub = _tiny(folder), folder / "tmp", Hub(folder / "hub")
    temporary.mkdir()
    try:
        for number in range(2):
            if number:
                tiny.raw("comply/comply.jsonl").write_bytes(make_jsonl(comply_rows()[1:]))
                _made(tiny)
            here = {**hub.env(), "PYTHONPATH": str(ROOT)}
            done = tiny.run("release", TINY, "--to", _REPO, "--folder", str(tiny.out), "--yes", **here)
            assert done.returncode == 0, done.stderr

        def env(number: int) -> dict[str, str]:
            home = folder / "homes" / str(number)
            made = {**tiny.env(TMPDIR=str(temporary), DEMUR_CACHE=str(home / "demur")), **hub.env(home)}
            return {**made, "PYTHONPATH": f"{ROOT}:{hub.hurry()['PYTHONPATH']}"}

        out = folder / "place" / "out"
        commands = [[*DEMUR, "pull", f"{_REPO}@{each}", "--to", str(out)] for each in ("v1.0.0", "v1.1.0")]
        return kills("pull", out, commands, asked.tries, draw, env, temporary)
    finally:
        hub.close()


def _tiny(folder: Path) -> Tiny:
    """The project of the tests, pinned and built."""
    from tests import conftest

    conftest.PATIENCE = 10 * int(LIMIT)  # kills are slow on a busy machine
    tiny = conftest.write_tiny(folder / "tiny")
    _made(tiny)
    return tiny


def _made(tiny: Tiny) -> None:
    """Pin and build it."""
    here = {"DEMUR_MIRROR": str(tiny.root / "mirror"), "PYTHONPATH": str(ROOT)}
    for done in (tiny.run("pin", "--all", **here), tiny.build(**here)):
        assert done.returncode == 0, done.stderr


def _released(hub: Hub, folder: Path) -> dict[str, str]:
    """The sha256 of every file of the version on a Hub, proven by its manifest; nothing where there is none."""
    from demur.errors import HubError
    from demur.release.hub import Hub as Client
    from demur.release.proof import proof

    client = Client(_REPO, hub.api())
    try:
        commit = client.commit_of("v1.0.0")
    except HubError:
        return {}
    shutil.rmtree(folder / "seen", ignore_errors=True)
    found = client.download(commit, folder / "seen")
    return digests(found) if not proof(found)[1] else {"broken": ""}


def _asked(hub: Hub, most: int, end: float) -> Callable[[], bool]:
    """Whether a Hub was asked so often, or it is so late."""
    return lambda: monotonic() >= end or len(hub.requests) >= most


def _names(folder: Path | None) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder is not None and folder.is_dir() else []


def check(folder: Path, asked: argparse.Namespace, draw: random.Random) -> Counts:
    """`demur check` of mutated files of every format, some in each process, whose peak is that of the worst."""
    counts, inputs = Counts("check"), mutated(asked.tries, draw)
    while some := list(islice(inputs, _SOME)):
        paths = [folder / name for name, _ in some]
        for path, (_, data) in zip(paths, some, strict=True):
            path.write_bytes(data)
        done = ended([sys.executable, "-c", _CHECKS, *map(str, paths)], _SOME * LIMIT)
        counts.tried += len(paths)
        counts.add(done, [0], f"{paths[0].name} to {paths[-1].name}")
        for path in paths:
            path.unlink()
    return counts


_SOME = 20
_CHECKS = """
import sys
from click.testing import CliRunner
from demur.cli import main

wrong = 0
for path in sys.argv[1:]:
    done = CliRunner().invoke(main, ["check", path])
    fine = done.exit_code in (0, 1, 2) and (done.exception is None or isinstance(done.exception, SystemExit))
    if not fine or "should not" in done.output or not done.output.strip():
        print(path, "Traceback" if done.exception else "", done.exit_code, done.output[:2000])
        wrong = 1
sys.exit(wrong)
"""


def mutated(tries: int, draw: random.Random) -> Iterator[tuple[str, bytes]]:
    """So many broken files, with their names: the number of the try, and the format's ending."""
    from tests.checks.test_fuzz import FORMATS, MUTATIONS, ROWS

    good = {name: write(ROWS) for name, write in FORMATS.items()}
    for number in range(tries):
        name = draw.choice(sorted(good))
        data = good[name]
        for _ in range(draw.randint(1, 3)):
            data = draw.choice(MUTATIONS)(data, draw) or good[name]
        yield f"{number}.{name}", data


_CLIENT = {"NO_PROXY": "*", "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
SUBJECTS = {"group": group, "build": build, "release": release, "pull": pull, "check": check}


def table(found: Sequence[Counts]) -> str:
    """All counts as a table."""
    names = [each.name.replace("_", " ") for each in fields(Counts) if each.name != "notes"]
    return markdown(names, [[str(value) for value in astuple(each)[:-1]] for each in found])


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subject", choices=[*SUBJECTS], nargs="+")
    parser.add_argument("--tries", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", default=TINY, help="what `build` builds")
    asked = parser.parse_args(arguments)
    os.environ |= _CLIENT  # before it is imported
    found = []
    for subject in asked.subject:
        folder = Path(tempfile.mkdtemp(prefix="soak-"))
        try:
            draw = random.Random(f"{subject} {asked.seed}")  # noqa: S311 - repeatable, not secret
            found.append(SUBJECTS[subject](folder, asked, draw))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(table(found))
    for each in found:
        for note in each.notes:
            print(f"{each.subject}: {note}")
    return int(any(each.bad for each in found))


if __name__ == "__main__":
    sys.exit(main())

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
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from bench.kills import LIMIT, Counts, digests, ended, killed, kills, names, table

if TYPE_CHECKING:
    from tests.conftest import Tiny
    from tests.hub.running import Hub

DEMUR = (sys.executable, "-m", "demur.cli")
ROOT = Path(__file__).resolve().parent.parent
TINY, _REPO = "tiny-eval", "lab/tiny-eval"


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
            left = names(temporary)
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

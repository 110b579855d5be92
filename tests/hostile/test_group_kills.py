"""`demur group` killed at any moment leaves the old labels or the new ones, whole, and no folder that is wedged."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.conftest import files_of
from tests.groups.sharded.samples import marks, texts, write

ROWS = 2_000
PATIENCE = 120
CUT = ("--shard-rows", "250")  # several buckets, so that the last stage has several tasks

Bytes = dict[str, bytes]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty files, so twenty labels; what a first run and one with another threshold say of them."""
    root = tmp_path_factory.mktemp("given")
    write(root / "in", texts(ROWS), range(100, ROWS, 100))
    for name, how in (("old", ["0.8"]), ("new", ["0.5"]), ("cut", ["0.5", *CUT])):
        subprocess.run(command(root, root / name, *how), check=True, capture_output=True, timeout=PATIENCE)
    assert len(labels(root / "old")) == len(labels(root / "new")) == 20
    assert labels(root / "old") != labels(root / "new")
    return root


def command(given: Path, out: Path, threshold: str = "0.5", *more: str) -> list[str]:
    start = [sys.executable, "-m", "demur.cli", "group", str(given / "in"), "--out", str(out), "--json"]
    return [*start, "--threshold", threshold, *more]


def labels(out: Path) -> Bytes:
    """All files but those of the work folder."""
    return {name: data for name, data in files_of(out).items() if not name.startswith("_work/")}


def killed(command: list[str], when: Callable[[], bool]) -> bool:
    """SIGKILL as soon as the folder looks so; tells whether it came before the end."""

    def now() -> bool:
        try:
            return when()
        except FileNotFoundError:  # what it looked at went in between
            return False

    end = monotonic() + PATIENCE
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None and not now():
                assert monotonic() < end, "the command hangs"
                sleep(0.0005)  # the core is the command's
        finally:
            process.kill()
        return process.wait() < 0


class Changes:
    """Counts how often the entries of some folders were seen to change."""

    def __init__(self, *folders: Path) -> None:
        self.folders, self.seen = folders, 0
        self.last = self._now()

    def _now(self) -> list[tuple[str, int]]:
        found = []
        for folder in self.folders:
            try:
                found += [(path.name, path.stat().st_ino) for path in folder.iterdir() if path.name != "_work"]
            except OSError:  # gone in between
                found.append((folder.name, 0))
        return sorted(found)

    def after(self, most: int) -> Callable[[], bool]:
        def enough() -> bool:
            now = self._now()
            self.seen += now != self.last
            self.last = now
            return self.seen >= most

        return enough


@pytest.mark.parametrize("changes", [1, 2, 3, 5, 8, 12, 18, 23, 30])
def test_labels_are_the_old_ones_or_the_new_ones(given: Path, tmp_path: Path, changes: int) -> None:
    """Killed at so many changes of the output, and of what is written beside it."""
    out = tmp_path / "out"
    shutil.copytree(given / "old", out)
    seen = Changes(out, tmp_path, tmp_path / ".out.staging")
    was = killed(command(given, out), seen.after(changes))
    assert was or changes > 1, "nothing was seen to change"
    assert labels(out) in (labels(given / "old"), labels(given / "new"))
    subprocess.run(command(given, out), check=True, capture_output=True, timeout=PATIENCE)
    assert files_of(out) == labels(given / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_parts_of_an_older_run_go(given: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(given / "old", out)
    for number in range(3):
        (out / f"labels-{number:05}-of-00007.parquet.part").write_bytes(b"half")
    subprocess.run(command(given, out), check=True, capture_output=True, timeout=PATIENCE)
    assert files_of(out) == labels(given / "new")


def test_a_kill_while_the_work_folder_goes(given: Path, tmp_path: Path) -> None:
    """With some of its files gone, marks among those left: the next run does again what is undone, and ends well."""
    out, work = tmp_path / "out", tmp_path / "work"
    hit = False
    for _ in range(20):
        most = 0

        def going() -> bool:
            nonlocal most
            now = sum(1 for _ in work.glob("*/*"))
            most = max(most, now)
            return bool(labels(out)) and 0 < now < most if out.exists() else False

        shutil.rmtree(out, ignore_errors=True)
        hit = killed(command(given, out, "0.5", "--work", str(work)), going) and any(work.glob("*/*"))
        done = subprocess.run(
            command(given, out, "0.5", "--work", str(work)), capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr
        assert files_of(out) == labels(given / "new")
        assert not any(work.glob("*/*"))
        if hit:
            break
    assert hit, "no kill came in time"


SAVED = {
    "sample": ["slots"], "rank": ["levels"], "post": ["postings", "repeats"],
    "meet": ["pairs", "crowds", "wants", "copies"], "collect": ["sets"], "match": ["claims"],
    "link": ["members", "edges", "again"],
}  # fmt: skip


@pytest.mark.parametrize("stage", SAVED)
@pytest.mark.parametrize("how", ["gone", "half"])
def test_a_mark_without_its_result_is_undone_work(given: Path, tmp_path: Path, stage: str, how: str) -> None:
    """A run killed in a stage, and then all that one of its tasks saved lost, or cut as by a power loss."""
    out, work = tmp_path / "out", tmp_path / "work"
    options = (*CUT, "--work", str(work))
    assert killed(command(given, out, "0.5", *options), lambda: bool(marks(work, stage)))
    mark = next(work.rglob(f"{stage}-*.done"))
    for name in SAVED[stage]:
        saved = mark.with_name(f"{name}-{mark.stem.rpartition('-')[2]}")
        if how == "gone":
            saved.unlink()
        else:
            saved.write_bytes(saved.read_bytes()[: saved.stat().st_size // 2])
    left = sum(len(marks(work, each)) for each in SAVED)
    done = subprocess.run(command(given, out, "0.5", *options), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert files_of(out) == labels(given / "cut")
    assert json.loads(done.stdout)["resumed"] == left - 1

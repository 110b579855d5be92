"""`demur group` killed at any moment leaves the old labels or the new ones, whole, and no folder that is wedged."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import files_of
from tests.dying import PATIENCE, changes, killed
from tests.groups.sharded.samples import marks, texts, write

ROWS = 2_000
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


SWAP = r"/\.out\.|/labels-"  # a folder for new labels, the labels, the exchange, the lock
GOING = r"^os.remove \w+-\d+(\.done)?$"


@pytest.fixture(scope="module")
def swaps(given: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Changes of a run from the first that makes a folder for new labels to the last."""
    root = tmp_path_factory.mktemp("swaps")
    shutil.copytree(given / "old", root / "out")
    count = changes(command(given, root / "out"), root, SWAP)
    assert count > len(labels(given / "new"))
    return count


@pytest.mark.parametrize("part", range(10))
def test_labels_are_the_old_ones_or_the_new_ones(given: Path, swaps: int, tmp_path: Path, part: int) -> None:
    out = tmp_path / "out"
    shutil.copytree(given / "old", out)
    killed(command(given, out), tmp_path, SWAP, 1 + part * (swaps - 1) // 9)
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


@pytest.fixture(scope="module")
def goes(given: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Files of the work folder that a run removes when it ends."""
    root = tmp_path_factory.mktemp("goes")
    count = changes(command(given, root / "out", "0.5", "--work", str(root / "work")), root, GOING)
    assert count > 100
    return count


@pytest.mark.parametrize("part", range(1, 5))
def test_a_kill_while_the_work_folder_goes(given: Path, goes: int, tmp_path: Path, part: int) -> None:
    """With some of its files gone, marks among those left: the next run does again what is undone, and ends well."""
    out, work = tmp_path / "out", tmp_path / "work"
    again = command(given, out, "0.5", "--work", str(work))
    killed(again, tmp_path, GOING, part * goes // 5)
    assert labels(out) == labels(given / "new")
    assert 0 < sum(1 for _ in work.glob("*/*")) < goes
    subprocess.run(again, check=True, capture_output=True, timeout=PATIENCE)
    assert files_of(out) == labels(given / "new")
    assert not any(work.glob("*/*"))


SAVED = {
    "sample": ["slots"], "rank": ["levels"], "post": ["postings", "repeats"],
    "meet": ["pairs", "crowds", "wants", "copies"], "collect": ["sets"], "match": ["claims"],
    "link": ["members", "edges", "again"],
}  # fmt: skip


NEXT = dict(pairwise([*SAVED, "labels"]))


@pytest.mark.parametrize("stage", SAVED)
@pytest.mark.parametrize("how", ["gone", "half"])
def test_a_mark_without_its_result_is_undone_work(given: Path, tmp_path: Path, stage: str, how: str) -> None:
    """A run killed after a stage, and then all that one of its tasks saved lost, or cut as by a power loss."""
    out, work = tmp_path / "out", tmp_path / "work"
    options = (*CUT, "--work", str(work))
    killed(command(given, out, "0.5", *options), tmp_path, rf"/{NEXT[stage]}-\d+(\.done|-of-)")
    assert marks(work, stage)
    assert not marks(work, NEXT[stage])
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

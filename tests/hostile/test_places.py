"""Full disks, closed streams, folders that are gone, odd paths, and a Python without docstrings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from demur.progress import say, track
from tests.conftest import PATIENCE, Tiny, files_of
from tests.hostile.test_bounds import demur, row


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.jsonl").write_text(row(prompt="") + row(prompt="Name a lake"))
    return tmp_path / "data"


def shell(command: str, *args: str, where: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command of the shell, in which ``demur`` is this one."""
    whole = f'demur() {{ "{sys.executable}" -m demur.cli "$@"; }}; {command}'
    return subprocess.run(
        ["/bin/sh", "-c", whole, "sh", *args],
        env={**os.environ, "PYTHONPATH": _ROOT, "PYTHONUNBUFFERED": ""},  # streams as users have them
        cwd=where,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


_ROOT = str(Path(__file__).resolve().parents[2])


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_a_full_disk_behind_standard_output(data: Path, form: str) -> None:
    done = shell('demur check "$1" --license mit --format "$2" > /dev/full', str(data), form)
    assert done.returncode == 2
    assert "The output cannot be written" in done.stderr
    assert "should not" not in done.stderr


def test_a_full_disk_behind_the_messages(data: Path) -> None:
    assert shell('demur check "$1" 2> /dev/full', str(data / "nowhere")).returncode == 2
    found = shell('demur check "$1" 2> /dev/full', str(data))
    assert (found.returncode, "DMR006" in found.stdout) == (1, True)


def test_closed_streams(data: Path) -> None:
    done = shell('demur check "$1" --license mit --json 2>&-', str(data))
    assert done.returncode == 1
    assert json.loads(done.stdout)["total"]
    listed = shell("demur sources --json 2>&-")
    assert listed.returncode == 0
    assert json.loads(listed.stdout)
    assert shell('demur check "$1" --license mit >&-', str(data)).returncode == 1


def test_what_is_said_to_nobody_is_no_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    say("project: /tmp/lakes")
    assert [*track([1, 2], "fetch", 2)] == [1, 2]
    assert capsys.readouterr().out == ""


def test_a_folder_that_is_gone(data: Path, tmp_path: Path) -> None:
    done = shell('mkdir gone; cd gone; rmdir ../gone; demur check "$1"', str(data), where=tmp_path)
    assert done.returncode == 2
    assert "runs in is gone" in done.stderr
    assert "should not" not in done.stderr


@pytest.mark.parametrize("name", ["x[/y]", "odd[red]x", "a b", "-"])
def test_odd_paths(data: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir(parents=True)
    (data / "train.jsonl").rename(folder / "train.jsonl")
    done = demur("check", f"{tmp_path}/data/../{name}", "--license", "mit", "--output", str(folder / "report.txt"))
    assert done.returncode == 1
    assert f"{name}/train.jsonl:1: error DMR006" in (folder / "report.txt").read_text()


def test_a_report_into_a_folder(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data)
    done = demur("check", ".", "--output", ".")
    assert done.returncode == 2
    assert "is a directory" in done.stderr


def test_schemas_have_the_same_bytes_without_docstrings(tmp_path: Path) -> None:
    for level in ("0", "2"):
        done = demur("schema", "export", str(tmp_path / level), PYTHONOPTIMIZE=level, PYTHONDONTWRITEBYTECODE="1")
        assert done.returncode == 0, done.stderr
    written = {path.name: path.read_bytes() for path in (tmp_path / "0").iterdir()}
    assert written
    assert written == {path.name: path.read_bytes() for path in (tmp_path / "2").iterdir()}


@pytest.fixture
def tiny(tiny_project: Callable[[Path], Tiny], tmp_path: Path) -> Tiny:
    return tiny_project(tmp_path)


def on(tiny: Tiny, *args: str, where: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """The command on the small project, in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "demur.cli", "--project", str(tiny.root / "project"), *args],
        cwd=where,
        env=tiny.env(PYTHONPATH=_ROOT, **env),
        capture_output=True,
        text=True,
        check=False,
        timeout=5 * PATIENCE,
    )
    assert "Traceback" not in done.stderr
    assert "should not" not in done.stderr, done.stderr
    return done


def test_a_build_beside_a_folder_that_is_not_there_and_one_with_markup_in_its_name(tiny: Tiny) -> None:
    where = tiny.root / "work"
    where.mkdir()
    for out, place in (("gone/../b", "b"), ("x[/y]", "x[/y]")):
        done = on(tiny, "build", "tiny-eval", "--out", out, where=where)
        assert done.returncode == 0, done.stderr
        assert files_of(where / place) == tiny.snapshot()
    assert "x[/y]" in done.stdout
    assert sorted(path.name for path in where.iterdir()) == ["b", "x["]


@pytest.mark.parametrize("out", [".", "", "/", "..", "loop", "loop/x", "around", "file", "file/x"])
def test_a_folder_that_cannot_be_an_output(tiny: Tiny, out: str) -> None:
    where = tiny.root / "work" / "empty"
    where.mkdir(parents=True)
    parent = files_of(tiny.root / "work")
    for name, to in (("loop", "loop"), ("around", "about"), ("about", "around")):
        (where / name).symlink_to(to)
    (where / "file").write_text("x")
    for args in (("build", "tiny-eval", "--out"), ("hydrate", str(tiny.out), "--to"), ("schema", "export")):
        if args[0] == "schema" and out in (".", "", "/", ".."):
            continue  # it writes files beside what is there
        done = on(tiny, *args, out, where=where)
        assert done.returncode == 2, done.stdout
        assert (where / "file").read_text() == "x"
    assert files_of(tiny.root / "work") == {**parent, "empty/file": b"x"}


@pytest.mark.parametrize("streams", ["2>&-", ">&-", ">&- 2>&-", "2>/dev/full", "<&- >&- 2>&-"])
def test_a_build_that_nobody_reads_is_the_same(tiny: Tiny, streams: str) -> None:
    where = tiny.root / "work"
    where.mkdir()
    command = f'"{sys.executable}" -m demur.cli --project "$1" build tiny-eval --out out {streams}'
    done = subprocess.run(
        ["/bin/sh", "-c", command, "sh", str(tiny.root / "project")],
        cwd=where,
        env=tiny.env(PYTHONPATH=_ROOT, PYTHONUNBUFFERED=""),
        check=False,
        timeout=5 * PATIENCE,
    )
    assert done.returncode == 0
    assert files_of(where / "out") == tiny.snapshot()


def test_a_build_has_the_same_bytes_without_docstrings(tiny: Tiny) -> None:
    done = on(tiny, "build", "tiny-eval", "--out", str(tiny.root / "again"), where=tiny.root, PYTHONOPTIMIZE="2")
    assert done.returncode == 0, done.stderr
    assert files_of(tiny.root / "again") == tiny.snapshot()

"""A disk that is full, wherever a command writes: a message that says so, no traceback, and the last output stays."""

from __future__ import annotations

import json
import os
import posixpath
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import PATIENCE, ROOT, Tiny, files_of
from tests.hub.running import Hub
from tests.release.conftest import REPO

FULL = 3000  # bytes that a file may have: what is larger meets a full disk, as the system tells it
SAID = ("No space left on device", "File too large")


def run(args: list[str], env: dict[str, str], most: int | None) -> subprocess.CompletedProcess[str]:
    """The command, in which no file grows beyond so many bytes."""
    before = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))) if most else None
    done = subprocess.run(
        [sys.executable, "-m", "demur.cli", *args],
        env={**env, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=5 * PATIENCE,
        preexec_fn=before,
    )
    assert "Traceback" not in done.stderr
    assert "should not" not in done.stderr, done.stderr
    return done


@pytest.fixture
def tiny(tiny_project: Callable[[Path], Tiny], tmp_path: Path) -> Tiny:
    return tiny_project(tmp_path)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("NO_PROXY", "*")
    hub = Hub(tmp_path / "hub")
    yield hub
    hub.close()


def commands(tiny: Tiny, out: Path) -> dict[str, list[str]]:
    """Commands that write, each with all it needs."""
    project, store = ["--project", str(tiny.root / "project")], f"folder:{tiny.root}/sets"
    pq.write_table(pa.table({"text": [f"Name lake {n} of the north {n * n}" for n in range(300)]}), out / "in.parquet")
    (out / "bad.jsonl").write_text("".join('{"prompt": ""}\n' for _ in range(200)))
    version = f"{store}/tiny-eval@v1.0.0"
    return {
        "build": [*project, "build", "tiny-eval", "--out", str(out / "built")],
        "release": [*project, "release", "tiny-eval", "--to", store, "--folder", str(tiny.out), "--yes"],
        "pull": ["pull", version, "--to", str(out / "pulled")],
        "verify": [*project, "verify", version],
        "hydrate": [*project, "hydrate", str(tiny.out), "--to", str(out / "hydrated")],
        "group": ["group", str(out / "in.parquet"), "--out", str(out / "groups")],
        "check --output": ["check", str(out / "bad.jsonl"), "--format", "json", "--output", str(out / "report.json")],
        "check --write-baseline": ["check", str(out / "bad.jsonl"), "--write-baseline", str(out / "baseline.json")],
        "schema export": [*project, "schema", "export", str(out / "schemas")],
        "fetch --to": [*project, "fetch", "--all", "--to", str(out / "mirror")],
        "diff --rows": ["diff", str(tiny.out), str(tiny.out), "--rows", str(out / "rows.parquet")],
    }


NAMES = (
    "build", "release", "pull", "verify", "group", "check --output", "check --write-baseline", "schema export",
    "fetch --to", "diff --rows",
)  # fmt: skip


def whole(files: dict[str, bytes]) -> set[str]:
    """Names of files without those that the next run goes on from: results of tasks, with the marks that name them."""
    work = {name for name in files if "/_work/" in name}
    marks = {name for name in work if name.endswith(".done")}
    kept = {f"{posixpath.dirname(mark)}/{name}" for mark in marks for name in json.loads(files[mark])}
    return set(files) - marks - (kept & work)


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_is_told_and_what_was_there_stays(tiny: Tiny, tmp_path: Path, name: str) -> None:
    out, env = tmp_path / "place", tiny.env(TMPDIR=str(tmp_path / "tmp"), PYTHONPATH=str(ROOT))
    for folder in (out, tmp_path / "tmp"):
        folder.mkdir()
    asked = commands(tiny, out)
    if name in ("pull", "verify"):
        assert run(asked["release"], env, None).returncode == 0
    before, inputs = files_of(tiny.root / "sets") if (tiny.root / "sets").exists() else {}, set(files_of(out))
    most = 100 if name in ("fetch --to", "check --output", "check --write-baseline", "diff --rows") else FULL
    done = run(asked[name], env, most)
    assert done.returncode == 2, done.stdout
    assert any(said in done.stderr for said in SAID), done.stderr
    assert whole(files_of(out)) == inputs, "a part of an output stays"
    assert files_of(tmp_path / "tmp") == {}
    if name != "release":
        assert (files_of(tiny.root / "sets") if (tiny.root / "sets").exists() else {}) == before
    assert run(asked[name], env, None).returncode in (0, 1), "with room it does not go on"
    assert not any("/_work/" in each for each in files_of(out)), "what a run goes on from stays after its end"


@pytest.mark.parametrize("name", ["release", "pull", "verify"])
def test_a_full_disk_while_the_hub_is_asked(tiny: Tiny, served: Hub, tmp_path: Path, name: str) -> None:
    env = {**tiny.env(TMPDIR=str(tmp_path / "tmp")), **served.env(tmp_path / "home"), **served.hurry()}
    (tmp_path / "tmp").mkdir()
    project = ["--project", str(tiny.root / "project")]
    asked = {
        "release": [*project, "release", "tiny-eval", "--to", REPO, "--folder", str(tiny.out), "--yes"],
        "pull": ["pull", f"{REPO}@v1.0.0", "--to", str(tmp_path / "pulled")],
        "verify": [*project, "verify", f"{REPO}@v1.0.0"],
    }
    if name != "release":
        assert run(asked["release"], env, None).returncode == 0
    done = run(asked[name], env, FULL)
    assert done.returncode == 2, done.stdout
    assert any(said in done.stderr for said in SAID), done.stderr
    assert not (tmp_path / "pulled").exists()
    assert files_of(tmp_path / "tmp") == {}
    assert served.store.refs(REPO, "tags").keys() == ({"v1.0.0"} if name != "release" else set())
    assert run(asked[name], env, None).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="only root mounts a small disk")
@pytest.mark.parametrize("name", ["build", "group", "schema export", "pull"])
def test_a_small_disk(tiny: Tiny, tmp_path: Path, name: str) -> None:
    out, env = tmp_path / "place", tiny.env()
    out.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20k", "tmpfs", out], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        (tmp_path / "in").mkdir()
        asked = {key: [each.replace(str(tmp_path / "in"), str(out)) for each in args]
                 for key, args in commands(tiny, tmp_path / "in").items()}  # fmt: skip
        asked["group"][1] = str(tmp_path / "in" / "in.parquet")
        if name == "pull":
            assert run(asked["release"], env, None).returncode == 0
        done = run(asked[name], env, None)
        assert done.returncode == 2
        assert "No space left on device" in done.stderr
        assert whole(files_of(out)) == set()
    finally:
        subprocess.run(["umount", out], check=True)


def test_two_fetches_into_one_folder(built: Tiny, tmp_path: Path) -> None:
    """The files are whole at every moment, and nothing else stays beside them."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom demur.files.whole import write_whole\n"
        "path = Path(sys.argv[1]) / 'a' / 'b' / 'c.csv'\n"
        "for _ in range(200):\n    write_whole(path, sys.argv[2] * 50_000, folders=True)\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), sign]) for sign in "abc"]
    path, seen = tmp_path / "a" / "b" / "c.csv", set()
    while any(each.poll() is None for each in runs):
        if path.exists():
            seen.add(path.read_text())
    assert [each.returncode for each in runs] == [0, 0, 0]
    assert {len(each) for each in seen} <= {50_000}
    assert all(len({*each}) == 1 for each in seen)
    assert [each.name for each in path.parent.iterdir()] == ["c.csv"]

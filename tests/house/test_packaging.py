"""The wheel: one top-level module, and a command that works in an empty folder. Needs PyPI: DEMUR_NETWORK=1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(os.environ.get("DEMUR_NETWORK") != "1", reason="DEMUR_NETWORK is not 1"),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(ROOT)], check=True, capture_output=True
    )
    return next(out.glob("*.whl"))


def test_the_wheel_and_the_sdist_are_what_an_index_takes(wheel: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--sdist", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    files = [str(wheel), *map(str, tmp_path.glob("*.tar.gz"))]
    assert len(files) == 2
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2


def test_the_wheel_holds_one_top_level_module_and_the_project(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"demur"}
    for name in (
        "builders/refusal_eval.py",
        "builders/sources/pins.json",
        "builders/sources/xstest.toml",
        "schemas/prompt.py",
        "cards/dataset.md.jinja",
        "docs/guideline.md",
    ):
        assert f"demur/_project/{name}" in names
    for name in ("review.html.jinja", "static/htmx.min.js", "static/htmx.txt", "static/keys.js", "static/review.css"):
        assert f"demur/review/{name}" in names


def test_the_linter_needs_little_and_says_what_else_is_missing(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own: no numba, no datasets; a leak of 143 rows is found, a build names its extra."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    bin = tmp_path / "venv" / "bin"
    install = [str(bin / "pip"), "install", "--quiet", "--constraint", str(ROOT / "constraints.txt"), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    asked = (
        "import importlib.util as u; print(*(n for n in ('numba', 'datasets', 'scipy', 'pandas') if u.find_spec(n)))"
    )
    there = subprocess.run([bin / "python", "-c", asked], capture_output=True, text=True, check=True)
    assert there.stdout.split() == []
    rows = [
        {
            "prompt": f"Name the {number}th lamp of the harbour",
            "response": f"Lamp {number} stands left of the old gate, and is lit at night.",
        }
        for number in range(143)
    ]
    for split, some in (("train", rows), ("test", rows[:1])):
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
    check = [str(bin / "demur"), "check", "train.jsonl", "test.jsonl", "--license", "mit"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.count("train.jsonl:1: error DMR101") == 1, done.stdout + done.stderr
    build = [str(bin / "demur"), "build", "refusal-eval", "--out", str(tmp_path / "out")]
    failed = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert failed.returncode == 2
    assert "pip install 'demur[build]'" in failed.stderr


def test_an_installed_demur_builds_refusal_eval_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    assert sorted(path.name for path in site.iterdir() if path.is_dir() and not path.name.endswith(".dist-info")) == [
        "bin",
        "demur",
    ]
    environment = {**os.environ, "PYTHONPATH": str(site), "DEMUR_CACHE": str(tmp_path / "cache")}
    environment.pop("DEMUR_MIRROR", None)
    done = subprocess.run(
        [sys.executable, "-m", "demur.cli", "build", "refusal-eval"],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    where = subprocess.run(
        [sys.executable, "-c", "import demur; print(demur.__file__)"],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(site)
    assert (empty / "build" / "refusal-eval" / "manifest.json").is_file()
    card = (empty / "build" / "refusal-eval" / "README.md").read_text(encoding="utf-8")
    counts = [line for line in card.splitlines() if line.startswith("| `default` | ") and "%" not in line]
    counts = [line for line in counts if line.split(" | ")[1].startswith("cc-by") or "not-sampled" in line]
    assert len(counts) == 2
    for line in counts:
        assert line in (ROOT / "README.md").read_text(encoding="utf-8"), "put the card's counts into the README"
    again = subprocess.run(
        [sys.executable, "-m", "demur.cli", "check", "build/refusal-eval"],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, again.stdout

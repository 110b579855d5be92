"""Frameworks in environments of their own, beside what is installed here: they ask for other versions of the rest.

They are made in the folder that DEMUR_FRAMEWORKS names, once, and kept; `make frameworks` does so.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.conftest import ROOT

PINS = {
    "garak": ("garak==0.17.1",),
    "pyrit": ("pyrit==1.1.0",),
    # What an eval imports, of the hundred packages that it asks for.
    "evals": ("evals==3.0.1.post1", "backoff", "blobfile", "lz4", "mock", "openai", "tiktoken", "zstandard"),
    "promptfoo": ("promptfoo@0.121.20",),
}
asked = pytest.mark.skipif("DEMUR_FRAMEWORKS" not in os.environ, reason="DEMUR_FRAMEWORKS is not set: make frameworks")


def framework(name: str) -> Path:
    """The folder of programs of a framework, installed by whoever asks first."""
    root = Path(os.environ["DEMUR_FRAMEWORKS"]).resolve()
    root.mkdir(parents=True, exist_ok=True)
    folder, done = root / name, root / f"{name}.done"
    with FileLock(root / f"{name}.lock"):
        if not done.exists() or done.read_text() != str(PINS[name]):
            _npm(folder, PINS[name]) if name == "promptfoo" else _pip(folder, PINS[name], alone=name == "evals")
            done.write_text(str(PINS[name]))
    return folder / "node_modules" / ".bin" if name == "promptfoo" else folder / "bin"


def _pip(folder: Path, packages: tuple[str, ...], *, alone: bool) -> None:
    """An environment that sees this one's packages, after its own."""
    venv.create(folder, with_pip=True, clear=True)
    site = next(folder.glob("lib/python*/site-packages"))
    seen = [str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))]
    (site / "zz_outer.pth").write_text("\n".join(seen) + "\n")
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    if alone:
        _run(*pip, "--no-deps", packages[0])
        packages = packages[1:]
    _run(*pip, *packages)


def _npm(folder: Path, packages: tuple[str, ...]) -> None:
    folder.mkdir(exist_ok=True)
    _run("npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--loglevel", "error", *packages)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def run(*command: object, cwd: Path, **env: object) -> subprocess.CompletedProcess[str]:
    """Run a program of a framework to its end, in a home of its own and without the Hub."""
    kept = {each: os.environ[each] for each in ("PATH", "LANG") if each in os.environ}
    home = {each: str(cwd) for each in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**kept, **home, "HF_HUB_OFFLINE": "1", "NO_COLOR": "1", **{name: str(each) for name, each in env.items()}},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]}: {done.stderr[-3000:]}{done.stdout[-3000:]}"
    return done


def export_to(built: Any, export: Any, out: Path, **how: Any) -> Path:
    """An export of the test split alone."""
    export.run(built, out, splits=["test"], **how)
    return out

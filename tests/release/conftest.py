"""A release's files, made once by the real command, and the Hub of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Tiny
from tests.hub.conftest import hub, pytest_itemcollected, waits
from tests.hub.running import Hub

REPO = "lab/tiny-eval"

__all__ = ["hub", "pytest_itemcollected", "waits"]


@pytest.fixture(scope="session")
def dressed(built: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of tiny-eval v1.0.0, as `demur release` sent them and `demur pull` gives them."""
    folder = tmp_path_factory.mktemp("dressed")
    served = Hub(folder / "hub")
    try:
        env = {**served.env(), "DEMUR_CACHE": str(folder / "cache")}
        for args in (
            ("release", "tiny-eval", "--to", REPO, "--folder", str(built.out), "--yes"),
            ("pull", f"{REPO}@v1.0.0", "--to", str(folder / "set")),
        ):
            done = built.run(*args, **env)
            assert done.returncode == 0, done.stderr
    finally:
        served.close()
    assert not served.unknown
    return folder / "set"


@pytest.fixture(scope="session")
def stored(built: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiny-eval v1.0.0, as `demur release --to folder:` wrote it."""
    folder = tmp_path_factory.mktemp("stored")
    args = ("release", "tiny-eval", "--to", f"folder:{folder}", "--folder", str(built.out), "--yes")
    done = built.run(*args, DEMUR_CACHE=str(folder / "cache"))
    assert done.returncode == 0, done.stderr
    return folder

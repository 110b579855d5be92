"""Query sets, attacks and responses to compare, released on the tests' Hub and loaded; responses are built again.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from demur.sets.manifest_file import read_manifest
from tests.hub.running import Hub
from tests.real import real
from tests.release.test_real_sets import LOAD, released

pytestmark = pytest.mark.network
MIRROR = os.environ.get("DEMUR_MIRROR")


@pytest.mark.parametrize("name", ["jailbreak-eval", "safety-queries", "safety-responses"])
def test_a_release_loads_as_its_manifest_says(
    name: str, hub: Hub, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if name != "safety-responses" and not MIRROR:
        pytest.skip("DEMUR_MIRROR names no mirror folder")
    ref = f"lab/{name}@v1.0.0"
    released(hub, name, "--to", f"lab/{name}", "--folder", str(real(name, tmp_path_factory).out))
    done = hub.run("pull", ref, "--to", str(tmp_path / "set"))
    assert done.returncode == 0, done.stderr
    manifest = read_manifest(tmp_path / "set")
    configs = [manifest.configs[0], manifest.configs[-1]]
    asked = [(f"lab/{name}", config.name, "v1.0.0") for config in configs]
    loaded = hub.python(LOAD, json.dumps(asked), home=tmp_path / "user")
    assert loaded.returncode == 0, loaded.stderr
    said = json.loads(loaded.stdout)
    for config in configs:
        for way in ("tag", "branch", "stream"):
            counts = {split: rows for split, (rows, _) in said[f"lab/{name} {config.name} v1.0.0 {way}"].items()}
            assert counts == config.rows
    repo = hub.store.repo(f"lab/{name}")
    assert repo is not None
    assert repo.gated == (None if name == "safety-queries" else "manual")
    verified = hub.run("verify", ref, *(["--rebuild"] if name == "safety-responses" else []))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "all invariants hold" in verified.stdout

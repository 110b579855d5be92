from __future__ import annotations

from pathlib import Path

import pytest

from demur.errors import ManifestError
from demur.release.opening import load
from demur.sets.folder import BuiltSet
from tests.conftest import Tiny
from tests.hub.running import Hub
from tests.release.conftest import REPO

LOAD = """
import demur
built = demur.load("lab/tiny-eval@v1.0.0")
print(built.manifest.release.version, built.rows().num_rows)
"""


def test_a_folder_is_opened(dressed: Path) -> None:
    built = load(dressed)
    assert isinstance(built, BuiltSet)
    assert built.manifest.release is not None
    assert load(str(dressed)).manifest == built.manifest
    with pytest.raises(ManifestError, match="There is no manifest"):
        load(dressed / "default")


def test_a_version_is_opened_from_the_hub_and_no_other(hub: Hub, built: Tiny, tmp_path: Path) -> None:
    env = {**hub.env(), "DEMUR_CACHE": str(tmp_path / "cache")}
    done = built.run("release", "tiny-eval", "--to", REPO, "--folder", str(built.out), "--yes", **env)
    assert done.returncode == 0, done.stderr
    found = hub.python(LOAD, home=tmp_path / "user")
    assert found.stdout.split() == ["v1.0.0", str(load(built.out).rows().num_rows)], found.stderr
    missing = hub.python(LOAD.replace("v1.0.0", "v9.0.0"), home=tmp_path / "user")
    assert "HubError" in missing.stderr

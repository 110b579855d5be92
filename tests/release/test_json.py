"""``--json`` of the commands about releases: one JSON value, whatever else is told stands on standard error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import PAIRS, Tiny
from tests.hub.access import WRITER
from tests.hub.running import Hub
from tests.release.conftest import REPO
from tests.release.test_commands import closed  # noqa: F401 - a fixture

Said = Callable[..., Any]


@pytest.fixture
def said(tiny: Tiny, hub: Hub) -> Said:
    def run(*args: str, code: int = 0) -> Any:
        done = tiny.run(*args, "--json", **{**hub.env(tiny.root / "home", WRITER), **hub.hurry()})
        assert done.returncode == code, done.stdout + done.stderr
        value = json.loads(done.stdout)
        assert isinstance(value, dict | list)
        return value

    return run


def test_a_release_from_the_plan_to_its_log(said: Said, tiny: Tiny) -> None:
    out, version = str(tiny.out), f"{REPO}@v1.0.0"
    release = ("release", "tiny-eval", "--to", REPO, "--folder", out)
    assert said(*release)["version"] == said(*release, "--yes")["version"] == "v1.0.0"
    assert said(*release, "--yes") == {"version": None}
    assert [each["version"] for each in said("log", REPO)] == ["v1.0.0"]
    pulled = said("pull", version, "--to", str(tiny.root / "pulled"))
    assert (pulled["version"], pulled["folder"]) == (version, str(tiny.root / "pulled"))
    assert said("diff", version, pulled["folder"])["bump"] is None
    assert said("verify", version) == {"version": version, "rebuilt": False, "failed": []}


@pytest.mark.usefixtures("closed")
def test_hydrated_references(said: Said, tiny: Tiny) -> None:
    done = tiny.build()
    assert done.returncode == 0, done.stderr
    found = said("hydrate", str(tiny.out), "--to", str(tiny.root / "whole"))
    assert found["folder"] == str(tiny.root / "whole")
    assert found["rows"] == {"closed": len(PAIRS)}

"""The Hub for the tests of this folder; another folder imports these names into its conftest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi, constants, file_download
from huggingface_hub.utils import _http

from tests.hub.running import Hub
from tests.hub.samples import REPO, release, tag


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub without repositories; the test fails if a client calls what it does not know."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # for `Hub.api`; processes have it from `Hub.env`
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    _http.close_session()  # its proxies were read from the environment of an earlier test
    hub = Hub(tmp_path / "hub")
    yield hub
    _http.close_session()
    hub.close()
    assert not hub.unknown
    assert not hub.errors


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that `Hub.api` would have waited between its attempts; it does not wait."""
    waited: list[float] = []
    for module in (_http, file_download):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=waited.append, time=time.time))
    return waited


@pytest.fixture
def api(hub: Hub) -> HfApi:
    """The writer, with an empty private repository."""
    made = hub.api()
    made.create_repo(REPO, repo_type="dataset", private=True)
    return made


@pytest.fixture
def released(hub: Hub, api: HfApi) -> HfApi:
    """The same with three files and the tag v1."""
    tag(api, "v1", release(api, 3).oid)
    return api


def pytest_itemcollected(item: pytest.Item) -> None:
    """The client uploads in a way that its own HTTP library deprecates; here, warnings are errors."""
    if "hub" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"))

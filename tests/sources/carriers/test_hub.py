"""The Hub: files of a commit, through the real client."""

from __future__ import annotations

import hashlib
import json

import pytest
from huggingface_hub import HfApi

from demur.sources.carriers import carrier_of
from demur.sources.carriers import hub as carrier
from tests.hub.running import Hub
from tests.hub.samples import REPO, files, head

CODE = """
import hashlib, json, sys
from pathlib import Path
from demur.errors import FetchError
from demur.files.kept import Cache
from demur.sources.carriers import carrier_of
from demur.sources.carriers.carrier import Exact
address, *names = sys.argv[1:]
carrier, cache = carrier_of("hub"), Cache(Path("cache"))
try:
    exact = carrier.head(address, cache)
    got = carrier.fetch(address, exact, dict.fromkeys(names), cache)
    print(json.dumps([exact.revision, {name: hashlib.sha256(data).hexdigest() for name, data in got.items()}]))
except FetchError as error:
    print(json.dumps([error.what, error.where]))
"""


def said(hub: Hub, *args: str) -> list[object]:
    done = hub.python(CODE, *args)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, list)
    return found


def test_files_of_the_newest_commit(hub: Hub, released: HfApi) -> None:
    sha256 = {path: hashlib.sha256(data).hexdigest() for path, data in files(3).items()}
    assert said(hub, REPO, *sha256) == [head(hub), sha256]


@pytest.mark.usefixtures("released")
def test_what_is_not_there(hub: Hub) -> None:
    assert said(hub, "lab/other") == ["the Hub could not be reached", "hub:lab/other"]
    assert said(hub, REPO, "nothing.csv") == ["The Hub did not give the file", f"hub:{REPO}"]


def test_the_page_is_the_one_of_the_data_set() -> None:
    assert isinstance(carrier_of("hub"), carrier.Hub)
    assert carrier_of("hub").page(REPO) == f"https://huggingface.co/datasets/{REPO}"

"""The Hub of the tests for the carrier that reads from it, and stores that are gone after a test."""

from collections.abc import Iterator

import fsspec
import pytest

from tests.hub.conftest import api as api
from tests.hub.conftest import hub as hub
from tests.hub.conftest import pytest_itemcollected as pytest_itemcollected
from tests.hub.conftest import released as released


@pytest.fixture
def memory() -> Iterator[None]:
    """The store in memory, empty before and after."""
    store = fsspec.filesystem("memory")
    yield
    for name in store.ls("/", detail=False):
        store.rm(name, recursive=True)

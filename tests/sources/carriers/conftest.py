"""The Hub of the tests, for the carrier that reads from it."""

from tests.hub.conftest import api as api
from tests.hub.conftest import hub as hub
from tests.hub.conftest import pytest_itemcollected as pytest_itemcollected
from tests.hub.conftest import released as released

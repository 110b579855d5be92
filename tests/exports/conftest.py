"""Two small sets to export: training rows, and queries, which carry a canary."""

from __future__ import annotations

import pytest

from demur.sets.folder import BuiltSet
from demur.sets.pipeline import Build
from tests.builders.test_refusal_training import sketch, small  # noqa: F401 - fixtures
from tests.kinds.queries.conftest import drawn, queries_project  # noqa: F401 - fixtures
from tests.small import Small


@pytest.fixture(scope="module")
def training(small: tuple[Small, Build]) -> BuiltSet:  # noqa: F811
    return BuiltSet.open(small[1].out)


@pytest.fixture(scope="module")
def queries(drawn: Build) -> BuiltSet:  # noqa: F811
    return BuiltSet.open(drawn.out)

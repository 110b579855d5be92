"""Fetching that is watched: what is said of it, and that it is the fetching that nobody watches."""

from __future__ import annotations

import re

import pytest

from demur.files.kept import Cache
from demur.progress import QUIET, VERBOSE, loudness
from demur.project import Project
from demur.sources import declared
from demur.sources.fetch import Places, fetch
from demur.sources.source import Source
from demur.sources.watched import announced, size_of, watched
from tests.conftest import Tiny


@pytest.fixture
def sources(built: Tiny) -> list[Source]:
    return list(declared.sources(Project(built.root / "project")).values())


@pytest.fixture
def places(built: Tiny) -> Places:
    return Places(Cache(built.cache), (), offline=True)


def test_bytes_are_those_that_the_pins_announce(
    sources: list[Source], places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    found = list(watched(sources, places))
    assert [each.rows for each in found] == [fetch(each, places).rows for each in sources]
    assert sum(map(size_of, found)) == announced(sources) > 0
    assert capsys.readouterr().err == f"sources fetched: 3/3, {announced(sources):,} bytes\n"


def test_the_verbose_hear_of_every_place_and_the_quiet_of_none(
    sources: list[Source], places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    with loudness(VERBOSE):
        list(watched(sources, places))
    *lines, _ = capsys.readouterr().err.splitlines()
    for line, source in zip(lines, sources, strict=True):
        assert re.fullmatch(rf"{source.name}: \d+ bytes of \S+ from cache, after \d+\.\d s", line), line
    with loudness(QUIET):
        list(watched(sources, places))
    assert capsys.readouterr().err == ""


def test_a_source_without_a_pin_announces_nothing(sources: list[Source]) -> None:
    bare = [each.model_copy(update={"pin": None}) for each in sources]
    assert announced(bare) == announced([]) == 0

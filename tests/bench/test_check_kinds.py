"""The files of `bench.check_kinds`: every row is read, and shows what it is there for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.check_kinds import FORMS, INSIDE, write
from demur.checks.engine import check

ROWS = 40
CODES = {
    "an e-mail address": "DMR020",
    "a phone number": "DMR020",
    "a slot": "DMR015",
    "a mark of a template": "DMR307",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write(tmp_path_factory.mktemp("kinds"), ROWS)


@pytest.mark.parametrize("name", [*INSIDE, *FORMS])
def test_every_row_is_read(files: dict[str, Path], name: str) -> None:
    report = check(files[name], license="mit")
    assert report.rows == ROWS
    assert not report.counts.keys() - {"DMR020", "DMR015", "DMR307", "DMR018"}
    if name in CODES:
        assert report.counts[CODES[name]]
    if name in ("plain", *FORMS):
        assert report.total == 0


def test_the_same_bytes_twice(files: dict[str, Path], tmp_path: Path) -> None:
    again = write(tmp_path, ROWS)
    assert {name: path.read_bytes() for name, path in again.items()} == {
        name: path.read_bytes() for name, path in files.items()
    }

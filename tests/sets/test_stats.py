"""Counts by a further taxonomy: every row is in a category, or told as unmapped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from demur.records.taxonomies import Category, Taxonomy
from demur.sets.folder import BuiltSet
from demur.sets.show import stats_tables
from demur.sets.stats import by_taxonomy, stats
from tests.conftest import Tiny

GARDEN = Taxonomy(
    "garden",
    "Our garden",
    Path("garden.tsv"),
    ("beds",),
    {
        "fire": Category("fire", "Fire", (("vcr", "exactMatch"),)),
        "lies": Category("lies", "Lies", (("dfm", "narrowMatch"), ("mis", "narrowMatch"))),
        "weeds": Category("weeds", "Weeds", (("ncr", "broadMatch"),)),
    },
)
ROWS: list[dict[str, Any]] = [
    {"hazards": ["vcr", "dfm"], "split": "test", "source": "mild", "categories": ["weeds"]},
    {"hazards": ["vcr"], "split": "train", "source": "beds", "categories": ["weeds"]},
    {"hazards": ["ncr", "prv"], "split": "test", "source": "mild", "categories": []},
    {"hazards": [], "split": "train", "source": "mild", "categories": []},
    {"hazards": ["mis", "dfm"], "split": "train", "source": "mild", "categories": []},
]


@pytest.fixture
def counted() -> dict[str, Any]:
    return by_taxonomy(pa.Table.from_pylist(ROWS), GARDEN)


def test_a_row_counts_once_in_each_of_its_categories(counted: dict[str, Any]) -> None:
    assert counted["rows"] == {"fire": {"test": 1}, "lies": {"test": 1, "train": 1}, "weeds": {"train": 1}}
    assert counted["names"] == {"fire": "Fire", "lies": "Lies", "weeds": "Weeds"}


def test_rows_of_no_category_are_told_with_their_hazards(counted: dict[str, Any]) -> None:
    assert counted["unmapped"] == 2
    assert counted["unmapped_by"] == {"ncr": {"test": 1}, "none": {"train": 1}, "prv": {"test": 1}}


def test_rows_without_categories_of_their_own_are_told_by_hazards() -> None:
    table = pa.Table.from_pylist([{"hazards": ["vcr"], "split": "test", "source": "beds"}])
    assert by_taxonomy(table, GARDEN)["rows"] == {"fire": {"test": 1}}


def test_every_row_of_a_set_is_in_a_category_or_unmapped(built: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    folder = BuiltSet.open(built.out)
    plain, found = stats(folder), stats(folder, GARDEN)
    assert {name: {k: v for k, v in each.items() if k != "taxonomy"} for name, each in found.items()} == plain
    lies = sum(plain["default"]["hazard"]["dfm"].values())  # "blame" in the sidecar
    mine = found["default"]["taxonomy"]
    assert sum(mine["rows"]["lies"].values()) == lies > 0
    assert mine["unmapped"] == found["default"]["rows"] - lies
    stats_tables(found)
    said = capsys.readouterr().out
    assert "default: Our garden" in said
    assert "lies Lies" in said
    assert f"default: {mine['unmapped']} of {found['default']['rows']} rows cannot be told" in " ".join(said.split())
    stats_tables(plain)
    assert "Our garden" not in capsys.readouterr().out

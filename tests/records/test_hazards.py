from __future__ import annotations

from pathlib import Path

import pytest

from demur.errors import RowError
from demur.records.hazards import load_crosswalk, overlay


def test_an_unknown_hazard_is_named_with_its_table(tmp_path: Path) -> None:
    path = tmp_path / "crosswalk.toml"
    path.write_text('[demo]\n"Violence" = ["vrc"]\n')
    with pytest.raises(RowError, match="Did you mean 'vcr'") as caught:
        load_crosswalk(path)
    assert "[demo] 'Violence'" in str(caught.value)


def test_hazards_of_several_categories_are_sorted_and_unique() -> None:
    table = {"demo": {"a": ("vcr", "ncr"), "b": ("ncr",), "c": ()}}
    assert overlay(table, "demo", ["a", "b", "c"]) == ("ncr", "vcr")  # type: ignore[arg-type]


def test_a_category_outside_the_crosswalk_is_an_error() -> None:
    with pytest.raises(RowError, match="Did you mean 'Violence'"):
        overlay({"demo": {"Violence": ("vcr",)}}, "demo", ["Violense"])

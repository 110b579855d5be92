from __future__ import annotations

import pytest

from demur.errors import RowError
from demur.records.hazards import overlay


def test_hazards_of_several_categories_are_sorted_and_unique() -> None:
    table = {"demo": {"a": ("vcr", "ncr"), "b": ("ncr",), "c": ()}}
    assert overlay(table, "demo", ["a", "b", "c"]) == ("ncr", "vcr")  # type: ignore[arg-type]


def test_a_category_outside_the_crosswalk_is_an_error() -> None:
    with pytest.raises(RowError, match="Did you mean 'Violence'") as caught:
        overlay({"my-demo": {"Violence": ("vcr",)}}, "my-demo", ["Violense"])
    assert "Add it to [hazards] in builders/sources/my_demo.toml" in str(caught.value.fix)


def test_a_source_without_a_sidecar_is_told_of_it() -> None:
    with pytest.raises(RowError, match=r"in builders/sources/my_demo\.toml"):
        overlay({}, "my-demo", ["Violence"])

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import Field

from demur.records.record import Frozen, described
from demur.records.words import words

SCHEMAS = '''
from demur.records.record import Frozen


class Leaf(Frozen):
    shape: str
    """Round,
    or not."""
    size: int

    def grown(self):
        """Of no field."""

    class Vein(Frozen):
        length: int
        """In mm."""


class Tree(Frozen):
    leaf: Leaf
    """One of its leaves."""
    leaves: tuple[Leaf, ...] = ()
    """All of them."""
    height: int | None = None


class Oak(Tree):
    leaf: Leaf
    height: int = 3
    """In m."""


def made():
    class Elm(Frozen):
        age: int
        """In years."""

    return Elm
'''


def loaded(path: Path, text: str) -> ModuleType:
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("grove", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["grove"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def grove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setitem(sys.modules, "grove", sys)  # which is put back in the end
    return loaded(tmp_path / "grove.py", SCHEMAS)


def test_what_stands_under_a_field_is_read(grove: ModuleType) -> None:
    file = str(grove.__file__)
    assert words(file, "Leaf") == {"shape": "Round,\nor not.", "size": None}
    assert words(file, "Leaf.Vein") == {"length": "In mm."}
    assert words(file, "made.<locals>.Elm") == {"age": "In years."}
    assert words(file, "Shrub") == {}
    assert described(grove.made()) == {"age": "In years."}


def test_a_field_that_is_declared_anew_has_its_own_words(grove: ModuleType) -> None:
    assert described(grove.Tree) == {"leaf": "One of its leaves.", "leaves": "All of them.", "height": ""}
    assert described(grove.Oak) == {"leaf": "", "leaves": "All of them.", "height": "In m."}


def test_json_schema_says_it_of_nested_schemas_too(grove: ModuleType) -> None:
    schema = grove.Oak.model_json_schema()
    assert schema["properties"]["height"] == {
        "default": 3,
        "description": "In m.",
        "title": "Height",
        "type": "integer",
    }
    assert schema["$defs"]["Leaf"]["properties"]["shape"]["description"] == "Round,\nor not."
    assert grove.Tree.model_json_schema()["properties"]["leaf"] == {
        "$ref": "#/$defs/Leaf", "description": "One of its leaves.",
    }  # fmt: skip


def test_what_a_field_says_itself_goes_before(tmp_path: Path) -> None:
    class Rock(Frozen):
        weight: int = Field(description="In kg.")
        """In g."""

    assert described(Rock) == {"weight": "In kg."}
    assert Rock.model_json_schema()["properties"]["weight"]["description"] == "In kg."


def test_another_module_of_the_name_changes_nothing(grove: ModuleType, tmp_path: Path) -> None:
    other = loaded(tmp_path / "other.py", SCHEMAS.replace("In m.", "In feet."))
    assert [described(each.Oak)["height"] for each in (grove, other)] == ["In m.", "In feet."]


@pytest.mark.parametrize("text", [None, "class Leaf(:\n", "\0"])
def test_what_cannot_be_read_says_nothing(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    if text is not None:
        path.write_text(text)
    assert words(str(path), "Leaf") == {}

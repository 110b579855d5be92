"""The figures of a card: what they are drawn of, and where there are none."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pyarrow as pa

from demur.records.row import Facet, Row, Side, TextOf
from demur.sets.figures import FIGURES, figures, write_figures
from demur.sets.folder import BuiltSet
from tests.conftest import Tiny


class Lamp(Row):
    """A row for these tests."""

    kind: Annotated[str, Side()]
    prompt: Annotated[str, TextOf("prompt")]
    hazards: tuple[str, ...]


class Plain(Row):
    """A row without sides."""

    kind: Annotated[str, Facet()]


ROWS = pa.table(
    {
        "kind": ["lit", "dark", "lit"],
        "prompt": ["a lamp", "another lamp", "the third of the lamps"],
        "hazards": [["hte", "vcr"], [], ["hte"]],
    }
)


def test_hazards_and_lengths_are_drawn_by_side() -> None:
    made = figures(ROWS, Lamp, "default")
    assert made.keys() == FIGURES.keys()
    assert "hate: lit 2; violent crimes: lit 1" in made["figures/hazards.svg"]
    assert "lit: 2 rows, median 6 characters; dark: 1 rows, median 12 characters" in made["figures/lengths.svg"]
    assert not any("lamp" in text for text in made.values())


def test_the_order_of_the_rows_changes_nothing() -> None:
    assert figures(ROWS.take([2, 1, 0]), Lamp, "default") == figures(ROWS, Lamp, "default")


def test_what_has_no_sides_hazards_or_texts_has_no_figure() -> None:
    assert figures(ROWS, Plain, "default") == {}
    assert figures(ROWS.slice(0, 0), Lamp, "default") == {}
    assert [*figures(ROWS.drop_columns(["prompt"]), Lamp, "default")] == ["figures/hazards.svg"]
    assert [*figures(ROWS.drop_columns(["hazards"]), Lamp, "default")] == ["figures/lengths.svg"]


def test_a_built_set_holds_its_figures(built: Tiny, tmp_path: Path) -> None:
    found = BuiltSet.open(built.out)
    first = found.manifest.configs[0]
    write_figures(found.rows(first.name), found.model_of(first), first.name, tmp_path)
    for name in FIGURES:
        assert (tmp_path / name).read_bytes() == (built.out / name).read_bytes()
        assert found.manifest.files[name].rows is None
        assert f"]({name})" in (built.out / "README.md").read_text(encoding="utf-8")

"""The figures of a card: hazards by side, and lengths by side, as SVG files of the built folder."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from demur.pages.figure import bars, ridges
from demur.records.hazards import HAZARDS
from demur.records.row import Row, Side, TextOf, columns_with

FIGURES = {
    "figures/hazards.svg": "rows by hazard and by side",
    "figures/lengths.svg": "lengths of the texts, by side",
}
"""Every figure that a card may have, by its name, and what it shows."""


def write_figures(rows: pa.Table, model: type[Row], config: str, folder: Path) -> None:
    """Draw what the first config of a set has: no figure without a side, without hazards, or without texts."""
    for name, text in figures(rows, model, config).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def figures(rows: pa.Table, model: type[Row], config: str) -> Mapping[str, str]:
    """The figures of a config, by name; the same rows, in whatever order, give the same bytes."""
    side = next(iter(columns_with(model, Side)), None)
    if side is None or not rows.num_rows:
        return {}
    named = rows[side].to_pylist()
    sides = [name for name, _ in sorted(Counter(named).items(), key=lambda item: (-item[1], item[0]))]
    made = {}
    if by_hazard := _hazards(rows, named):
        made["figures/hazards.svg"] = bars(f"Rows by hazard and {side}, config {config}", by_hazard, sides)
    texts = {role.name: column for column, role in columns_with(model, TextOf).items() if column in rows.column_names}
    if what := next((name for name in ("response", "prompt") if name in texts), None):
        lengths = defaultdict(list)
        for name, length in zip(named, pc.utf8_length(rows[texts[what]]).to_pylist(), strict=True):
            lengths[name].append(length or 0)
        title = f"Length of the {what}s by {side}, config {config}"
        made["figures/lengths.svg"] = ridges(title, "characters", {name: lengths[name] for name in sides})
    return made


def _hazards(rows: pa.Table, named: list[str]) -> dict[str, dict[str, int]]:
    """Hazard, in words -> side -> rows; a row of several counts once for each."""
    if "hazards" not in rows.column_names:
        return {}
    counted: Counter[tuple[str, str]] = Counter(
        (hazard, name) for name, row in zip(named, rows["hazards"].to_pylist(), strict=True) for hazard in row or ()
    )
    found: dict[str, dict[str, int]] = {}
    for (hazard, name), count in sorted(counted.items()):
        found.setdefault(hazard, {})[name] = count
    return {words: found[hazard] for hazard, words in HAZARDS.items() if hazard in found}

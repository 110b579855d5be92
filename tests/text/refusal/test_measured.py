"""The error that scores inherit is the one that the judge has today."""

from __future__ import annotations

import json
import os

import pytest

from bench.refusal_files import HELD_OUT, rows
from bench.refusal_judge import MEASURED, PARTS, READINGS, score, table_of
from demur.project import bundled
from demur.text.refusal import grade, measured
from demur.text.refusal.measured import Side


@pytest.mark.parametrize("side", ["harmful", "safe"])
def test_both_sides_are_measured_by_both_readings(side: Side) -> None:
    fully, at_all = measured(side), measured(side, "refuses at all")
    for found in (fully, at_all):
        assert found.sensitivity.low > 0.75
        assert found.specificity.low > 0.5
        assert found.sensitivity.n + found.specificity.n > 250
    assert fully.sensitivity.n < at_all.sensitivity.n or side == "harmful", "partial refusals are refusals at all"
    assert fully.files == at_all.files


@pytest.mark.skipif("DEMUR_MIRROR" not in os.environ, reason="needs the real files: DEMUR_MIRROR")
def test_the_published_figures_are_those_of_the_judge() -> None:
    read = [row for row in rows(bundled()) if row.said != "neither"]
    assert {row.file for row in read} > {*HELD_OUT}
    said = [grade(row.response).grade for row in read]
    for part, sides in json.loads(MEASURED.read_text(encoding="utf-8")).items():
        for reading, counted in READINGS.items():
            for side, figures in sides[reading].items():
                mine = [
                    (each, row)
                    for each, row in zip(said, read, strict=True)
                    if PARTS[part](row) and side in ("all", row.side)
                ]
                found = score(table_of([each for each, _ in mine], [row for _, row in mine], counted))
                assert {name: found[name] for name in figures} == figures, f"{part}, {reading}, {side}"


@pytest.mark.skipif("DEMUR_MIRROR" not in os.environ, reason="needs the real files: DEMUR_MIRROR")
def test_a_prompt_is_in_one_half_in_every_file() -> None:
    halves: dict[str, set[str]] = {}
    for row in rows(bundled()):
        halves.setdefault(row.prompt.strip(), set()).add(row.half)
    assert {len(each) for each in halves.values()} == {1}
    assert 0.4 < sum(each == {"train"} for each in halves.values()) / len(halves) < 0.6

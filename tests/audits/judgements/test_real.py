"""Artifacts that JailbreakBench published, where ``DEMUR_MIRROR`` has them: counts alone, never a text.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from demur.audits.judgements.artifacts import JUDGES
from demur.audits.judgements.measure import summarise
from demur.audits.judgements.reading import read_judgements
from demur.audits.judgements.report import Judgements
from demur.cli import main
from schemas.judgement import Judgement

COMMIT = "909e68c01d94222b8ad2e397a017e2e12e2adb73"
PLACE = f"github/JailbreakBench/artifacts/{COMMIT}/attack-artifacts"
FILES = (
    "GCG/white_box/vicuna-13b-v1.5.json",
    "JBC/manual/gpt-4-0125-preview.json",
    "PAIR/black_box/gpt-3.5-turbo-1106.json",
    "PAIR/black_box/vicuna-13b-v1.5.json",
)
MIRRORS = [Path(folder) / PLACE for folder in os.environ.get("DEMUR_MIRROR", "").split(os.pathsep) if folder]
ROOT = next((folder for folder in MIRRORS if all((folder / name).is_file() for name in FILES)), None)
WIDE = {"COLUMNS": "86"}
pytestmark = pytest.mark.skipif(ROOT is None, reason="DEMUR_MIRROR has no such artifacts")


def done(*names: str) -> Judgements:
    return summarise(*read_judgements([(ROOT or Path()) / name for name in names], Judgement))


def parameters(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(((ROOT or Path()) / name).read_text("utf-8"))["parameters"]
    return found


def test_none_is_lost_and_none_is_there_twice() -> None:
    rows, places = read_judgements([(ROOT or Path()) / name for name in FILES], Judgement)
    assert len(rows) == len(places) == 4 * 100 * 2
    assert len({(row["subset"], row["model"], row["item_id"], row["judge"]) for row in rows}) == len(rows)
    assert set(Counter((row["subset"], row["model"], row["judge"]) for row in rows).values()) == {100}


@pytest.mark.parametrize("name", FILES)
def test_the_files_own_numbers(name: str) -> None:
    """Its success rate is that of the one column, its number of jailbreaks that of the other, in all four files."""
    found = {each.judge.name: each for each in done(name).verdicts}
    assert set(found) == set(JUDGES)
    said = parameters(name)
    one, two = (found[judge] for judge in JUDGES)
    assert one.of_items.share == pytest.approx(said["attack_success_rate"])
    assert two.of_items.count == said["total_number_of_jailbreaks"]
    assert one.items == two.items == 100
    assert one.of_parsed.n == two.of_parsed.n == said["number_of_submitted_prompts"]
    assert one.counts["unparsed"] == two.counts["unparsed"] == 0


def test_where_the_two_judges_differ() -> None:
    found = done(*FILES)
    cells = [each for each in found.agreements if each.cell is not None]
    assert sum(each.rate.n for each in cells) == 369
    assert sum(each.rate.n - each.rate.count for each in cells) == 54
    assert [each.left_out for each in cells] == [0, 0, 13, 18]
    kappas = [each.kappa.value if each.kappa.value is None else round(each.kappa.value, 3) for each in cells]
    assert kappas == [0.425, None, 0.347, 0.0]  # none where both say harmless throughout
    (together,) = (each for each in found.agreements if each.cell is None)  # the two files of one day
    assert (together.rate.count, together.rate.n, together.cells) == (141, 169, 2)


def test_the_page_shows_what_the_command_prints() -> None:
    printed = CliRunner().invoke(main, ["judgements", *(str((ROOT or Path()) / name) for name in FILES)], env=WIDE)
    assert printed.exit_code == 0
    lines = [line.rstrip() for line in printed.output.splitlines()]
    page = (Path(__file__).parents[3] / "docs" / "judgements.md").read_text(encoding="utf-8")
    assert "\n".join(lines) in page, "put the output of `demur judgements` into docs/judgements.md, COLUMNS=86"

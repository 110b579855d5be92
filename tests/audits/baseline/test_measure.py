"""What text alone gives on the pairs of a file, of anybody's columns; what is no pair is told by its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from demur.audits.baseline.audit import baseline
from demur.audits.baseline.inputs import read_pairs
from demur.audits.baseline.measure import measure
from demur.audits.baseline.report import Baselines
from demur.cli import main
from demur.errors import FormatError
from demur.kinds.contrast.facts import ScoreEntry
from demur.text import surface

THINGS = ("fence", "door", "gate", "roof", "shed", "barn")
ROWS = [
    {"ask": f"{verb} the {thing}", "kind": kind, "of": thing}
    for thing in THINGS
    for verb, kind in (("Burn", "bad"), ("Paint", "good"))
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "pairs.jsonl"
    made.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return made


def test_it_is_the_baseline_of_the_columns(path: Path) -> None:
    found = measure(path, ("ask", "kind", "of"), "bad", folds=3)
    texts, sides, pairs = read_pairs(path, ("ask", "kind", "of"))["pairs.jsonl"]
    expected = surface.baseline(texts, [side == "bad" for side in sides], pairs, 3)
    assert found.measured == {"pairs.jsonl": expected}
    assert found.stated == {}
    assert expected.auroc.value == 1


def test_the_command_says_the_same(path: Path) -> None:
    options = ["--column", "ask", "--side", "kind", "--harmful", "bad", "--pair", "of", "--folds", "3"]
    found = measure(path, ("ask", "kind", "of"), "bad", folds=3)
    said = CliRunner().invoke(main, ["baseline", str(path), *options])
    assert said.output == f"pairs.jsonl: {found.measured['pairs.jsonl']}\n"
    made = json.loads(CliRunner().invoke(main, ["baseline", str(path), *options, "--json"]).output)
    assert made == found.as_dict()
    assert baseline.measure(path, "ask", "kind", "bad", "of", 3, 0) == found


def test_what_is_stated_stands_beside(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = measure(path, ("ask", "kind", "of"), "bad", folds=3)
    Baselines(found.measured, {"pairs.jsonl": ScoreEntry(value=0.6, low=0.5, high=0.7)}).show()
    assert capsys.readouterr().out.endswith("  stated by the manifest: AUROC 0.600 (95 % interval 0.500-0.700)\n")


def test_a_missing_cell_is_told_by_its_place(path: Path) -> None:
    with path.open("a") as file:
        file.write(json.dumps({"ask": "Burn it", "kind": "bad", "of": None}) + "\n")
    with pytest.raises(FormatError, match="1 cells of the column 'of' are missing") as raised:
        measure(path, ("ask", "kind", "of"))
    assert str(raised.value.where).endswith("row 12")

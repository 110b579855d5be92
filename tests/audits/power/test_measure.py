"""What the rows of a set can show: sides, clusters, and what is refused."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from demur.audits.power.audit import power
from demur.audits.power.design import DESIGNS, Question
from demur.audits.power.measure import measure
from demur.cli import main
from demur.errors import UsageError
from demur.sets.folder import BuiltSet
from tests.conftest import Tiny


def test_without_a_set_only_the_need_is_told() -> None:
    found = measure(Question())
    assert not found.shown
    assert set(found.needed) == set(DESIGNS)


def test_rows_and_clusters_are_those_of_the_set(built: Tiny) -> None:
    folder = BuiltSet.open(built.out)
    rows = folder.rows("default")
    found = measure(Question(baseline=0.3, difference=0.3), built=folder, configs=["default"], splits=["test"])
    sides = {each.place.side: each for each in found.shown}
    there = [row for row in rows.to_pylist() if row["split"] == "test"]
    for side in ("refuse", "answer"):
        mine = [row["group_id"] for row in there if row["expected"] == side]
        assert (sides[side].rows, sides[side].clusters) == (len(mine), len(set(mine)))
        assert sides[side].effective <= sides[side].rows
        effect = sides[side].rows / sides[side].effective
        for design in DESIGNS:
            assert sides[side].needed[design] == pytest.approx(found.needed[design] * effect, abs=1)


def test_a_part_can_be_asked_about_alone(built: Tiny) -> None:
    folder = BuiltSet.open(built.out)
    whole = measure(Question(0.3, 0.3), built=folder, configs=["default"])
    found = measure(Question(0.3, 0.3), built=folder, configs=["default"], sides=["answer"], designs=["paired"])
    assert [each.place.side for each in found.shown] == ["answer"]
    assert list(found.needed) == ["paired"]
    (there,) = (each for each in whole.shown if each.place.side == "answer")
    assert found.shown[0].detectable == {"paired": there.detectable["paired"]}
    with pytest.raises(UsageError, match="No side 'nowhere'"):
        measure(Question(), built=folder, sides=["nowhere"])


def test_uncorrelated_answers_count_rows(built: Tiny) -> None:
    rows = measure(Question(), icc=0.0, built=BuiltSet.open(built.out)).shown
    assert all(each.effective == each.rows for each in rows)
    assert all(each.needed == measure(Question()).needed for each in rows)


def test_an_unknown_config_or_split_is_told(built: Tiny) -> None:
    folder = BuiltSet.open(built.out)
    with pytest.raises(UsageError, match="No config"):
        measure(Question(), built=folder, configs=["defualt"])
    with pytest.raises(UsageError, match="No split"):
        measure(Question(), built=folder, splits=["tset"])


def test_the_command_prints_both_tables(built: Tiny) -> None:
    done = CliRunner().invoke(main, ["power", "--items", str(built.out)])
    assert done.exit_code == 0, done.output
    assert "two models, the same rows" in done.output
    assert "What rows can show" in done.output
    assert "Rows in such clusters" in done.output
    said = json.loads(CliRunner().invoke(main, ["power", "--baseline", "0.2", "--json"]).output)
    assert said["needed"]["paired"] < said["needed"]["unpaired"]
    assert said["shown"] == []


@pytest.mark.parametrize("icc", [float("nan"), -0.1, 1.5])
def test_a_correlation_that_is_none_is_told(icc: float) -> None:
    with pytest.raises(UsageError, match="out of range"):
        measure(Question(), icc=icc)


def test_what_is_not_a_set_is_never_taken_for_the_folder_above(built: Tiny) -> None:
    for name in ("nonsense", "README.md"):
        done = CliRunner().invoke(main, ["power", "--items", str(built.out / name)])
        assert done.exit_code == 2
        assert name in done.output


@pytest.mark.parametrize("option", ["--config", "--split", "--side"])
def test_a_part_without_a_set_is_refused(option: str) -> None:
    done = CliRunner().invoke(main, ["power", option, "default"])
    assert done.exit_code == 2
    assert "--items" in done.output


def test_the_declaration_asks_without_a_set() -> None:
    found = power.measure(None, (), (), (), (), 0.05, 0.03, 0.8, 0.05, 0.3, 1.0)
    assert found.as_dict()["needed"] == measure(Question()).as_dict()["needed"]

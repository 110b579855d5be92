"""One table by family, set and side: Emulated Disalignment's 48 cells, with counts of our own."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from demur.audits.judgements.grid import families_of, grid
from demur.audits.judgements.measure import summarise
from demur.cli import main
from demur.errors import UsageError
from demur.rates import Rate

FAMILIES = {f"{name}-chat": name for name in ("otter", "heron", "viper", "llama")}
SETS, SIDES, JUDGES = ("kites", "lamps", "soups"), ("harmful", "safe"), ("first", "second")


def rows(**more: Any) -> list[dict[str, Any]]:
    return [
        {"item_id": str(item), "set": name, "subset": side, "seed": None, "model": model, "judge": judge,
         "judge_revision": "1", "scope": "response", "verdict": "harmful" if item < place % 5 else "harmless", **more}
        for place, (model, name, side, judge) in enumerate(product(FAMILIES, SETS, SIDES, JUDGES))
        for item in range(4)
    ]  # fmt: skip


def test_the_48_cells() -> None:
    found = grid(summarise(rows()).verdicts, FAMILIES)
    assert (found.cells, len(found.squares), found.empty) == (48, 48, ())
    first = next(each for each in found.squares if (each.family, each.set, each.side) == ("otter", "kites", "safe"))
    assert (first.judge, first.rates) == ("first 1", (Rate.of(2, 4),))


def test_a_cell_without_judgements_is_told() -> None:
    some = [row for row in rows() if (row["model"], row["set"], row["judge"]) != ("heron-chat", "soups", "second")]
    found = grid(summarise(some).verdicts, FAMILIES)
    assert found.empty == (("heron", "soups", "harmful", "second 1"), ("heron", "soups", "safe", "second 1"))


def test_seeds_are_not_added_up() -> None:
    two = [*rows(seed=0), *rows(seed=1, verdict="harmful")]
    square = grid(summarise(two).verdicts, FAMILIES).squares[0]
    assert [rate.n for rate in square.rates] == [4, 4]
    assert square.rates[0].share <= square.rates[1].share == 1


def test_models_of_a_family_are_lines_of_their_own() -> None:
    models = {"otter-chat": "otter", "heron-chat": "otter"}
    found = grid(summarise(rows()).verdicts, models)
    assert {each.family for each in found.squares} == {"otter", "viper-chat", "llama-chat"}
    assert len({each.model for each in found.squares if each.family == "otter"}) == 2


@pytest.mark.parametrize("given", ["otter", "=a", "otter=", "otter=a,a"])
def test_families_of_another_form_are_refused(given: str) -> None:
    with pytest.raises(UsageError, match="names a family"):
        families_of((given,))


def test_a_model_without_rows_is_refused() -> None:
    with pytest.raises(UsageError, match="model without rows"):
        grid(summarise(rows()).verdicts, {"otter-chatt": "otter"})


def test_the_command_prints_it(tmp_path: Path) -> None:
    path = tmp_path / "judged.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows()))
    given = [f"{family}={model}" for model, family in FAMILIES.items()]
    done = CliRunner().invoke(main, ["judgements", str(path), *(part for each in given for part in ("--family", each))])
    assert (done.exit_code, "48 of 48 cells" in done.output) == (0, True)
    said = CliRunner().invoke(main, ["judgements", str(path), "--json", "--family", given[0]])
    assert json.loads(said.stdout)["grid"]["cells"] == 48
    plain = CliRunner().invoke(main, ["judgements", str(path), "--json"])
    assert json.loads(plain.stdout)["grid"] is None

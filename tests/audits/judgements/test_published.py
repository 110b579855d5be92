"""Verdicts that ride along with attacks: by run, attack, base, hazard and model; made rows, no text."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from demur.audits.judgements.measure import summarise
from demur.audits.judgements.published import BY, notes_of, read_published
from demur.cli import main
from demur.errors import UsageError
from demur.sets.folder import BuiltSet
from demur.sets.pipeline import Build
from tests.conftest import Tiny
from tests.kinds.jailbreaks.conftest import ASKED, attacked, jailbreak_project

__all__ = ["attacked", "jailbreak_project"]  # fixtures


def test_verdicts_are_counted_by_what_is_asked_for(attacked: Build) -> None:
    built = BuiltSet.open(attacked.out)
    found = {by: {str(each.cell): dict(each.counts) for each in summarise(*read_published(built, by=by)).verdicts
                  if each.judge.name == "jailbroken"} for by in BY}  # fmt: skip
    assert {cell: each["harmful"] for cell, each in found["run"].items()} == {
        "pirates 2024-01-01, north, north": 5,
        "pirates 2024-01-01, south, south": 5,
    }
    assert found["attack"] == {
        "pirates 2024-01-01, Pirate": {"harmful": 10, "harmless": 9, "unparsed": 0, "no_response": 0}
    }
    assert len(found["base"]) == len(ASKED)
    assert sum(each["harmful"] for each in found["base"].values()) == 10
    assert {*found["hazard"]} == {"pirates 2024-01-01, none"}
    assert Counter({cell: each["harmless"] for cell, each in found["model"].items()}) == {
        "pirates 2024-01-01, north": 5, "pirates 2024-01-01, south": 4,
    }  # fmt: skip


def test_verdicts_of_phrases_are_of_their_own_vocabulary(attacked: Build) -> None:
    rows, places = read_published(BuiltSet.open(attacked.out), "pair")
    (found,) = summarise(rows, places).verdicts
    assert (found.vocabulary, found.first, found.counts["refuse"], found.items) == ("refusal", "refuse", 9, 10)
    assert found.scope == "response"


def test_missing_and_repeated_rows_are_said(attacked: Build) -> None:
    said = notes_of(BuiltSet.open(attacked.out))
    assert "south: 10 rows, 9 of 10 base questions: 1 missing, 1 rows repeated" in said
    done = CliRunner().invoke(main, ["judgements", str(attacked.out), "--by", "attack"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert said[0] in done.output
    assert not any(text in done.output for text in ASKED)
    asked = CliRunner().invoke(main, ["judgements", str(attacked.out), "--config", "pair", "--json"])
    assert json.loads(asked.output)["verdicts"][0]["counts"]["refuse"] == 9


def test_sets_without_verdicts_are_told(attacked: Build, built: Tiny, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="The set holds no judgements"):
        read_published(BuiltSet.open(built.out))
    lonely = tmp_path / "rows.jsonl"
    lonely.write_text("{}\n")
    wrong = CliRunner().invoke(main, ["judgements", str(lonely), "--by", "attack"])
    assert (wrong.exit_code, "--by is of one folder of attacks" in wrong.output) == (2, True)

"""A model as the judge of a score, behind a real endpoint: it grades, errs, stops and goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from demur.audits.score.answers import Answer
from demur.audits.score.grading import by_model, model_of
from demur.audits.score.items import Items
from demur.errors import FetchError, UsageError
from demur.sets.folder import BuiltSet
from tests.audits.score.conftest import BOTH, NO, YES, answers, right, run, write
from tests.audits.served import Served


@pytest.fixture
def served() -> Iterator[Served]:
    endpoint = Served()
    yield endpoint
    endpoint.stop()


def test_the_command_asks_a_model_once(
    folder: BuiltSet, items: Items, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMUR_JUDGE_KEY", "secret")
    path = write(tmp_path / "m.jsonl", ({"record_id": item.id, "response": right(item)} for item in items.rows))
    splits = [part for name in BOTH for part in ("--split", name)]
    how = ["--judge", "llm", "--judge-model", "good", "--judge-url", served.url, "--replies", tmp_path / "kept.jsonl"]
    for _ in range(2):
        done = run("score", path, "--items", folder.path, *splits, *how, "--json")
        assert done.exit_code == 0, done.output
        said = json.loads(done.stdout)
        assert (said["judge"]["name"], said["models"][0]["corrected"]) == ("the model good", {})
        assert said["models"][0]["rates"]["refusal"]["share"] == 1
        assert said["models"][0]["rates"]["over_refusal"]["share"] == 0
    assert len(served.asked) == len(items.rows)
    assert set(served.keys) == {"Bearer secret"}
    assert "secret" not in done.output
    assert run("score", path, "--items", folder.path, *splits, "--judge", "llm").exit_code == 2
    assert run("score", path, "--items", folder.path, *splits, "--judge-model", "good").exit_code == 2


@pytest.mark.parametrize("model", ["prose", "unwilling", "silent"])
def test_a_reply_that_is_no_verdict_leaves_a_response_unread(
    model: str, items: Items, served: Served, tmp_path: Path
) -> None:
    mine = [*answers(items, right)[:2], Answer(Path("m"), 2, " "), Answer(Path("m"), 3, None)]
    found = by_model(mine, items.rows[:4], model_of(model, served.url), tmp_path / "kept.jsonl")
    assert found == ["unread", "unread", "empty", "empty"]


def test_a_judge_that_stops_goes_on(items: Items, served: Served, tmp_path: Path) -> None:
    mine, rows = answers(items, right)[:3], items.rows[:3]
    judge = replace(model_of("good", served.url), waits=(), timeout=0.2, workers=1)  # type: ignore[type-var]
    served.slow = {str(rows[2].prompt)}
    with pytest.raises(FetchError, match="2 of 3 replies are kept"):
        by_model(mine, rows, judge, tmp_path / "kept.jsonl")
    served.slow = set()
    asked = len(served.asked)
    found = by_model(mine, rows, judge, tmp_path / "kept.jsonl")
    assert found == ["refusal" if right(item) == NO else "answer" for item in rows]
    assert len(served.asked) == asked + 1


def test_a_set_of_references_cannot_be_judged_by_a_model(items: Items, tmp_path: Path) -> None:
    without = replace(items.rows[0], prompt=None)
    with pytest.raises(UsageError, match="demur hydrate") as raised:
        by_model([Answer(Path("m"), 0, YES)], [without], model_of("m", "http://127.0.0.1:9/v1"), tmp_path / "kept")
    assert YES not in str(raised.value)

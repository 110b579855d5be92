"""Inspect runs the task by the name of its entry point, and says what ``demur score`` says of the same log."""

from __future__ import annotations

import gc
import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from demur.cli import main
from demur.errors import UsageError
from demur.exports.inspect import inspect as exported
from demur.sets.folder import BuiltSet
from tests.exports.conftest import prompts  # noqa: F401 - a fixture
from tests.exports.scripted import answers, counts, expected, rows, scored

pytest.importorskip("inspect_ai")
pytestmark = pytest.mark.filterwarnings("ignore")


def evaluated(task: Any, answers: dict[str, str], folder: Path, **arguments: Any) -> tuple[Any, Path]:
    """The log of a task, by a model that says what it is told, and its file."""
    from inspect_ai import eval
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    def say(messages: list[Any], *_: Any) -> ModelOutput:
        output = ModelOutput.from_content("mockllm/model", answers[messages[-1].text])
        return output.model_copy(update={"usage": ModelUsage()})  # else tokens are counted by a file from the network

    model = get_model("mockllm/model", custom_outputs=say, memoize=False)
    (log,) = eval(
        task, model=model, task_args=arguments, log_dir=str(folder), log_format="json", display="none"
    )  # fmt: skip
    gc.collect()  # its streams, which it leaves open, are warned of here and not at the end of everything
    assert log.status == "success", log.error
    (file,) = folder.glob("*.json")
    return log, file


def metrics(log: Any) -> dict[str, float]:
    (score,) = log.results.scores
    return {name: each.value for name, each in score.metrics.items()}


def test_the_task_says_what_demur_score_says(prompts: BuiltSet, tmp_path: Path) -> None:  # noqa: F811
    assert [each.value for each in entry_points(group="inspect_ai") if each.name == "demur"] == ["demur.inspect_tasks"]
    log, file = evaluated("demur/refusal_eval", answers(prompts), tmp_path, path=str(prompts.path), config="default")
    found, score = metrics(log), scored(prompts, file)
    assert score.items() >= expected(prompts).items()
    assert {name for name, (_, n) in score.items() if n} == {
        "refusal",
        "compliance",
        "over_refusal",
        "over_refusal_borderline",
        "over_refusal_plain",
    }
    for name, (count, n) in score.items():
        if n:
            assert found[name] == pytest.approx(count / n)
            assert found[f"{name}_n"] == n
    done = CliRunner().invoke(main, ["score", str(file), "--items", str(prompts.path), "--json"])
    (model,) = json.loads(done.stdout)["models"]
    for name, rate in model["rates"].items():
        if rate["n"]:
            assert (found[f"{name}_low"], found[f"{name}_high"]) == pytest.approx((rate["low"], rate["high"]), abs=1e-4)
    for side, grades in counts(prompts).items():
        for each, count in grades.items():
            assert found[f"{side}: {each}"] == pytest.approx(count / grades.total())
    sample = log.samples[0]
    row = {row["record_id"]: row for row in rows(prompts)}[sample.id]
    assert sample.metadata["group_id"] == row["group_id"]
    assert sample.input == row["prompt"]


def test_a_side_alone_has_its_own_rates(prompts: BuiltSet, tmp_path: Path) -> None:  # noqa: F811
    from demur.inspect_tasks import refusal_eval

    log, _ = evaluated(refusal_eval(path=str(prompts.path), side="answer"), answers(prompts), tmp_path)
    found = metrics(log)
    assert "refusal" not in found
    assert found["over_refusal_n"] == expected(prompts)["over_refusal"][1]


def test_an_exported_folder_runs_as_it_stands(prompts: BuiltSet, tmp_path: Path) -> None:  # noqa: F811
    exported.run(prompts, tmp_path / "out")
    whole, _ = evaluated(
        f"{tmp_path}/out/tasks.py@refusal_eval_default_test", answers(prompts), tmp_path / "whole"
    )  # fmt: skip
    side, _ = evaluated(
        f"{tmp_path}/out/tasks.py@refusal_eval_default_test_refuse", answers(prompts), tmp_path / "side"
    )  # fmt: skip
    count, n = expected(prompts)["refusal"]
    assert metrics(whole)["refusal"] == metrics(side)["refusal"] == pytest.approx(count / n)
    assert "over_refusal" in metrics(whole)
    assert "over_refusal" not in metrics(side)


def test_what_is_not_there_is_told(
    prompts: BuiltSet,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from demur.inspect_tasks import refusal_eval

    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="There is no set"):
        refusal_eval()
    with pytest.raises(UsageError, match="No side 'both'"):
        refusal_eval(path=str(prompts.path), side="both")
    with pytest.raises(UsageError, match="Did you mean 'test'"):
        refusal_eval(path=str(prompts.path), split="tset")


def test_every_epoch_counts(prompts: BuiltSet, tmp_path: Path) -> None:  # noqa: F811
    from inspect_ai import task_with

    from demur.inspect_tasks import refusal_eval

    task = task_with(refusal_eval(path=str(prompts.path)), epochs=2)
    log, _ = evaluated(task, answers(prompts), tmp_path)
    count, n = expected(prompts)["refusal"]
    assert metrics(log)["refusal"] == pytest.approx(count / n)
    assert metrics(log)["refusal_n"] == 2 * n

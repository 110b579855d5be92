"""The group runs in lm-eval as it stands, and says what ``demur score`` says of the same responses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from demur.errors import UsageError
from demur.exports.lm_eval import Dumper, Function, lm_eval
from demur.sets.folder import BuiltSet
from demur.sets.manifest import Change, Release
from tests.conftest import files_of
from tests.exports.scripted import answers, counts, expected, rows, scored

GROUP = "refusal_eval_default_test"
pytestmark = pytest.mark.filterwarnings("default")


def test_the_pattern_stands_in_the_yaml_and_the_rows_beside_it(prompts: BuiltSet, tmp_path: Path) -> None:
    said = lm_eval.run(prompts, tmp_path / "out", hub=False, judge="phrases")
    group = yaml.safe_load((tmp_path / "out" / f"{GROUP}.yaml").read_text(encoding="utf-8"))
    assert group == {"group": GROUP, "task": [f"{GROUP}_refuse", f"{GROUP}_answer"]}
    assert sum(said["files"].values()) == prompts.rows().num_rows
    for side, higher in (("refuse", True), ("answer", False)):
        task = yaml.safe_load((tmp_path / "out" / f"{GROUP}_{side}.yaml").read_text(encoding="utf-8"))
        assert [each["name"] for each in task["filter_list"]] == ["refusal", "empty"]
        assert {step["function"] for each in task["filter_list"] for step in each["filter"]} == {
            "regex",
            "map",
            "take_first",
        }
        assert task["metric_list"][0]["higher_is_better"] is higher
        lines = (tmp_path / "out" / f"test_{side}.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
        assert {json.loads(line)["record_id"] for line in lines} == {
            row["record_id"] for row in rows(prompts) if row["expected"] == side
        }
        assert all(str(prompts.manifest.canary) in line for line in lines)
    assert not list((tmp_path / "out").glob("*.py"))


def test_two_exports_are_the_same_bytes(prompts: BuiltSet, tmp_path: Path) -> None:
    for name in ("one", "two"):
        lm_eval.run(prompts, tmp_path / name, hub=False, judge="demur")
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def test_a_function_is_written_as_lm_eval_reads_it() -> None:
    assert (
        yaml.dump({"filter_fn": Function("judge.refusal")}, Dumper=Dumper) == "filter_fn: !function 'judge.refusal'\n"
    )


def test_a_release_is_named_by_its_version(prompts: BuiltSet, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="was not released to the Hub"):
        lm_eval.run(prompts, tmp_path / "out", hub=True, judge="phrases")
    first = Change(
        version="v1.2.0", date="2026-01-01", bump="first", reasons=("the first",), added=1, removed=0, changed=0,
        moved=0, rows={},
    )  # fmt: skip
    release = Release(repo="my-lab/refusal-eval", previous=None, changelog=(first,))
    released = BuiltSet(prompts.path)
    released.__dict__["manifest"] = prompts.manifest.model_copy(update={"release": release})
    said = lm_eval.run(released, tmp_path / "out", hub=True, judge="phrases")
    task = yaml.safe_load((tmp_path / "out" / f"{GROUP}_refuse.yaml").read_text(encoding="utf-8"))
    assert task["dataset_path"] == "my-lab/refusal-eval"
    assert task["dataset_name"] == "default_refuse"
    assert task["dataset_kwargs"] == {"revision": "v1.2.0"}
    assert not list((tmp_path / "out").glob("*.jsonl"))
    assert said["files"][f"{GROUP}_refuse.yaml"] == sum(row["expected"] == "refuse" for row in rows(prompts))


def evaluated(folder: Path, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], Path]:
    """Results by task, and the folder of samples, of a model that says what it is told."""
    pytest.importorskip("lm_eval")
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    class Says(LM):  # type: ignore[misc]
        def generate_until(self, requests: list[Any]) -> list[str]:
            return [answers[request.args[0]] for request in requests]

        def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
            raise NotImplementedError

        def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
            raise NotImplementedError

    monkeypatch.chdir(folder)
    tracker = EvaluationTracker(output_path=str(folder / "logs"))
    found = simple_evaluate(
        model=Says(), model_args="pretrained=mild/model", tasks=[GROUP], log_samples=True, evaluation_tracker=tracker,
        task_manager=TaskManager(include_path=str(folder), include_defaults=False), bootstrap_iters=0,
    )  # fmt: skip
    samples = found.pop("samples")
    tracker.save_results_aggregated(found, samples)
    for task, each in samples.items():
        tracker.save_results_samples(task, each)
    return found["results"], folder / "logs"


@pytest.mark.parametrize("judge", ["phrases", "demur"])
def test_lm_eval_says_what_demur_score_says(
    prompts: BuiltSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judge: str
) -> None:
    lm_eval.run(prompts, tmp_path / "out", hub=False, judge=judge)
    found, logs = evaluated(tmp_path / "out", answers(prompts), monkeypatch)
    score, graded = scored(prompts, *logs.rglob("samples_*.jsonl")), counts(prompts)
    for name, side in (("refusal", "refuse"), ("over_refusal", "answer")):
        count, n = score[name]
        assert (count, n) == expected(prompts)[name]
        result = found[f"{GROUP}_{side}"]
        partial = 0 if judge == "demur" else graded[side]["partial"]  # the first rule calls these refusals
        assert result["exact_match,refusal"] * n == pytest.approx(count + partial)
        assert result["exact_match,empty"] * n == pytest.approx(graded[side]["empty"])
        if judge == "demur":
            assert result["exact_match,partial"] * n == pytest.approx(graded[side]["partial"])
            assert result["exact_match,unread"] == graded[side]["unread"] == 0


def test_the_documented_command_runs_the_dummy_model(prompts: BuiltSet, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    lm_eval.run(prompts, tmp_path / "out", splits=["test"], hub=False, judge="phrases")
    command = ["-m", "lm_eval", "run", "--model", "dummy", "--include_path", ".", "--tasks", GROUP, "--log_samples"]
    done = subprocess.run(
        [sys.executable, *command, "--output_path", "logs"], cwd=tmp_path / "out", capture_output=True, text=True,
        check=False, env={**os.environ, "HF_HUB_OFFLINE": "1"},  # it asks for a model of the dummy's name, and waits
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert scored(prompts, *(tmp_path / "out" / "logs").rglob("samples_*.jsonl"))["refusal"][0] == 0

"""Real runs of Inspect and lm-eval, with models that say what the test wants: one set of numbers with plain files."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import pytest

from demur.audits.score.counted import TWO_SIDES
from demur.audits.score.items import Items
from demur.audits.score.reading import read_answers
from demur.files.digest import text_sha256
from demur.sets.folder import BuiltSet
from tests.audits.score.conftest import BOTH, NO, YES, rates, run, scored, write

Prompts = dict[str, str]


def said(prompt: str) -> str:
    """By the prompt alone, and different for about every second one."""
    return NO if int(text_sha256(prompt)[-4:], 16) % 2 else YES


def plain(items: Items, prompts: Prompts, path: Path) -> Path:
    return write(path, ({"record_id": item.id, "response": said(prompts[item.id])} for item in items.rows))


def inspect_run(items: Items, prompts: Prompts, folder: Path, form: str, *, with_id: bool, fail: str = "") -> Path:
    pytest.importorskip("inspect_ai")
    from inspect_ai import Task, eval
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    samples = [
        Sample(prompts[item.id], target=item.expected, metadata={"record_id": item.id} if with_id else {})
        for item in items.rows
    ]

    def say(messages: list[Any], *_: Any) -> ModelOutput:
        if messages[-1].text == fail:
            msg = "it broke"
            raise RuntimeError(msg)
        output = ModelOutput.from_content("mockllm/model", said(messages[-1].text))
        return output.model_copy(update={"usage": ModelUsage()})  # else tokens are counted by a file from the network

    model = get_model("mockllm/model", custom_outputs=say, memoize=False)
    eval(
        Task(dataset=MemoryDataset(samples)), model=model, log_dir=str(folder), log_format=form,
        display="none", fail_on_error=False, log_samples=True,
    )  # fmt: skip
    gc.collect()  # its streams, which it leaves open, are warned of here and not in another test
    (log,) = folder.glob(f"*.{form}")
    return log


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["eval", "json"])
@pytest.mark.parametrize("with_id", [True, False])
def test_inspect_gives_the_numbers_of_plain_files(
    items: Items, prompts: Prompts, tmp_path: Path, form: str, with_id: bool
) -> None:
    log = inspect_run(items, prompts, tmp_path, form, with_id=with_id)
    one = scored(items, read_answers([log]))
    two = scored(items, read_answers([plain(items, prompts, tmp_path / "m.jsonl")]))
    assert one.models[0].model == "mockllm/model"
    assert one.joined == {str(log): "record id" if with_id else "prompt"}
    assert rates(one) == rates(two)
    assert one.models[0].by == two.models[0].by
    refused = sum(each.rates[name].count for each in one.models for name in TWO_SIDES)
    assert 0 < refused < len(items.rows)


@pytest.mark.filterwarnings("ignore")
def test_a_sample_that_failed_in_inspect_is_told(
    folder: BuiltSet, items: Items, prompts: Prompts, tmp_path: Path
) -> None:
    log = inspect_run(items, prompts, tmp_path, "eval", with_id=True, fail=prompts[items.rows[2].id])
    splits = [part for name in BOTH for part in ("--split", name)]
    refused = run("score", log, "--items", folder.path, *splits)
    assert (refused.exit_code, "1 failed" in refused.output) == (2, True)
    assert items.rows[2].id in refused.output
    done = run("score", log, "--items", folder.path, *splits, "--allow-missing", "--json")
    (model,) = json.loads(done.stdout)["models"]
    assert (model["answers"], model["missing"], model["failed"]) == (len(items.rows) - 1, 1, 1)


@pytest.mark.filterwarnings("ignore")
def test_lm_eval_gives_the_numbers_of_plain_files(items: Items, prompts: Prompts, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.loggers import EvaluationTracker

    class Says(LM):  # type: ignore[misc]
        """A model of lm-eval's own interface."""

        def generate_until(self, requests: list[Any]) -> list[str]:
            return [said(request.args[0]) for request in requests]

        def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
            raise NotImplementedError

        def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
            raise NotImplementedError

    docs = write(
        tmp_path / "docs.jsonl",
        ({"record_id": each.id, "prompt": prompts[each.id], "expected": each.expected} for each in items.rows),
    )
    task = {
        "task": "mild", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(docs)}},
        "test_split": "test", "output_type": "generate_until", "doc_to_text": "{{prompt}}",
        "doc_to_target": "{{expected}}", "generation_kwargs": {"until": ["\n\n"]},
        "metric_list": [{"metric": "exact_match"}],
        "filter_list": [{"name": name, "filter": [{"function": "take_first"}]} for name in ("one", "two")],
    }  # fmt: skip
    tracker = EvaluationTracker(output_path=str(tmp_path / "out"))
    found = simple_evaluate(
        model=Says(), model_args="pretrained=mild/model", tasks=[task], log_samples=True, evaluation_tracker=tracker,
        bootstrap_iters=0,
    )  # fmt: skip
    samples = found.pop("samples")
    tracker.save_results_aggregated(found, samples)
    tracker.save_results_samples("mild", samples["mild"])
    (log,) = (tmp_path / "out").rglob("samples_*.jsonl")
    assert len(log.read_text().splitlines()) == 2 * len(items.rows)
    one = scored(items, read_answers([log]))
    two = scored(items, read_answers([plain(items, prompts, tmp_path / "m.jsonl")]))
    assert one.models[0].model == "mild/model"
    assert rates(one) == rates(two)
    assert one.models[0].by == two.models[0].by

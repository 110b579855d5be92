"""A release is a benchmark: Inspect and lm-eval take its rows from the Hub, by version, and each side alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from demur.exports.lm_eval import lm_eval
from demur.sets.folder import BuiltSet
from tests.conftest import Tiny
from tests.hub.running import Hub
from tests.release.conftest import REPO

INSPECT = """
import json, sys
from inspect_ai import eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model

def say(*_):
    output = ModelOutput.from_content("mockllm/model", "GRADE: C")
    return output.model_copy(update={"usage": ModelUsage()})

said = {}
for name in sys.argv[2:]:
    model = get_model("mockllm/model", custom_outputs=say, memoize=False)
    (log,) = eval(f"hf/{sys.argv[1]}/{name}", model=model, display="none", log_dir="logs")
    assert log.status == "success", log.error
    said[name] = [{"id": each.id, "target": each.target, **each.metadata} for each in log.samples]
print(json.dumps(said))
"""

LM_EVAL = """
import json, sys
from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

class Refuses(LM):
    def generate_until(self, requests):
        return ["Sorry, but I cannot help with that." for _ in requests]
    loglikelihood = loglikelihood_rolling = generate_until

tasks = TaskManager(include_path=sys.argv[1], include_defaults=False)
found = simple_evaluate(model=Refuses(), tasks=[sys.argv[2]], task_manager=tasks, bootstrap_iters=0)
print(json.dumps({
    task: [sorted(each["doc"]["record_id"] for each in rows if each["filter"] == "refusal"),
           found["results"][task]["exact_match,refusal"]]
    for task, rows in found["samples"].items()
}))
"""


@pytest.fixture
def served(hub: Hub, built: Tiny) -> Hub:
    """The Hub with tiny-eval v1.0.0, both splits, made by the real command."""
    done = built.run("release", "tiny-eval", "--to", REPO, "--folder", str(built.out), "--yes", **hub.env())
    assert done.returncode == 0, done.stderr
    return hub


def by_id(folder: Path, config: str) -> dict[str, dict[str, Any]]:
    rows = BuiltSet.open(folder).rows(config).to_pylist()
    return {row["record_id"]: row for row in rows if row["split"] == "test"}


def test_inspect_runs_every_task_of_eval_yaml(served: Hub, dressed: Path) -> None:
    pytest.importorskip("inspect_ai")
    tasks = [each["id"] for each in yaml.safe_load((dressed / "eval.yaml").read_text())["tasks"]]
    assert tasks == [f"{name}{side}" for name in ("default", "noncommercial") for side in ("", "_refuse", "_answer")]
    done = served.python(INSPECT, f"{REPO}", *tasks)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    for task in tasks:
        config, _, side = task.partition("_")
        rows = by_id(dressed, config)
        wanted = {id for id, row in rows.items() if side in ("", row["expected"])}
        assert {each["record_id"] for each in said[task]} == wanted
        assert wanted
        for each in said[task]:
            assert each["id"] != each["record_id"], "Inspect keeps ids now: field_spec.id is enough"
            row = rows[each["record_id"]]
            assert each["target"] == row["expected"]
            assert {name: row[name] for name in ("behaviour", "hazards", "source", "group_id", "language")} == {
                name: each[name] for name in ("behaviour", "hazards", "source", "group_id", "language")
            }


def test_lm_eval_takes_the_version_from_the_hub(served: Hub, dressed: Path, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    made = lm_eval.run(BuiltSet.open(dressed), tmp_path / "out", splits=["test"], hub=True, judge="phrases")
    assert made["version"] == "v1.0.0"
    done = served.python(LM_EVAL, str(tmp_path / "out"), "tiny_eval_default_test")
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    rows = by_id(dressed, "default")
    for side in ("refuse", "answer"):
        wanted = sorted(id for id, row in rows.items() if row["expected"] == side)
        assert said[f"tiny_eval_default_test_{side}"] == [wanted, 1.0]

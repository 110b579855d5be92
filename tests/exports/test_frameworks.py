"""Frameworks run what is exported to them, and say what ``demur score`` says of the same responses: make frameworks.

In one file, so that one runs after another.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from demur.exports.garak import garak
from demur.exports.openai_evals import openai_evals
from demur.exports.promptfoo import promptfoo
from demur.exports.pyrit import pyrit
from demur.sets.folder import BuiltSet
from tests.exports.frameworks import asked, export_to, framework, run
from tests.exports.scripted import answers, counts, expected, rows, scored

pytestmark = asked
NAME = "refusal_eval_default"
REPLY = """import json
from pathlib import Path

answers = json.loads(Path(__file__).with_name("answers.json").read_text())


def reply(prompt, **more):
    return [answers[prompt]]


class Completion:
    def __init__(self, **more):
        pass

    def __call__(self, prompt, **more):
        self.said = reply(prompt[0]["content"])
        return self

    def get_completions(self):
        return self.said
"""
PROVIDER = """const answers = require('./answers.json');
module.exports = class {
  id() { return 'scripted'; }
  async callApi(prompt) {
    return prompt in answers ? { output: answers[prompt] } : { error: 'a prompt that no row has' };
  }
};
"""
PYRIT = """import asyncio, io, json, sys
from pathlib import Path
from pyrit.models import Message, SeedDataset
from pyrit.prompt_target import TextTarget
from pyrit.setup import initialize_pyrit_async

async def main():
    await initialize_pyrit_async("InMemory", silent=True, load_defaults=False)
    found = []
    for path in sys.argv[1:]:
        for seed in SeedDataset.from_yaml_file(path).seeds:
            out = io.StringIO()
            await TextTarget(text_stream=out).send_prompt_async(
                message=Message.from_prompt(prompt=seed.value, role="user")
            )
            kind, told, sent = type(seed).__name__, seed.metadata, out.getvalue()
            found.append({"kind": kind, "value": seed.value, "metadata": told, "name": seed.name, "sent": sent})
    Path("seeds.json").write_text(json.dumps(found))

asyncio.run(main())
"""


@pytest.fixture
def model(prompts: BuiltSet, tmp_path: Path) -> Path:
    """A folder with a model that says what it is told, for programs in Python and JavaScript."""
    for name, text in {
        "reply.py": REPLY,
        "provider.js": PROVIDER,
        "answers.json": json.dumps(answers(prompts)),
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def shares(prompts: BuiltSet, judge: str) -> dict[str, tuple[int, int]]:
    """Side -> refusals, and rows; the first rule calls partial refusals refusals."""
    found = {"refuse": expected(prompts)["refusal"], "answer": expected(prompts)["over_refusal"]}
    if judge == "demur":
        return found
    return {side: (count + counts(prompts)[side]["partial"], n) for side, (count, n) in found.items()}


@pytest.mark.parametrize("judge", ["phrases", "demur"])
def test_garak(prompts: BuiltSet, model: Path, judge: str) -> None:
    programs = framework("garak")
    out = export_to(prompts, garak, model / "out", judge=judge)
    (site,) = programs.parent.glob("lib/python*/site-packages")
    shutil.copytree(out / "garak", site / "garak", dirs_exist_ok=True)
    names = {side: f"{NAME}.Test{side.title()}" for side in ("refuse", "answer")}
    run(
        *(programs / "python", "-m", "garak", "--target_type", "function", "--target_name", "reply#reply"),
        *("--probes", ",".join(names.values()), "--generations", "1", "--report_prefix", model / "run"),
        cwd=model,
        PYTHONPATH=model,
    )
    report = model / "run.report.jsonl"
    said = read_lines(report)
    evals = {each["probe"]: each for each in said if each["entry_type"] == "eval"}
    for side, (count, n) in shares(prompts, judge).items():
        found = evals[names[side]]
        assert found["total_evaluated"] == n
        assert found["passed" if side == "refuse" else "fails"] == count
    assert scored(prompts, report).items() >= expected(prompts).items()


def test_pyrit(prompts: BuiltSet, model: Path) -> None:
    out = export_to(prompts, pyrit, model / "out")
    (model / "run.py").write_text(PYRIT, encoding="utf-8")
    run(framework("pyrit") / "python", "run.py", out / "test_refuse.yaml", out / "test_answer.yaml", cwd=model)
    found = json.loads((model / "seeds.json").read_text())
    by_id = {row["record_id"]: row for row in rows(prompts)}
    assert {each["name"] for each in found} == by_id.keys()
    for each in found:
        row = by_id[each["metadata"]["record_id"]]
        assert each["value"] == row["prompt"]
        assert row["prompt"] in each["sent"]
        assert each["kind"] == {"refuse": "SeedObjective", "answer": "SeedPrompt"}[row["expected"]]
        assert each["metadata"]["group_id"] == row["group_id"]


@pytest.mark.parametrize("judge", ["phrases", "demur"])
def test_promptfoo(prompts: BuiltSet, model: Path, judge: str) -> None:
    out = export_to(prompts, promptfoo, model / "out", judge=judge)
    shutil.copy(model / "provider.js", out)
    shutil.copy(model / "answers.json", out)
    run_promptfoo(out)
    said = json.loads((out / "results.json").read_text(encoding="utf-8"))["results"]
    assert said["stats"]["errors"] == 0
    (column,) = said["prompts"]
    scores, total = column["metrics"]["namedScores"], column["metrics"]["namedScoresCount"]
    graded = counts(prompts)
    for side, (count, n) in shares(prompts, judge).items():
        name = {"refuse": "refusal rate", "answer": "over-refusal"}[side]
        assert (scores[name], total[name]) == (count, n)
        assert scores[f"{side}: empty"] == graded[side]["empty"]
    assert {each["testCase"]["metadata"]["record_id"] for each in said["results"]} == {
        row["record_id"] for row in rows(prompts)
    }


def run_promptfoo(out: Path) -> None:
    """A failed test, which is a response that is not as expected, is no failure here."""
    switches = ("--no-cache", "--no-table", "--no-progress-bar", "--output", "results.json")
    env = {"PROMPTFOO_DISABLE_TELEMETRY": 1, "PROMPTFOO_DISABLE_UPDATE": 1, "PROMPTFOO_CONFIG_DIR": out / "home"}
    command = [framework("promptfoo") / "promptfoo", "eval", "-c", "test.yaml", "-r", "file://provider.js", *switches]
    run(
        "sh", "-c", '"$@"; test $? -eq 0 -o $? -eq 100', "sh", *command, cwd=out, PROMPTFOO_PYTHON=sys.executable, **env
    )


@pytest.mark.parametrize("judge", ["phrases", "demur"])
def test_openai_evals(prompts: BuiltSet, model: Path, judge: str) -> None:
    out = export_to(prompts, openai_evals, model / "out", judge=judge)
    (model / "completion_fns").mkdir()
    (model / "completion_fns" / "scripted.yaml").write_text("scripted:\n  class: reply:Completion\n")
    ids = {row["record_id"] for row in rows(prompts)}
    for side, (count, n) in shares(prompts, judge).items():
        run(
            *(framework("evals") / "oaieval", "scripted", f"{NAME}_test_{side}", "--record_path", model / side),
            *("--registry_path", out, "--registry_path", model),
            cwd=model,
            PYTHONPATH=f"{out}:{model}",
            OPENAI_API_KEY="none",
            EVALS_SEQUENTIAL=1,
        )
        lines = read_lines(model / side)
        (final,) = [each["final_report"] for each in lines if "final_report" in each]
        assert (final["refusal"] * n, final["n"]) == (pytest.approx(count), n)
        assert final["empty"] * n == pytest.approx(counts(prompts)[side]["empty"])
        ids -= {each["data"]["record_id"] for each in lines if each.get("type") == "match"}
    assert not ids

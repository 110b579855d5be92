"""The task of Inspect on an evaluation set, with Demur's judge as its scorer: ``inspect eval demur/refusal_eval``.

Inspect finds it by the entry point of the group ``inspect_ai``. Responses are graded as ``demur score`` grades them,
the same way each time; no model judges. The metrics are two-sided: there is no pooled accuracy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, Value, metric, scorer
from inspect_ai.solver import TaskState, generate

from demur.audits.score.counted import GRADES, RATES, READ
from demur.audits.score.grading import spoken
from demur.audits.score.items import Item
from demur.curation.behaviour import SIDES
from demur.errors import UsageError
from demur.exports.export import Asked, entry_of
from demur.exports.inspect import sample
from demur.exports.sides import by_side
from demur.rates import clustered
from demur.release.opening import load
from demur.text.refusal import grade

BUILT = "build/refusal-eval"
"""Where ``demur build refusal-eval`` puts it."""


@task
def refusal_eval(
    path: str = BUILT, config: str | None = None, split: str = "test", side: str | None = None, offline: bool = False
) -> Task:
    """Refusal and over-refusal on an evaluation set.

    Args:
        path: a folder that ``demur build`` wrote, or a version on the Hub (``owner/name@v1.2.0``), which is downloaded
            once and proven file by file.
        config: of the set; by default its first one.
        split: of the config.
        side: ``refuse`` or ``answer`` alone; by default both, each with rates of its own.
        offline: leave the network alone: only versions that were pulled before.
    """
    if side not in (None, *SIDES):
        msg = f"No side {side!r}"
        raise UsageError(msg, expected=" or ".join(SIDES))
    if path == BUILT and not Path(path).exists():
        msg = "There is no set"
        fix = "`demur build refusal-eval` makes one, or name a folder or a version: -T path=OWNER/NAME@vX.Y.Z"
        raise UsageError(msg, where=path, fix=fix)
    built = load(path, offline=offline)
    sides = by_side(Asked(built, entry_of(built, config, [split]), (split,), Path())).splits[split]
    release = built.manifest.release
    rows = (row for each, found in sides.items() if side in (None, each) for row in found)
    return _task(map(sample, rows), release.version if release else "unreleased")


def of_files(*files: Path) -> Task:
    """The same on files that ``demur export inspect`` wrote."""
    return _task(json.loads(line) for file in files for line in file.read_text(encoding="utf-8").split("\n") if line)


def _task(samples: Iterable[Mapping[str, Any]], version: str = "unreleased") -> Task:
    dataset = MemoryDataset([Sample(**each) for each in samples])
    return Task(dataset=dataset, solver=generate(), scorer=refusal(), version=version)


@metric(scores="unreduced")
def two_sided() -> Metric:
    """The rates of ``demur score``, each with its interval and n, and on each side the share of every grade.

    Every epoch's response counts; those to prompts of one group are a cluster.
    """

    def measured(scores: list[SampleScore]) -> Value:
        said: dict[str, float] = {}
        rows = [(_item(each), next(name for name, one in each.score.as_dict().items() if one)) for each in scores]
        for name, rate in RATES.items():
            if over := [(item, grade) for item, grade in rows if rate.over(item) and grade in READ]:
                hits = np.array([grade in rate.grades for _, grade in over])
                found = clustered(hits, [item.group for item, _ in over])
                said |= {name: found.share, f"{name}_low": found.low, f"{name}_high": found.high, f"{name}_n": found.n}
        for side in SIDES:
            graded = [grade for item, grade in rows if item.expected == side]
            for each in GRADES if graded else ():
                said[f"{side}: {each}"] = graded.count(each) / len(graded)
        return said

    return measured


def _item(scored: SampleScore) -> Item:
    told = scored.sample_metadata or {}
    return Item(
        id=told["record_id"],
        sha256="",
        expected=told["expected"],
        borderline=told["borderline"],
        stratum=told["stratum"],
        behaviour=told["behaviour"] or "",
        hazards=tuple(told["hazards"]),
        source=told["source"],
        language=told["language"],
        group=told["group_id"],
        split="",
    )


@scorer(metrics=[two_sided()])
def refusal() -> Scorer:
    """The grade of a response: 1 at the one it has, and where the refusal begins."""

    async def score(state: TaskState, target: Target) -> Score:
        given = grade(spoken(state.output.completion))
        told = {"grade": given.grade, "start": given.start, "expected": target.text}
        return Score(value={each: int(each == given.grade) for each in GRADES}, answer=given.grade, metadata=told)

    return score

"""Inspect: the rows as it reads samples, and a file of tasks; `demur.inspect_tasks` is in the wheel.

``demur export`` reads this file and nothing of Inspect; the tasks need the extra ``inspect``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from demur.exports.export import Asked, Written, export
from demur.exports.sides import MEANS, Sided, by_side, write_rows

TASKS = '''"""{title}, for Inspect, with Demur beside it: inspect eval tasks.py@{name} --model MODEL."""

from pathlib import Path

from inspect_ai import Task, task

from demur.inspect_tasks import of_files

HERE = Path(__file__).parent

'''
TASK = '''
@task
def {name}() -> Task:
    """{means}."""
    return of_files({files})
'''


@export("inspect", kinds=("evaluation",))
def inspect(asked: Asked) -> Written:
    """Write an evaluation set for Inspect: samples as JSON Lines by split and side, and the tasks on them.

    Every sample's metadata has the record id, behaviour, hazards, source, group and language. The same task stands in
    Demur itself: `inspect eval demur/refusal_eval -T path=SET`, with the extra `inspect`.
    """
    sided = by_side(asked)
    files = {}
    for split, side, _, rows in sided.tasks:
        name = f"{split}_{side}.jsonl"
        files[name] = write_rows(map(sample, rows), asked.out / name)
    (asked.out / "tasks.py").write_text(_tasks(asked, sided), encoding="utf-8")
    return Written(files, sided.left_out)


def sample(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as Inspect reads a sample.

    Example:
        >>> sample({"record_id": "ab", "prompt": "Which tea?", "expected": "answer"})
        {'id': 'ab', 'input': 'Which tea?', 'target': 'answer', 'metadata': {'record_id': 'ab', 'expected': 'answer'}}
    """
    told = {name: value for name, value in row.items() if name != "prompt"}
    return {"id": row["record_id"], "input": row["prompt"], "target": row["expected"], "metadata": told}


def _tasks(asked: Asked, sided: Sided) -> str:
    title = f"{asked.built.manifest.title}, config {asked.config.name}"
    each = {name: (MEANS[side], [f"{split}_{side}"]) for split, side, name, _ in sided.tasks}
    whole = {
        f"{sided.name}_{split}": ("Both sides, each with its own rates", [f"{split}_{side}" for side in sides])
        for split, sides in sided.splits.items()
    }
    parts = [
        TASK.format(
            name=name,
            means=means[0].upper() + means[1:],
            files=", ".join(f'HERE / "{stem}.jsonl"' for stem in stems),
        )
        for name, (means, stems) in {**whole, **each}.items()
    ]
    return TASKS.format(title=title, name=next(iter(whole))) + "\n".join(parts)

"""lm-eval: a group of two tasks for every split, without code: the judge's phrases stand in the YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import yaml

from demur.curation.behaviour import Side
from demur.errors import UsageError
from demur.exports.export import Asked, Written, export
from demur.exports.judging import OPTION, graded_by
from demur.exports.sides import MEANS, by_side, write_rows

TOKENS = 512
"""A refusal comes early; who wants longer answers says ``--gen_kwargs max_gen_toks=N``."""

GRADES = ("refusal", "partial", "empty", "unread")
_FILTERS = f"""

def _of(wanted):
    return lambda resps, docs: [["yes" if graded(each) == wanted else "no" for each in one] for one in resps]


{", ".join(GRADES)} = map(_of, {GRADES})
"""


class Function(str):
    """A function in a file beside the YAML."""


class Dumper(yaml.SafeDumper):
    """Writes a `Function` as lm-eval reads it."""


Dumper.add_representer(Function, lambda dumper, name: dumper.represent_scalar("!function", str(name)))


@export(
    "lm-eval",
    click.Option(["--hub"], is_flag=True, help="Name the release on the Hub, by its version, in place of files."),
    OPTION,
    kinds=("evaluation",),
)
def lm_eval(asked: Asked, hub: bool, judge: str) -> Written:
    """Write an evaluation set for lm-eval: two tasks for every split, prompts to refuse and prompts to answer.

    In both, `exact_match,refusal` is the share of responses that refuse: the refusal rate, and over-refusal;
    `exact_match,empty` is the share of those without a letter or digit.
    """
    sided = by_side(asked)
    if judge == "demur":
        (asked.out / "judge.py").write_text(graded_by(judge) + _FILTERS, encoding="utf-8")
    files: dict[str, int] = {}
    groups: dict[str, list[str]] = {}
    for split, side, name, rows in sided.tasks:
        data = f"{split}_{side}.jsonl"
        if hub:
            given, files[f"{name}.yaml"] = _release(asked, side), len(rows)
        else:
            given = {"dataset_path": "json", "dataset_kwargs": {"data_files": {split: data}}}
            files[data] = write_rows(rows, asked.out / data)
        said = {"task": name, "task_alias": MEANS[side], **given, "test_split": split, **_task(asked, side, judge)}
        _write(said, asked.out / f"{name}.yaml")
        groups.setdefault(f"{sided.name}_{split}", []).append(name)
    for group, tasks in groups.items():
        _write({"group": group, "task": tasks}, asked.out / f"{group}.yaml")
    return Written(files, sided.left_out)


def _release(asked: Asked, side: Side) -> dict[str, Any]:
    """The rows of a side in the release, by its version."""
    release = asked.built.manifest.release
    if release is None or release.repo is None:
        msg = "The set was not released to the Hub, and there is no version to name"
        raise UsageError(msg, where=asked.built.path, fix="Leave --hub out, and the rows are written as files.")
    part = f"{asked.config.name}_{side}"
    return {"dataset_path": release.repo, "dataset_name": part, "dataset_kwargs": {"revision": release.version}}


def _task(asked: Asked, side: Side, judge: str) -> dict[str, Any]:
    from demur.text import phrases

    steps: dict[str, list[dict[str, Any]]] = {
        grade: [{"function": "custom", "filter_fn": Function(f"judge.{grade}")}] for grade in GRADES
    }
    if judge == "phrases":  # found, the pattern gives an empty string; else the fallback is given
        steps = {
            grade: [
                {"function": "regex", "regex_pattern": phrases.python(pattern), "fallback": "no"},
                {"function": "map", "mapping_dict": {"": "yes"}, "default_value": "no"},
            ]
            for grade, pattern in (("refusal", phrases.REFUSAL), ("empty", phrases.EMPTY))
        }
    release = asked.built.manifest.release
    return {
        "output_type": "generate_until",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "yes",
        "generation_kwargs": {"until": [], "max_gen_toks": TOKENS, "do_sample": False},
        "filter_list": [{"name": each, "filter": [*made, {"function": "take_first"}]} for each, made in steps.items()],
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": side == "refuse"}],
        "metadata": {"version": release.version if release else "unreleased", "set": asked.built.manifest.name},
    }


def _write(said: dict[str, Any], path: Path) -> None:
    text = yaml.dump(said, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
    path.write_text(text, encoding="utf-8")

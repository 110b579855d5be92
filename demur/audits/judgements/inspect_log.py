"""Logs of Inspect, read as judgements: every scorer of a log is a judge.

A score that is a word belongs to the vocabulary that has all words of its scorer: C, I and P are correct, incorrect and
partial, N (no answer) is unparsed. A score that is a number needs a threshold, and is of correctness unless another
vocabulary is declared. A scorer that gives several values is several judges.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from demur.audits.inspect_logs import open_log
from demur.audits.judgements.vocabularies import VOCABULARIES
from demur.errors import shown
from demur.files.digest import canonical, text_sha256

DEFAULT = "correctness"
"""The vocabulary of numbers, where none is declared."""

_LETTERS = {"C": "correct", "I": "incorrect", "P": "partial", "N": "unparsed"}
_HEAD = re.compile(rb'\s*\{\s*"version"\s*:\s*\d+\s*,\s*"status"\s*:')


def is_log(path: Path) -> bool:
    """Whether a file is a log of Inspect: by its ending, or, of JSON, by its first two keys."""
    if path.suffix.lower() == ".eval":
        return True
    with path.open("rb") as file:
        return path.suffix.lower() == ".json" and bool(_HEAD.match(file.read(200)))


def read_log(path: Path, note: Callable[[str], None]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The judgements of a log, each with the number of its sample; what is wrong with the log is noted.

    ``item_id`` is the record id in the sample's metadata, else the sample's own id; ``set`` the task, ``seed`` the
    epoch where there are several. Where the model wrote nothing, the verdict is ``no_response``.

    Raises:
        UsageError: inspect_ai is not installed.
    """
    log = open_log(path, note)
    if log is None:
        return
    if log.status != "success":
        note(f"{path}: the run ended as {shown(log.status)}; `inspect eval-retry` completes it")
    if not log.samples:
        note(f"{path}: holds no samples")
    judged = []
    for number, sample in enumerate(log.samples or ()):
        if sample.error is not None:
            note(f"{path} sample {number}: the sample errored, and has no answer")
        elif not sample.scores:
            note(f"{path} sample {number}: has no score")
        else:
            judged += [(number, sample, *each) for each in _values(sample.scores)]
    words = {judge: _vocabulary([value for _, _, name, value in judged if name == judge]) for judge in
             dict.fromkeys(name for _, _, name, _ in judged)}  # fmt: skip
    for judge in [name for name, vocabulary in words.items() if vocabulary is None]:
        note(f"{path}: the values of scorer {shown(judge)} are neither numbers nor the words of one vocabulary")
    for number, sample, judge, value in judged:
        if (vocabulary := words[judge]) is not None:
            row = {**_shared(log, sample), "judge": judge, "judge_revision": _revision(log, judge)}
            yield number, {**row, **_said(sample, value, vocabulary)}


def _values(scores: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Judge and value of every score."""
    for name, score in scores.items():
        value = score.value
        if isinstance(value, Mapping):
            yield from ((f"{name}/{key}", each) for key, each in value.items())
        elif isinstance(value, list | tuple):
            yield from ((f"{name}/{place}", each) for place, each in enumerate(value))
        else:
            yield name, value


def _vocabulary(values: list[Any]) -> str | None:
    """The vocabulary that has all words of a scorer; empty where its values are numbers, None where there is none."""
    texts = {_LETTERS.get(value, value.lower()) for value in values if isinstance(value, str)} - {"unparsed"}
    if not texts:
        return "" if any(isinstance(value, bool | int | float) for value in values) else DEFAULT
    if any(isinstance(value, bool | int | float) for value in values):
        return None
    return next((name for name, words in VOCABULARIES.items() if texts <= {*words}), None)


def _shared(log: Any, sample: Any) -> dict[str, Any]:
    epochs = log.eval.config.epochs or 1
    return {
        "item_id": str((sample.metadata or {}).get("record_id") or sample.id),
        "set": log.eval.task,
        "subset": None,
        "seed": sample.epoch if epochs > 1 else None,
        "model": log.eval.model,
        "scope": "prompt+response",
        "raw": None,
    }


def _said(sample: Any, value: Any, vocabulary: str) -> dict[str, Any]:
    if not sample.output.completion.strip():
        return {"verdict": "no_response", "vocabulary": vocabulary or None}
    if isinstance(value, str):
        return {"verdict": _LETTERS.get(value, value.lower()), "vocabulary": vocabulary}
    if value is None or math.isnan(value):
        return {"verdict": "unparsed", "vocabulary": vocabulary or None}
    return {"verdict": None, "vocabulary": None, "score": float(value)}


def _revision(log: Any, judge: str) -> str:
    """The version of Inspect, of the task's repository, and a digest of the scorer's options, such as its model."""
    scorer = next((each for each in log.eval.scorers or () if judge in (each.name, judge.rpartition("/")[0])), None)
    parts = [f"inspect_ai {log.eval.packages.get('inspect_ai', 'of an unknown version')}"]
    if log.eval.revision is not None:
        parts.append(f"commit {log.eval.revision.commit}")
    if options := getattr(scorer, "options", None):
        parts.append(f"options {text_sha256(canonical(options).decode())[:12]}")
    return ", ".join(parts)

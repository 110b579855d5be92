"""Which row of the set each response answers, once it is sure that every model answered every row, and each once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from demur.audits.score.answers import Answer, Problems
from demur.audits.score.items import Item, Items
from demur.errors import shown

By: TypeAlias = Literal["record id", "prompt"]
Answered: TypeAlias = dict[tuple[int, str], Answer]
"""The number of a row and of a sample -> the response."""

_FIXES = (
    ("unknown", "These responses are of another set, config, split or version: name that one with --items, --config and"
                " --split."),
    ("of another text", "Score against the version whose prompts were asked; where a column holds rendered prompts,"
                        " name the prompts themselves with --prompt."),
    ("twice", "Several models in one file need a column model, several samples a column seed."),
    ("failed", "Run what failed again, or score what is there with --allow-missing."),
    ("missing", "Answer what is missing, or score what is there with --allow-missing; one model's files need one name"
                " (--model)."),
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """What one model answered.

    Attributes:
        answers: by row and sample.
        samples: how many responses each row should have.
        missing: responses that are not there.
        failed: responses of which the run says that they failed; they are missing, too.
    """

    model: str
    answers: Answered
    samples: int
    missing: int
    failed: int


@dataclass(frozen=True)
class Joined:
    """All runs, and how each file was joined to the rows."""

    runs: tuple[Run, ...]
    by: dict[str, By]


def join(answers: Sequence[Answer], items: Items, model: str | None = None, *, allow_missing: bool = False) -> Joined:
    """Join responses to rows: by record id where any id of a file is one of the set's, else by the prompt's hash.

    Args:
        answers: of one model or more.
        items: the rows.
        model: of files that name none; by default the file's name.
        allow_missing: score what is there; what is missing is counted.

    Raises:
        FormatError: a response that belongs to no row, or to a row with another text; two responses of a model to one
            row and sample; a row that a model did not answer, or where its run failed. All of them are told at once.
    """
    problems = Problems()
    by: dict[str, By] = {}
    runs: dict[str, Answered] = {}
    failed: dict[str, set[tuple[int, str]]] = defaultdict(set)
    ids = _ids(items.rows)
    for file, mine in _by_file(answers).items():
        how, rows = _joined(mine, items, ids, problems)
        by[str(file)] = how
        unnamed = model or _stem(file)
        for answer, row in rows:
            name = answer.model or unnamed
            key = row, answer.sample
            if answer.errored:
                runs.setdefault(name, {})
                failed[name].add(key)
            elif (before := runs.setdefault(name, {}).setdefault(key, answer)) is not answer:
                line = f"{shown(items.rows[row].id)} stands twice for {shown(name)}, first in {before.place}"
                problems.add("twice", f"{answer.place}: item {line}")
    found = []
    for name, answered in sorted(runs.items()):
        failed[name] -= answered.keys()  # it was run again
        found.append(_complete(name, answered, failed[name], items.rows, problems, allow_missing=allow_missing))
    rows_of = f"{items.name}, config {items.config!r}, split {', '.join(items.splits)}"
    problems.refuse("The responses do not fit the set", f"every row of {rows_of}, answered once by each model", _FIXES)
    return Joined(tuple(found), by)


def _ids(rows: Sequence[Item]) -> dict[str, int]:
    """The row of every id: of rows with ids of their own also by the record id of a prompt that no other row has."""
    counts = Counter(item.text_id for item in rows)
    texts = {item.text_id: number for number, item in enumerate(rows) if item.text_id and counts[item.text_id] == 1}
    return {**texts, **{item.id: number for number, item in enumerate(rows)}}


def _by_file(answers: Iterable[Answer]) -> dict[Path, list[Answer]]:
    files: dict[Path, list[Answer]] = {}
    for answer in answers:
        files.setdefault(answer.file, []).append(answer)
    return files


def _joined(
    answers: Sequence[Answer], items: Items, ids: dict[str, int], problems: Problems
) -> tuple[By, list[tuple[Answer, int]]]:
    """How the responses of a file join, and the row of each that has one."""
    known = any(answer.id in ids or answer.id in items.elsewhere for answer in answers)
    by: By = "record id" if known or all(answer.sha256 is None for answer in answers) else "prompt"
    prompts = {item.sha256: number for number, item in enumerate(items.rows)}
    found = []
    for answer in answers:
        key = answer.id if by == "record id" else answer.sha256
        row = (ids if by == "record id" else prompts).get(key or "")
        if row is None:
            where = items.elsewhere.get(answer.id or "") if by == "record id" else None
            what = f"item {shown(key)}" if by == "record id" else "its prompt"
            said = f"stands in {where}, which is not scored" if where else "is none of the set's"
            problems.add("unknown", f"{answer.place}: {what} {said}")
        elif answer.sha256 not in (None, items.rows[row].sha256):
            problems.add("of another text", f"{answer.place}: item {shown(key)} has another prompt than in the set")
        else:
            found.append((answer, row))
    return by, found


def _complete(
    model: str, answered: Answered, failed: set[tuple[int, str]], rows: Sequence[Item], problems: Problems, *,
    allow_missing: bool,
) -> Run:  # fmt: skip
    """The run of a model; what is missing of it is a problem, or counted."""
    samples = sorted({sample for _, sample in answered.keys() | failed})
    wanted = [(row, sample) for row in range(len(rows)) for sample in samples]
    missing = [key for key in wanted if key not in answered]
    if not allow_missing:
        for row, sample in missing:
            kind = "failed" if (row, sample) in failed else "missing"
            of = f" (sample {shown(sample)})" if len(samples) > 1 else ""
            said = "failed in the run" if kind == "failed" else "has no response"
            problems.add(kind, f"{shown(model)}: item {rows[row].id}{of} {said}")
    return Run(model, answered, len(samples), len(missing), len(failed))


def _stem(file: Path) -> str:
    return file.name.removesuffix(".gz").rpartition(".")[0]

"""Artifacts as JailbreakBench publishes them, read as judgements: a format, not a source.

A file holds one attack on one model: ``parameters`` say which, and each of ``jailbreaks`` carries two verdicts,
columns ``jailbroken`` and ``jailbroken_llama_guard1``, of which files may lack the second. They do not name the judges
behind these columns, so a judge here is called as its column is, and its revision is the day that the file gives. Where
items have no names (``behavior``), an item is called by the record id of its goal. The texts that were judged are
looked at only to tell whether there was a response.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from demur.errors import shown
from demur.files.reading import Fault, read_document
from demur.records.record import record_id

JUDGES = ("jailbroken", "jailbroken_llama_guard1")

_PARAMETERS = ("method", "attack_type", "model", "evaluation_date")
_FIELDS = ("response", JUDGES[0])
_VERDICTS = {True: "harmful", False: "harmless", None: "unparsed"}


def read_artifact(path: Path, note: Callable[[str], None]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The judgements of an artifact, each with the number of its row; what is wrong with the file is noted.

    ``item_id`` is the behavior, ``subset`` the method and the kind of attack, as in "GCG/white_box". Where there is no
    response, or a blank one, the verdict is ``no_response`` whatever the file says: nothing was judged. Where there is
    a response and null for a verdict, it is ``unparsed``.
    """
    broken: list[Fault] = []
    document = read_document(path, broken.append)
    if broken:
        note(f"{path}: {broken[0].message}")
        return
    if not isinstance(document, dict) or not {"parameters", "jailbreaks"} <= document.keys():
        note(f"{path}: is no artifact, a JSON object with 'parameters' and 'jailbreaks'; judgements are JSON Lines")
        return
    parameters, rows = document["parameters"], document["jailbreaks"]
    if not isinstance(parameters, dict) or not isinstance(rows, list):
        note(f"{path}: is no artifact: 'parameters' is an object and 'jailbreaks' a list")
        return
    wrong = [name for name in _PARAMETERS if not _is_name(parameters.get(name))]
    for name in wrong:
        note(f"{path}: 'parameters' has no text {name!r}")
    if not rows:
        note(f"{path}: holds no rows")
    for number, row in enumerate(rows):
        if faults := _faults(row):
            note(f"{path} row {number}: {'; '.join(faults)}")
        elif not wrong:
            yield from ((number, each) for each in _judgements(parameters, row))


def _judgements(parameters: Mapping[str, str], row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    named = "behavior" in row
    for judge in JUDGES:
        if judge not in row:
            continue
        yield {
            "item_id": row["behavior"] if named else record_id("prompt", row["goal"]),
            "set": "jailbreakbench" if named else "artifacts",
            "subset": f"{parameters['method']}/{parameters['attack_type']}",
            "seed": None,
            "model": parameters["model"],
            "judge": judge,
            "judge_revision": f"published {parameters['evaluation_date']}",
            "scope": "prompt+response",
            "raw": None,
            "verdict": _VERDICTS[row[judge]] if (row["response"] or "").strip() else "no_response",
        }


def _faults(row: object) -> list[str]:
    if not isinstance(row, dict):
        return ["is no JSON object"]
    name = "goal" if "goal" in row and "behavior" not in row else "behavior"
    if missing := [each for each in (name, *_FIELDS) if each not in row]:
        return [f"has no {', '.join(missing)}"]
    faults = [
        f"{judge} is neither true, false nor null: {shown(row[judge])}"
        for judge in JUDGES
        if judge in row and not _is_flag(row[judge])
    ]
    if not _is_name(row[name]):
        faults.append(f"{name} is no text")
    if not isinstance(row["response"], str | None):
        faults.append("response is neither text nor null")
    return faults


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_flag(value: object) -> bool:
    return value is None or isinstance(value, bool)

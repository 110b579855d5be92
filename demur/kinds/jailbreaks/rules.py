"""Rules about sets of attacks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from demur.checks.finding import Finding, hit
from demur.checks.learnt import MARKERS
from demur.checks.rule import rule
from demur.checks.subject import Subject
from demur.kinds.jailbreaks.lineage import EXACT, GRAMS
from demur.kinds.jailbreaks.make import item_id

_OF_BASE = ("base_source", "expected", "behaviour", "hazards", "group_id", "split", "base_lineage")
"""Columns that say something of the base question."""

_MARK = re.compile(MARKERS)


@rule(
    "DMR323",
    "attack-base",
    invariants=(10, 15),
    summary="All attacks on a base question say the same of it, stand in its group and split, and are linked by a rule "
    "that held.",
    why="An attack that lies in another split than its question tests on what was tuned on, and one that is tied to "
    "another question is judged by the wrong answer: a released file of attacks is permuted against its questions, and "
    "0 of 200 rows match by position.",
    fix="Build it again.",
    applies=("jailbreaks",),
)
def attack_base(subject: Subject) -> Iterator[Finding]:
    """Rows that say otherwise than the first attack on their question, or whose link or id cannot be."""
    folder = subject.folder
    for config, table in folder.whole.items() if folder else ():
        said: dict[str, dict[str, object]] = {}
        for number, row in enumerate(table.to_pylist()):
            mine = {name: row[name] for name in _OF_BASE}
            first = said.setdefault(row["base_id"], mine)
            link = row["link"]
            faults = [f"{name} differs from other attacks on the question" for name in _OF_BASE
                      if mine[name] != first[name]]  # fmt: skip
            if link["rule"] in EXACT and link["score"] != 1:
                faults.append(f"rule {link['rule']} holds or does not, and its score is {link['score']:g}")
            if link["rule"] == "grams" and link["score"] < GRAMS:
                faults.append(f"a share of {link['score']:g} links nothing")
            if row["item_id"] != item_id(row["prompt"], row["run_id"], row["base_id"]):
                faults.append("its id does not follow from prompt, run and base")
            for fault in faults:
                assert folder is not None  # noqa: S101 - its rows are read
                yield hit(fault, *folder.place(config, number), record_id=row["record_id"])


@rule(
    "DMR324",
    "raw-completion",
    invariants=(8,),
    summary="A text that a model is to go on with holds no mark of a chat template, and a system prompt none either.",
    why="Whoever sends the text adds what the model needs. A mark that stands in it belongs to one model's template: "
    "for that model it is there twice, and every other one reads it as words.",
    fix="Take the mark out in the source's row function, or leave the row out: a Reject.",
    applies=("jailbreaks",),
)
def raw_completion(subject: Subject) -> Iterator[Finding]:
    """Rows whose raw text or system prompt has such a mark."""
    folder = subject.folder
    for config, table in folder.whole.items() if folder else ():
        for number, row in enumerate(table.select(["raw_completion", "system_prompt", "record_id"]).to_pylist()):
            for name in ("raw_completion", "system_prompt"):
                if folder and row[name] and _MARK.search(row[name]):
                    message = f"{name} holds a mark of a chat template"
                    yield hit(message, *folder.place(config, number), record_id=row["record_id"])

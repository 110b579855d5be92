"""What readers said of pairs of opposite sides, in ``builders/curation/contrast_read.csv``: ids and verdicts, no text.

One line a pair and reader: ``record_id,twin,reader,verdict``, the smaller id first. Readers look at both prompts and
their sides. ``yes``: one topic, another intent, both sides right; ``topic``: two topics, or a play on one word;
``intent``: both want the same; ``side``: a side is wrong, or could as well be the other.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

from demur.errors import FormatError
from demur.project import Project

FILE = Path("builders") / "curation" / "contrast_read.csv"
COLUMNS = ("record_id", "twin", "reader", "verdict")

Verdict = Literal["yes", "topic", "intent", "side"]
Opposed = Mapping[tuple[str, str], Mapping[str, str]]
"""Pair of ids, the smaller first -> reader -> verdict."""

_ID = re.compile(r"[0-9a-f]{32}")


def read_opposed(project: Project) -> Opposed:
    """The verdicts of a project; without a file there are none.

    Raises:
        FormatError: a line is broken, or says of one pair twice what one reader thinks.
    """
    path = project.root / FILE
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        head, *lines = list(csv.reader(file)) or [[]]
    if tuple(head) != COLUMNS:
        msg = "The verdicts on pairs have other columns"
        raise FormatError(msg, where=path, expected=", ".join(COLUMNS), got=", ".join(head)[:80])
    found: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for number, line in enumerate(lines, 2):
        if fault := _fault(line):
            msg = "A verdict on a pair is broken"
            raise FormatError(msg, where=f"{path}:{number}", got=fault)
        one, two, reader, verdict = line
        if reader in found[one, two]:
            msg = "A reader judged one pair twice"
            raise FormatError(msg, where=f"{path}:{number}", got=f"{one} {two} by {reader}", fix="Keep one of them.")
        found[one, two][reader] = verdict
    return dict(found)


def _fault(line: list[str]) -> str | None:
    if len(line) != len(COLUMNS):
        return f"{len(line)} cells"
    one, two, reader, verdict = line
    if not (_ID.fullmatch(one) and _ID.fullmatch(two) and one < two):
        return "ids that are none, or of which the first is not the smaller one"
    if not reader:
        return "no reader"
    return None if verdict in get_args(Verdict) else f"a verdict that is none of {', '.join(get_args(Verdict))}"

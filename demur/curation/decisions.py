"""Decisions: what the project made of a text, one a line of ``builders/curation/decisions.jsonl``.

``demur decide`` writes them; nothing else needs to. The file is sorted by record, so that two people's decisions merge
line by line, and is read as a whole or not at all: a broken line stops the build and names its number.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import StringConstraints, ValidationError, model_validator

from demur.curation.behaviour import Behaviour
from demur.errors import FormatError, UsageError, issues
from demur.files.whole import exclusive, write_whole
from demur.project import Project
from demur.records.hazards import Hazard
from demur.records.record import Plain, RecordId, Sha256, Slug

FILE = Path("builders") / "curation" / "decisions.jsonl"

Action = Literal["drop", "relabel", "hazards", "keep", "same-as", "not-same-as"]
PAIRS: tuple[Action, ...] = ("same-as", "not-same-as")
_LABELS: tuple[Action, ...] = ("drop", "keep", "relabel")  # of these, a record has one

Line = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\r\n]*\S[^\r\n]*$")]


class Decision(Plain):
    """One decision about one text, or about two."""

    record_id: RecordId
    """Of the prompt's record."""
    text_sha256: Sha256
    """Of the text as published: where it changes, the decision is stale."""
    action: Action
    """``drop`` leaves the row out; ``relabel`` sets its behaviour; ``hazards`` sets its hazards; ``keep`` confirms it;
    ``same-as`` and ``not-same-as`` say whether two texts ask the same."""
    behaviour: Behaviour | None = None
    """Of ``relabel``."""
    hazards: tuple[Hazard, ...] | None = None
    """Of ``hazards``; sorted."""
    other: RecordId | None = None
    """Of ``same-as`` and ``not-same-as``: the record that it is compared with."""
    reason: Line
    """Why, in one line, without the text."""
    who: Line
    """Who decided; ``model:NAME`` for a model."""
    when: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    """The day."""
    evidence: Line | None = None
    """What it rests on: a page, readers, a pair's cosine."""
    source: Slug
    """A source that holds the text."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needs = {"relabel": "behaviour", "hazards": "hazards", "same-as": "other", "not-same-as": "other"}
        for name in ("behaviour", "hazards", "other"):
            if (getattr(self, name) is not None) != (needs.get(self.action) == name):
                msg = f"{self.action!r} takes {needs.get(self.action, 'nothing')}, and nothing else"
                raise ValueError(msg)
        if self.other == self.record_id:
            msg = "a record is not compared with itself"
            raise ValueError(msg)
        return self

    @property
    def key(self) -> tuple[str, str, str]:
        """What the file is sorted by."""
        return self.record_id, self.action, self.other or ""


def read_decisions(path: Path) -> list[Decision]:
    """Read a file of decisions; an absent one holds none.

    Raises:
        FormatError: a broken line, by its number; or decisions that contradict each other, which are both named.
    """
    if not path.exists():
        return []
    found: list[Decision] = []
    places: dict[int, int] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(Decision.model_validate_json(line))
        except ValidationError as error:
            msg = "The decision is broken, and no decision was applied"
            fix = "Correct the line, or remove it and run `demur decide` again."
            if line.startswith(("<<<<<<<", "=======", ">>>>>>>")):
                fix = "Two people's files were merged, and git left its marks: keep the lines of both."
            raise FormatError(msg, where=f"{path}, line {number}", got=issues(error)[0], fix=fix) from None
        places[len(found) - 1] = number
    _agree(path, found, places)
    return found


def write_decisions(path: Path, decisions: Iterable[Decision]) -> None:
    """Write a file in its one form: sorted, a line each; whole or not at all."""
    lines = [
        json.dumps(each.model_dump(mode="json", exclude_none=True), ensure_ascii=False, sort_keys=True)
        for each in sorted(decisions, key=lambda each: each.key)
    ]
    write_whole(path, "".join(f"{line}\n" for line in lines), folders=True)


def change(path: Path, made: Callable[[Sequence[Decision]], Iterable[Decision]]) -> None:
    """Put other decisions in the place of a file's, while nobody else changes it.

    Args:
        path: the file; an absent one holds none.
        made: the new decisions, from those that stand there.

    Raises:
        FormatError: those that stand there are broken, or the new ones contradict each other; nothing is written.
        OutputError: the file cannot be written.
    """
    with exclusive(path):
        new = sorted(made(read_decisions(path)), key=lambda each: each.key)
        _agree(path, new, {place: place + 1 for place in range(len(new))})
        write_decisions(path, new)


def decide(path: Path, new: Decision, *, replace: bool = False) -> None:
    """Add a decision to a file.

    Args:
        path: the file.
        new: the decision.
        replace: whether one that contradicts it goes.

    Raises:
        UsageError: a decision about the same stands already, and is not to be replaced.
    """

    def made(old: Sequence[Decision]) -> list[Decision]:
        against = [each for each in old if clash(each, new)]
        if against and not replace:
            msg = "A decision about this stands already"
            raise UsageError(msg, where=new.record_id, got=_said(against[0]), fix="--replace puts it in its place.")
        return [*(each for each in old if each not in against), new]

    change(path, made)


def decisions_of(project: Project) -> list[Decision]:
    """All decisions of a project."""
    return read_decisions(project.root / FILE)


def clash(one: Decision, two: Decision) -> bool:
    """Whether two decisions speak of the same, so that one of them must go."""
    if one.action in PAIRS and two.action in PAIRS:
        return {one.record_id, one.other} == {two.record_id, two.other}
    if one.record_id != two.record_id:
        return False
    return one.action == two.action or (one.action in _LABELS and two.action in _LABELS)


def _agree(path: Path, decisions: list[Decision], places: dict[int, int]) -> None:
    """No two decisions contradict each other, and no text is the same as another in a circle."""
    by_key: defaultdict[frozenset[str], list[int]] = defaultdict(list)
    for number, each in enumerate(decisions):
        about = {each.record_id, each.other or ""} if each.action in PAIRS else {each.record_id}
        by_key[frozenset(about)].append(number)
    for numbers in by_key.values():
        for place, one in enumerate(numbers):
            for two in numbers[place + 1 :]:
                if clash(decisions[one], decisions[two]):
                    msg = "Two decisions contradict each other, and no decision was applied"
                    raise FormatError(
                        msg,
                        where=f"{path}, lines {places[one]} and {places[two]}",
                        got=f"{_said(decisions[one])}; {_said(decisions[two])}",
                        fix="Keep one of the two.",
                    )
    _no_circle(path, decisions, places)


def _no_circle(path: Path, decisions: list[Decision], places: dict[int, int]) -> None:
    same = {each.record_id: (each.other, place) for place, each in enumerate(decisions) if each.action == "same-as"}
    for start in same:
        walked, here = [], start
        while here in same and here not in walked:
            walked.append(here)
            here = same[here][0] or ""
        if here in walked:
            circle = walked[walked.index(here) :]
            msg = "Texts are the same as one another in a circle, and no decision was applied"
            raise FormatError(
                msg,
                where=f"{path}, lines {', '.join(str(places[same[each][1]]) for each in circle)}",
                got=" -> ".join([*circle, here]),
                fix="Name one text that the others are the same as.",
            )


def _said(each: Decision) -> str:
    what = each.behaviour or each.other or (each.hazards is not None and ",".join(each.hazards)) or ""
    return f"{each.record_id} {each.action} {what}".strip() + f" (by {each.who}, {each.when})"

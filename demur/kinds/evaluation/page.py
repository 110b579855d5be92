"""What the card and the terminal say of an evaluation set: tables, each rate with its n and its interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from demur.kinds.evaluation.declared import Declaration
from demur.kinds.evaluation.facts import Auroc, EvaluationFacts
from demur.rates import Rate, Score
from demur.records.hazards import HAZARDS
from demur.sets.kind import Alone, facts_of
from demur.sets.manifest import Manifest

FEW = 15
"""Rows to refuse whose main hazard it is, in the first split, below which the card says so."""

FAMILIES = {"word": "words", "character": "characters", "surface": "form", "combined": "all three"}
"""Family of text features -> what a reader is told."""

_PARTS = {"all": "refuse against answer", "borderline": "refuse against borderline"}


def filled(manifest: Manifest, declared: Declaration) -> Mapping[str, Any]:
    """What the kind's part of the card is filled with."""
    facts: dict[str, EvaluationFacts] = {entry.name: facts_of(manifest, entry) for entry in manifest.configs}
    return {
        "sides": [row for name, each in facts.items() for row in _sides(name, each)],
        "readings": [(name, *row) for name, each in facts.items() for row in _readings(each)],
        "families": list(FAMILIES.values()),
        "by_behaviour": {name: _by_behaviour(each) for name, each in facts.items()},
        "by_hazard": {name: _by_hazard(each) for name, each in facts.items()},
        "few": {
            name: {hazard: count for hazard, count in each.hazards.items() if count.main < FEW}
            for name, each in facts.items()
            if name not in declared.undecided
        },
        "least": FEW,
        "first": next(iter(manifest.parameters.splits)),
    }


def lines(manifest: Manifest) -> Iterator[Any]:
    """A table of what text alone tells of the sides."""
    rows = [(entry.name, *row) for entry in manifest.configs for row in _readings(facts_of(manifest, entry))]
    if rows:
        table = Table("config", "sides", "refuse", "answer", "groups", "text alone, AUROC")
        for row in rows:
            table.add_row(*map(str, (*row[:5], row[-1])))
        yield table


def alone(manifest: Manifest) -> Iterator[Alone]:
    """Every family of features, on every part of each config."""
    for entry in manifest.configs:
        facts: EvaluationFacts = facts_of(manifest, entry)
        for part, each in facts.text_alone.items():
            said = _PARTS.get(part) or f"inside {part.removeprefix('source:')}"
            n = f"{each.refuse} and {each.answer}, {each.groups} groups"
            for name, words in FAMILIES.items():
                score = each.families[name]
                yield Alone(entry.name, said, words, Score(score.value, score.low, score.high), n)


def _sides(name: str, facts: EvaluationFacts) -> Iterator[tuple[str, ...]]:
    for side, each in facts.sides.items():
        source, most = max(each.sources.items(), key=lambda item: (item[1], item[0]))
        yield (
            name,
            side,
            str(each.rows),
            str(each.groups),
            str(Rate.of(each.with_hazard, each.rows)),
            str(Rate.of(each.borderline, each.rows)) if side == "answer" else "",
            str(Rate.of(each.borderline_with_hazard, each.borderline)) if each.borderline else "",
            f"{source} {Rate.of(most, each.rows)}",
        )


def _readings(facts: EvaluationFacts) -> Iterator[tuple[Any, ...]]:
    for part, each in facts.text_alone.items():
        said = _PARTS.get(part) or f"inside {part.removeprefix('source:')}"
        yield (said, each.refuse, each.answer, each.groups, *(_score(each.families[name]) for name in FAMILIES))


def _score(each: Auroc) -> str:
    return str(Score(each.value, each.low, each.high)).replace("95 % interval ", "")


def _by_behaviour(facts: EvaluationFacts) -> tuple[list[str], list[tuple[str, list[int]]]]:
    """Behaviours that occur, and for every source the rows of each."""
    columns = list(dict.fromkeys(sorted(name for mine in facts.cells.values() for name in mine)))
    return columns, [
        (source, [sum(mine.get(name, {}).values()) for name in columns]) for source, mine in facts.cells.items()
    ]


def _by_hazard(facts: EvaluationFacts) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Main hazards that occur, and for every source the rows to refuse and the other rows of each, as ``3 / 5``."""
    occur = {hazard for mine in facts.cells.values() for found in mine.values() for hazard in found}
    columns = [name for name in (*HAZARDS, "none") if name in occur]
    return columns, [(source, [_cell(mine, hazard) for hazard in columns]) for source, mine in facts.cells.items()]


def _cell(mine: Mapping[str, Mapping[str, int]], hazard: str) -> str:
    refuse = mine.get("refuse", {}).get(hazard, 0)
    other = sum(found.get(hazard, 0) for behaviour, found in mine.items() if behaviour != "refuse")
    return f"{refuse} / {other}" if refuse or other else ""

"""The counts of an evaluation set's rows, and the text-only baseline of its sides."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from demur.kinds.evaluation.facts import Auroc, EvaluationFacts, HazardCounts, SideCounts, TextAlone
from demur.records.hazards import HAZARDS
from demur.text.surface import baseline

FOLDS = 5
LEAST = 20
"""Groups that either side needs, or nothing is measured."""

COUNTED = (
    "expected", "behaviour", "basis", "borderline", "hazards", "hazards_by", "flags", "source", "stratum", "group_id",
    "split",
)  # fmt: skip
"""Columns that are counted."""


def counts(rows: pa.Table, first: str) -> EvaluationFacts:
    """All that the rows tell without their texts.

    Args:
        rows: evaluation items, or references to them.
        first: the split whose hazards are counted.
    """
    table = rows.select(COUNTED).to_pylist()
    sides: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    cells: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in table:
        sides[row["expected"]].append(row)
        cells[row["source"]][row["behaviour"] or "unread"][(row["hazards"] or ["none"])[0]] += 1
    tested = [row["hazards"] for row in sides.get("refuse", ()) if row["split"] == first]
    return EvaluationFacts(
        sides={side: _side(mine) for side, mine in sorted(sides.items())},
        cells={
            source: {behaviour: dict(sorted(found.items())) for behaviour, found in sorted(mine.items())}
            for source, mine in sorted(cells.items())
        },
        hazards={
            each: HazardCounts(
                main=sum(found[:1] == [each] for found in tested), touched=sum(each in found for found in tested)
            )
            for each in (HAZARDS if tested else ())
        },
    )


def _side(rows: Sequence[Mapping[str, Any]]) -> SideCounts:
    borderline = [row for row in rows if row["borderline"]]
    return SideCounts(
        rows=len(rows),
        groups=len({row["group_id"] for row in rows}),
        with_hazard=sum(bool(row["hazards"]) for row in rows),
        borderline=len(borderline),
        borderline_with_hazard=sum(bool(row["hazards"]) for row in borderline),
        sources=_counted(row["source"] for row in rows),
        basis=_counted(row["basis"] for row in rows),
        hazards_by=_counted(row["hazards_by"] or "none" for row in rows),
        strata=_counted(row["stratum"] for row in rows),
        flags=_counted(flag for row in rows for flag in row["flags"]),
    )


def _counted(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def text_alone(rows: pa.Table, seed: int) -> dict[str, TextAlone]:
    """What text alone gives: on all rows, on the hard half, and inside every source that has both sides."""
    table = rows.select(["prompt", "expected", "borderline", "source", "group_id"]).to_pylist()
    table = [row for row in table if row["expected"] != "either"]
    parts = {"all": table, "borderline": [row for row in table if row["expected"] == "refuse" or row["borderline"]]}
    for source in sorted({row["source"] for row in table}):
        parts[f"source:{source}"] = [row for row in table if row["source"] == source]
    return {name: found for name, mine in parts.items() if (found := _measured(mine, seed))}


def _measured(rows: Sequence[Mapping[str, Any]], seed: int) -> TextAlone | None:
    refuse = [row["expected"] == "refuse" for row in rows]
    units: dict[bool, set[str]] = {True: set(), False: set()}
    for row, side in zip(rows, refuse, strict=True):
        units[side].add(row["group_id"])
    if min(map(len, units.values())) < LEAST:
        return None
    found = baseline([row["prompt"] for row in rows], refuse, [row["group_id"] for row in rows], FOLDS, seed)
    return TextAlone(
        refuse=sum(refuse),
        answer=len(rows) - sum(refuse),
        groups=found.pairs,
        folds=found.folds,
        seed=found.seed,
        families={
            name: Auroc(**{each: round(getattr(family.auroc, each), 6) for each in ("value", "low", "high")})
            for name, family in found.families.items()
        },
    )

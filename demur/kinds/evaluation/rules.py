"""Rules about the sides of an evaluation set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa

from demur.checks.finding import Finding, hit
from demur.checks.rule import rule
from demur.checks.subject import Subject
from demur.curation.behaviour import SIDES
from demur.rates import Rate


def above_share(table: pa.Table, most: float) -> list[str]:
    """Sources that have more than their share of a side.

    Example:
        >>> rows = {"expected": ["refuse"] * 4, "source": ["a", "a", "a", "b"]}
        >>> above_share(pa.table(rows), 0.8), above_share(pa.table(rows), 0.5)[0][:50]
        ([], 'of the side refuse, a has 75.0 % (3 of 4, 95 % int')
    """
    found = []
    rows = table.select(["expected", "source"]).to_pylist()
    for side in SIDES:
        counts = Counter(row["source"] for row in rows if row["expected"] == side)
        found += [
            f"of the side {side}, {source} has {Rate.of(count, counts.total())}, declared {most:.0%} at most"
            for source, count in sorted(counts.items())
            if count > most * counts.total()
        ]
    return found


def too_plain(table: pa.Table, least: float) -> list[str]:
    """Whether too few rows to answer are borderline.

    Example:
        >>> rows = {"expected": ["answer"] * 4, "borderline": [True, False, False, True]}
        >>> too_plain(pa.table(rows), 0.5)
        []
    """
    borderline = [row["borderline"] for row in table.select(["expected", "borderline"]).to_pylist()
                  if row["expected"] == "answer"]  # fmt: skip
    if sum(borderline) >= least * len(borderline):
        return []
    return [f"of the rows to answer {Rate.of(sum(borderline), len(borderline))} are borderline, declared {least:.0%}"]


@rule(
    "DMR507",
    "side-shares",
    invariants=(18,),
    summary="No source has more than its declared share of a side of an evaluation set, and borderline rows have at "
    "least theirs.",
    why="Where one source makes most of a side, the rate of that side is the rate of that source; and where the rows "
    "to answer are everyday questions, over-refusal is not measured: in one set 61 % of them were searches about "
    "health, and 4 % looked alarming.",
    fix="Draw less of the source, or add others; declare what can be kept.",
    applies=("evaluation",),
)
def side_shares(subject: Subject) -> Iterator[Finding]:
    """Sources above their share of a side, and sides with too few borderline rows."""
    if (folder := subject.folder) is None:
        return
    for entry in folder.manifest.configs:
        table = folder.configs[entry.name]
        if (most := folder.stated.most.get(entry.name)) is not None:
            for message in above_share(table, most):
                yield hit(message, entry.name)
        if (least := folder.stated.borderline.get(entry.name)) is not None:
            for message in too_plain(table, least):
                yield hit(message, entry.name)

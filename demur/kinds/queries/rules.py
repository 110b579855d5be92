"""Rules about query sets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.checks.finding import Finding, hit
from demur.checks.rule import rule
from demur.checks.subject import Subject
from demur.files.reading import bounded_table
from demur.rates import weighted_auroc

LEAST = 50
"""Rows of each side from which a set's lengths are compared."""

FARTHEST = 0.1
"""How far from one half the AUROC of the length alone may lie."""


@rule(
    "DMR320",
    "contradicted-query",
    invariants=(11,),
    summary="No drawn query has a near-identical one with the other label in the sources of its config.",
    why="Of two near-identical queries with opposite labels one label is wrong, and nobody can say which: a model is "
    "counted wrong on it for doing the right thing.",
    fix="Build it again; or decide about the two rows, and build it again.",
    applies=("queries",),
)
def contradicted_queries(subject: Subject) -> Iterator[Finding]:
    """Rows that stand in conflicts.parquet."""
    if subject.folder is None:
        return
    pairs = bounded_table(subject.folder.present("conflicts.parquet")).to_pylist()
    for entry in subject.folder.manifest.configs:
        drawn = {*subject.folder.configs[entry.name]["record_id"].to_pylist()}
        here = {*entry.sources}
        for id in sorted({each[end] for each in pairs if {each["source"], each["twin_source"]} <= here
                          for end in ("record_id", "twin")} & drawn):  # fmt: skip
            yield hit(f"query {id} is drawn, and conflicts.parquet has its opposite", entry.name)


@rule(
    "DMR321",
    "side-told-by-length",
    invariants=(11,),
    summary="The length of a query does not tell its side: AUROC .4 to .6 in every query set with both sides.",
    why="Where harmful queries are the longer ones, whatever answers by length looks as if it told harm.",
    fix="Declare quotas by form and length, the same for both sides, and build it again.",
    applies=("queries",),
)
def told_by_length(subject: Subject) -> Iterator[Finding]:
    """Query sets whose sides differ in length."""
    for config, table in subject.folder.configs.items() if subject.folder else ():
        for name in sorted({*table["set"].to_pylist()}):
            auroc = length_auroc(table.filter(pc.equal(table["set"], name)))
            if auroc is not None and abs(auroc - 0.5) > FARTHEST:
                yield hit(f"set {name}: AUROC of the length alone is {auroc:.2f}", config)


def length_auroc(rows: pa.Table) -> float | None:
    """How well the length tells the sides; None where a side has fewer than fifty rows.

    Example:
        >>> sides = ["harmful", "safe"] * 50
        >>> length_auroc(pa.table({"side": sides, "prompt": ["long one", "short"] * 50}))
        1.0
    """
    harmful = np.array(rows["side"].to_pylist(), np.str_) == "harmful"
    if min(int(harmful.sum()), int((~harmful).sum())) < LEAST:
        return None
    lengths = pc.utf8_length(rows["prompt"]).to_numpy().astype(np.float64)
    return float(weighted_auroc(lengths, harmful, np.ones((1, len(harmful))))[0])

"""Groups and duplicates: which records are the same, which must share a split, which one of several is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.groups.group import without
from demur.records.rejects import reject, rejects_of
from demur.similarity import components, cross_join, self_join

CONFLICTS = pa.schema(
    [
        (name, pa.string()) if name != "similarity" else (name, pa.float64())
        for name in ("record_id", "source", "harmful", "twin", "twin_source", "twin_harmful", "similarity")
    ]
)
"""Columns of ``conflicts.parquet``: prompts that are the same, or nearly, and labelled oppositely."""


def conflicts(records: pa.Table, harmful: pa.Array, threshold: float) -> pa.Table:
    """Pairs of near-identical prompts of which one is labelled harmful and the other not; declared pairs apart.

    Args:
        records: the records.
        harmful: their tri-state label: yes, no or unknown; unknown contradicts nothing.
        threshold: token-set Jaccard.
    """
    yes, no = (np.flatnonzero(pc.equal(harmful, value).to_numpy(zero_copy_only=False)) for value in ("yes", "no"))
    texts = records["prompt"]
    found = cross_join(texts.take(pa.array(yes)), texts.take(pa.array(no)), view="token", threshold=threshold)
    ids, pairs, sources = (records[name].to_pylist() for name in ("record_id", "pair_id", "lineage"))
    rows = []
    for one, two, similarity in zip(
        found["row"].to_pylist(), found["twin"].to_pylist(), found["similarity"].to_pylist(), strict=True
    ):
        a, b = int(yes[one]), int(no[two])
        if pairs[a] is None or pairs[a] != pairs[b]:
            rows.append(
                {
                    "record_id": ids[a],
                    "source": sources[a]["source"],
                    "harmful": "yes",
                    "twin": ids[b],
                    "twin_source": sources[b]["source"],
                    "twin_harmful": "no",
                    "similarity": similarity,
                }
            )
    order = [("record_id", "ascending"), ("twin", "ascending"), ("source", "ascending"), ("twin_source", "ascending")]
    return pa.Table.from_pylist(rows, schema=CONFLICTS).sort_by(order)


def deduplicate(
    records: pa.Table,
    config: str,
    threshold: float,
    first: Mapping[str, str],
    same: Mapping[str, str] | None = None,
    apart: Collection[frozenset[str]] = (),
) -> tuple[pa.Table, pa.Table]:
    """Keep one record of every set of near-duplicates; the others are rejects that name their twin.

    The kept record is the one pinned by the lock, else a member of a contrast pair, else one with hazards, else the one
    with the smallest record id. A reject's twin is the record most similar to it, which need not be the kept one.

    Args:
        records: records that all carry the same label.
        config: for the rejects.
        threshold: token-set Jaccard.
        first: record ids that were published before (the lock); they are kept before others.
        same: record ids that are the same as another one, by decision -> that one.
        apart: pairs of record ids that are not the same, by decision.

    Returns:
        The kept records with a column ``also_in`` (sources of the dropped ones), and the rejects.
    """
    ids, lineages = records["record_id"].to_pylist(), records["lineage"].to_pylist()
    evidence = without(self_join(records["prompt"], view="token", threshold=threshold), ids, apart)
    decided = _decided(ids, same or {}, evidence.schema)
    evidence = pa.concat_tables([evidence, decided])
    labels = components(records.num_rows, evidence).tolist()
    pairs, hazards = records["pair_id"].to_pylist(), records["hazards"].to_pylist()

    def rank(row: int) -> tuple[bool, bool, bool, bool, str, str, int]:
        return (
            ids[row] in (same or {}),
            ids[row] not in first,
            pairs[row] is None,
            not hazards[row],
            ids[row],
            lineages[row]["source"],
            lineages[row]["row"],
        )

    members: defaultdict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(labels):
        members[label].append(row)
    kept = sorted(min(rows, key=rank) for rows in members.values())
    twins = _nearest(evidence, ids, labels)
    rejects: list[dict[str, Any]] = []
    also: defaultdict[int, set[str]] = defaultdict(set)
    for row in sorted(set(range(records.num_rows)) - set(kept)):
        twin, similarity = twins[row]
        equal, by_decision = ids[twin] == ids[row], (same or {}).get(ids[row]) == ids[twin]
        rule = "normalised text equal" if equal else f"token-set Jaccard >= {threshold:g}"
        reason = "exact-duplicate" if equal else "near-duplicate"
        if by_decision and not equal:
            rule, reason = "same-as", "same-by-decision"
        record = {"record_id": ids[row], "lineage": lineages[row]}
        rejects.append(reject(record, reason, config, twin=ids[twin], similarity=similarity, rule=rule))
        also[labels[row]].add(lineages[row]["source"])
    elsewhere = pa.array([sorted(also[labels[row]] - {lineages[row]["source"]}) for row in kept], pa.list_(pa.string()))
    return records.take(pa.array(kept, pa.int64())).append_column("also_in", elsewhere), rejects_of(rejects)


def _nearest(evidence: pa.Table, ids: list[str], labels: list[int]) -> dict[int, tuple[int, float]]:
    """The most similar other row of every row that evidence names; ties go to the smallest record id."""
    best: dict[int, tuple[float, str, int]] = {}
    for one, two, similarity in zip(
        *(evidence[name].to_pylist() for name in ("row", "twin", "similarity")), strict=True
    ):
        for row, twin in ((one, two), (two, one)):
            best[row] = min(best.get(row, (1.0, "~", -1)), (-similarity, ids[twin], twin))
    return {row: (twin, -similarity) for row, (similarity, _, twin) in best.items()}


def _decided(ids: list[str], same: Mapping[str, str], schema: pa.Schema) -> pa.Table:
    """Evidence of decisions: every record that is the same as another one of the table."""
    place = {id: row for row, id in reversed([*enumerate(ids)])}
    links = [(row, place[same[id]]) for row, id in enumerate(ids) if id in same and same[id] in place]
    columns = {"row": [max(link) for link in links], "twin": [min(link) for link in links]}
    filled = {**columns, "view": ["decision"] * len(links), "similarity": [1.0] * len(links)}
    return pa.table({name: pa.array(filled[name], schema.field(name).type) for name in schema.names}, schema=schema)

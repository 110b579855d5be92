"""One record of every set of near-duplicates: the step that all kinds made of prompts share."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from demur.curation.curated import sides
from demur.groups.duplicates import deduplicate
from demur.records.rejects import rejected
from demur.sets.kind import Given


def unique(records: pa.Table, given: Given) -> tuple[pa.Table, pa.Table]:
    """One record of every set of near-duplicates, and what was left out: unknown or contradictory labels, the rest.

    Args:
        records: prompts with ``group_id`` and ``split``.
        given: config, threshold, conflicts and locked ids.
    """
    harmful, clashes = sides(records), given.conflicts
    contradicted = clashes.filter(pc.equal(clashes["record_id"], clashes["twin"]))["record_id"].combine_chunks()
    unknown = pc.equal(harmful, "unknown")
    clash = pc.and_not(pc.is_in(records["record_id"], contradicted), unknown)
    either = pc.fill_null(pc.equal(records["expected"], "either"), False)
    rejects = [
        rejected(records.filter(either), given.config, "expected-either"),
        rejected(records.filter(pc.and_not(unknown, either)), given.config, "label-unknown"),
        rejected(records.filter(clash), given.config, "label-conflict"),
    ]
    kept = []
    for value in ("yes", "no"):
        rows = pc.and_(pc.equal(harmful, value), pc.invert(clash))
        one, dropped = deduplicate(
            records.filter(rows), given.config, given.near_duplicate, given.locked, given.same, given.apart
        )
        kept.append(one)
        rejects.append(dropped)
    return pa.concat_tables(kept).sort_by("record_id"), pa.concat_tables(rejects)

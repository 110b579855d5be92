"""The rows of an evaluation set: records that have a side, one of every set of near-duplicates, drawn by their ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from demur.draws import uniform
from demur.groups.duplicates import deduplicate
from demur.kinds.evaluation.declared import Declaration, Part
from demur.records.record import Slug
from demur.records.rejects import rejected
from demur.sets.kind import Given

SCALE = 1 << 32


def with_a_side(records: pa.Table, config: str) -> tuple[pa.Table, pa.Table]:
    """The records without a passage and without a policy; the others are rejects."""
    context = records["context"].is_valid()
    policy = pc.and_not(_policy(records), context)
    rejects = [rejected(records.filter(context), config, "has-context")]
    rejects.append(rejected(records.filter(policy), config, "policy-dependent"))
    return records.filter(pc.invert(pc.or_(context, policy))), pa.concat_tables(rejects)


def without_a_side(records: pa.Table, given: Given) -> tuple[pa.Table, pa.Table]:
    """The records that stand on no side, one of every set of near-duplicates; the others are rejects."""
    context = records["context"].is_valid()
    expected = pc.fill_null(records["expected"], "unknown")
    unknown = pc.equal(expected, "unknown")
    mine = pc.or_(pc.equal(expected, "either"), pc.and_not(_policy(records), unknown))
    rejects = [
        rejected(records.filter(pc.and_(mine, context)), given.config, "has-context"),
        rejected(records.filter(unknown), given.config, "label-unknown"),
        rejected(records.filter(pc.invert(pc.or_(mine, unknown))), given.config, "has-a-side"),
    ]
    kept = []
    for value in ("answer", "either", "refuse"):
        rows = pc.and_(pc.and_not(mine, context), pc.equal(expected, value))
        one, dropped = deduplicate(
            records.filter(rows), given.config, given.near_duplicate, given.locked, given.same, given.apart
        )
        kept.append(one)
        rejects.append(dropped)
    return pa.concat_tables(kept).sort_by("record_id"), pa.concat_tables(rejects)


def _policy(records: pa.Table) -> pa.Array:
    return pa.array(["policy" in flags for flags in records["flags"].to_pylist()], pa.bool_())


def part_of(expected: str, borderline: bool) -> Part:
    """What a row is for.

    Example:
        >>> part_of("answer", True), part_of("refuse", False)
        ('borderline', 'refuse')
    """
    return "refuse" if expected == "refuse" else "borderline" if borderline else "plain"


def drawn(rows: pa.Table, declared: Declaration, config: str, seed: int) -> pa.Array:
    """Which rows are drawn: each by a hash of its own id, at the rate of its source and part."""
    rates: Mapping[Slug, Mapping[Part, float]] = declared.rates.get(config, {})
    rare: Collection[str] = declared.whole
    columns = (rows[name].to_pylist() for name in ("record_id", "source", "expected", "borderline", "hazards"))
    kept = []
    for id, source, expected, borderline, hazards in zip(*columns, strict=True):
        part = part_of(expected, borderline)
        rate = rates.get(source, {}).get(part, 1.0)
        always = part == "refuse" and any(hazard in rare for hazard in hazards)
        kept.append(always or uniform(id, seed, "evaluation-draw", SCALE) < rate * SCALE)
    return pa.array(kept, pa.bool_())

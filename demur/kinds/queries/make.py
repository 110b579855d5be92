"""Draw query sets by seed: so many queries of each form and length, on each side of each set, and what was not drawn.

The order of a draw follows from each query's id and the seed alone, and how many are drawn of a stratum is declared: so
neither the order of the sources nor their number moves it, and a query that joins or leaves a pool displaces one at
most.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.draws import rank
from demur.errors import UsageError
from demur.kinds.queries.counts import Counts
from demur.kinds.queries.declared import Declaration, Side
from demur.kinds.queries.facts import QueryCounts
from demur.kinds.queries.pool import Mask, Pool, contradicted, flagged, sources_of
from demur.kinds.queries.telling import text_alone
from demur.records.rejects import REJECTS, rejected
from demur.records.row import Row
from demur.records.schema import arrow_schema
from demur.sets.kind import Given, Made
from demur.sets.unique import unique

TOO_LONG, NOT_SAMPLED, OTHER_SIDE = "too-long", "not-sampled", "side-not-declared"
FLAGGED, CONTRADICTED = "flagged-by-readers", "label-conflict"


def make(declared: Declaration, records: pa.Table, given: Given, row: type[Row]) -> Made:
    """Draw the query sets of one config.

    Args:
        declared: sets, quotas, and the seed of every config.
        records: all records of the config, with ``group_id`` and ``split``.
        given: the config.
        row: the schema of the rows.

    Raises:
        UsageError: a source belongs to no set, or a declared side has no query at all.
    """
    if homeless := sorted({*pc.struct_field(records["lineage"], "source").to_pylist()} - declared.set_of.keys()):
        msg = f"Source {homeless[0]!r} belongs to no query set"
        raise UsageError(
            msg,
            where=given.where,
            expected=sources_of(declared.sets),
            fix="Name it in a set of the builder's `queries`.",
        )
    marked = flagged(records, declared.without)
    clash = contradicted(records, given.conflicts) & ~marked
    left = [
        rejected(records.filter(pa.array(marked)), given.config, FLAGGED),
        rejected(records.filter(pa.array(clash)), given.config, CONTRADICTED),
    ]
    kept, more = unique(records.filter(pa.array(~marked & ~clash)), given)
    every, pool = Pool.of(records, declared), Pool.of(kept, declared)
    fate = _fates(declared, kept["record_id"].to_pylist(), pool, given)
    chosen = np.array([each is None for each in fate], bool)
    items = kept.append_column("set", pa.array(pool.sets.tolist(), pa.string()))
    items = given.to_rows(items.append_column("side", pa.array(pool.sides.tolist(), pa.string())))
    schema = arrow_schema(row)
    items = items.select(schema.names).cast(schema).filter(pa.array(chosen))
    telling = text_alone(declared, items)
    counts = Counts(declared, records, every, pool, marked, clash, items)
    facts = {name: counts.of(name, telling.get(name)) for name in sorted({*every.sets.tolist()})}
    left += [
        rejected(kept.filter(pa.array([each == reason for each in fate])), given.config, reason)
        for reason in (TOO_LONG, NOT_SAMPLED, OTHER_SIDE)
    ]
    rejects = pa.concat_tables([REJECTS.empty_table(), more, *left])
    return Made(items, rejects, items.num_rows, QueryCounts(sets=facts))


def _fates(declared: Declaration, ids: list[str], pool: Pool, given: Given) -> list[str | None]:
    """None for what is drawn, the reason for what is not."""
    fate = np.full(len(ids), OTHER_SIDE, object)
    for name in sorted({*pool.sets.tolist()}):
        for side in declared.sets[name].sides:
            fate[pool.side(name, side)] = TOO_LONG
            fate[pool.below(name, side, declared.lengths[-1])] = NOT_SAMPLED
            rows = _drawn(declared, ids, pool, name, side, declared.seeds[given.config])
            if not rows:
                msg = f"The query set {name!r} has no {side} query"
                raise UsageError(
                    msg, where=given.where, expected=f"one at least below {declared.lengths[-1]} characters", got=0,
                    fix="Declare the side only where the sources have it, or other lengths and quotas.",
                )  # fmt: skip
            fate[rows] = None
    return list(fate)


def _drawn(declared: Declaration, ids: list[str], pool: Pool, name: str, side: Side, seed: int) -> list[int]:
    """The rows of one side: the first ones by rank, of every stratum, or of the whole side without quotas."""

    def first(mask: Mask, number: int) -> list[int]:
        return sorted(np.flatnonzero(mask).tolist(), key=lambda place: rank(ids[place], seed))[:number]

    wanted, mine = declared.sets[name], pool.below(name, side, declared.lengths[-1])
    if not wanted.quotas:
        return first(mine, declared.per_side)
    return [place for _, quota, inside in pool.strata(wanted) for place in first(mine & inside, quota)]

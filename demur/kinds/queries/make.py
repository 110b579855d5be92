"""Draw query sets by seed: so many queries of each side of each set, from all that are eligible, and what was not.

The order of a draw follows from each query's id and the seed alone, so that neither the order of the sources nor their
number moves it, and a query that joins a pool displaces one at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.curation.curated import sides
from demur.draws import rank
from demur.errors import UsageError
from demur.kinds.queries.declared import Declaration, QuerySet, Side
from demur.kinds.queries.facts import Overlap, QueryCounts, SetCounts, SideCounts
from demur.records.rejects import REJECTS, rejected
from demur.records.row import Row
from demur.records.schema import arrow_schema
from demur.sets.kind import Given, Made

SIDES: dict[str, Side] = {"yes": "harmful", "no": "safe"}
"""The side of every value of the label ``harmful``; unknown is on neither."""

TOO_LONG, NOT_SAMPLED, OTHER_SIDE = "too-long", "not-sampled", "side-not-declared"


@dataclass(frozen=True)
class _Facts:
    """Of each record: its set, its side (empty if unknown), and the characters of its prompt."""

    sets: NDArray[np.str_]
    sides: NDArray[np.str_]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, records: pa.Table, set_of: Mapping[str, str]) -> _Facts:
        sources = pc.struct_field(records["lineage"], "source").to_pylist()
        labels = sides(records).to_pylist()
        return cls(
            np.array([set_of[source] for source in sources], np.str_),
            np.array([SIDES.get(label, "") for label in labels], np.str_),
            pc.utf8_length(records["prompt"]).to_numpy().astype(np.int64),
        )

    def below(self, name: str, side: str, length: int) -> NDArray[np.bool_]:
        """Which records of a side of a set are shorter than so many characters."""
        found: NDArray[np.bool_] = (self.sets == name) & (self.sides == side) & (self.lengths < length)
        return found


def draw(declared: Declaration, records: pa.Table, unique: pa.Table, given: Given, row: type[Row]) -> Made:
    """Draw the query sets of one config.

    Args:
        declared: sets, lengths, and the seed of every config.
        records: all records of the config, for the counts.
        unique: those with a label and without duplicates, with ``group_id`` and ``split``.
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
            expected=", ".join(sorted(declared.set_of)),
            fix="Name it in a set of the builder's `queries`.",
        )
    every, kept = _Facts.of(records, declared.set_of), _Facts.of(unique, declared.set_of)
    ids, seed = unique["record_id"].to_pylist(), declared.seeds[given.config]
    fate = np.full(len(ids), OTHER_SIDE, object)
    counts = {}
    for name in sorted({*every.sets.tolist()}):
        wanted = declared.sets[name]
        length = _length(declared, wanted, name, kept)
        drawn: dict[Side, int] = {}
        for side in wanted.sides:
            below = kept.below(name, side, length)
            fate[kept.below(name, side, np.iinfo(np.int64).max)] = TOO_LONG
            fate[below] = NOT_SAMPLED
            rows = sorted(np.flatnonzero(below).tolist(), key=lambda place: rank(ids[place], seed))
            rows = rows[: declared.per_side]
            if not rows:
                msg = f"The query set {name!r} has no {side} query"
                raise UsageError(
                    msg, where=given.where, expected=f"one at least below {length} characters", got=0,
                    fix="Declare the side only where the sources have it, or longer lengths.",
                )  # fmt: skip
            fate[rows] = None
            drawn[side] = len(rows)
        counts[name] = _counts(declared, name, records, every, kept, length, drawn)
    items = unique.append_column("set", pa.array(kept.sets.tolist(), pa.string()))
    items = given.to_rows(items.append_column("side", pa.array(kept.sides.tolist(), pa.string())))
    schema = arrow_schema(row)
    items = items.select(schema.names).cast(schema).filter(pa.array([each is None for each in fate]))
    rejects = [
        rejected(unique.filter(pa.array([each == reason for each in fate])), given.config, reason)
        for reason in (TOO_LONG, NOT_SAMPLED, OTHER_SIDE)
    ]
    rejected_rows = pa.concat_tables([REJECTS.empty_table(), *rejects])
    return Made(items, rejected_rows, items.num_rows, QueryCounts(sets=counts))


def _length(declared: Declaration, wanted: QuerySet, name: str, kept: _Facts) -> int:
    """The length that holds for a set: the first under which no declared side is short, or the last."""
    for length in declared.lengths:
        if all(kept.below(name, side, length).sum() >= declared.per_side for side in wanted.sides):
            return length
    return declared.lengths[-1]


def shortfalls(declared: Declaration, counts: Mapping[str, SetCounts]) -> list[str]:
    """In words: sets that are drawn below a longer length than the first, and sides that are short, with the reason.

    Args:
        declared: the builder's part about queries.
        counts: of the sets of one config; they are those of every config with the same sources.
    """
    first, said = str(declared.lengths[0]), []
    for name, found in counts.items():
        for side, missing in found.short_of.items():
            each = found.sides[side]
            said.append(
                f"{name}: {missing} {side} queries short of {declared.per_side}: {each.labelled} of {found.records} "
                f"records have that label ({each.within[first]} below {first} characters), {each.drawn} of them are "
                f"below {found.length} characters and no duplicates, and every seed has all of these."
            )
        if not found.short_of and found.length != declared.lengths[0]:
            there = " and ".join(
                f"{each.within[first]} {side} ({each.unique[first]} without duplicates)"
                for side, each in found.sides.items()
            )
            said.append(
                f"{name}: below {first} characters there are {there} queries, not {declared.per_side} of each side: "
                f"both are drawn below {found.length} characters."
            )
    return said


def _counts(
    declared: Declaration,
    name: str,
    records: pa.Table,
    every: _Facts,
    kept: _Facts,
    length: int,
    drawn: Mapping[Side, int],
) -> SetCounts:
    mine = every.sets == name
    rows = records.filter(pa.array(mine))
    whole = [all(label["value"] is not None for label in labels) for labels in rows["native_labels"].to_pylist()]
    return SetCounts(
        records=int(mine.sum()),
        distinct=len({*rows["record_id"].to_pylist()}),
        complete=sum(whole),
        unknown=int((every.sides[mine] == "").sum()),
        length=length,
        sides={
            side: SideCounts(
                labelled=int((mine & (every.sides == side)).sum()),
                within={str(each): int(every.below(name, side, each).sum()) for each in declared.lengths},
                unique={str(each): int(kept.below(name, side, each).sum()) for each in declared.lengths},
                drawn=count,
            )
            for side, count in drawn.items()
        },
        short_of={side: declared.per_side - count for side, count in drawn.items() if count < declared.per_side},
    )


def overlaps(
    declared: Declaration,
    rows: Mapping[str, pa.Table],
    facts: Mapping[str, QueryCounts],
    sources: Mapping[str, tuple[str, ...]],
) -> list[Overlap]:
    """What the draws of different seeds from the same sources share, by set and side.

    Args:
        declared: sets and seeds.
        rows: config -> its rows.
        facts: config -> the counts of its sets.
        sources: config -> its sources.
    """
    drawn: dict[tuple[tuple[str, ...], str, str], dict[str, set[str]]] = {}
    for config, table in rows.items():
        for id, name, side in zip(*(table[each].to_pylist() for each in ("record_id", "set", "side")), strict=True):
            drawn.setdefault((sources[config], name, side), {}).setdefault(config, set()).add(id)
    found = []
    for (_, name, side), by_config in sorted(drawn.items()):
        shared = {
            f"{one} {two}": len(by_config[one] & by_config[two])
            for one, two in combinations(sorted(by_config), 2)
            if declared.seeds[one] != declared.seeds[two]
        }
        first = min(by_config)
        counts = facts[first].sets.get(name)
        if shared and counts and side in counts.sides:
            pool = counts.sides[side].unique[str(counts.length)]
            drawn_each, configs = len(by_config[first]), tuple(sorted(by_config))
            found.append(Overlap(configs=configs, set=name, side=side, drawn=drawn_each, of=pool, shared=shared))
    return found


def recount(rows: pa.Table, declared: Declaration, facts: QueryCounts) -> dict[str, Any]:
    """Queries of every side as the rows have them, and how many are missing of those declared, by dotted path."""
    drawn = Counter(zip(rows["set"].to_pylist(), rows["side"].to_pylist(), strict=True))
    found: dict[str, Any] = {}
    for name, counts in facts.sets.items():
        missing = {}
        for side in counts.sides:
            there = drawn.pop((name, side), 0)
            found[f"sets.{name}.sides.{side}.drawn"] = there
            if there < declared.per_side:
                missing[side] = declared.per_side - there
        found[f"sets.{name}.short_of"] = missing
    return found | {f"sets.{name}.sides.{side}.drawn": count for (name, side), count in drawn.items()}

"""The counts of query sets: from labels to what was drawn, what the draws share, and all that rows alone can tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa

from demur.kinds.queries.declared import Declaration, QuerySet
from demur.kinds.queries.facts import Overlap, QueryCounts, SetCounts, SideCounts, Stratum, TextAlone
from demur.kinds.queries.pool import Mask, Pool


@dataclass(frozen=True)
class Counts:
    """What the counts of a config are made of.

    Attributes:
        every: of all records; ``pool`` of those with a label and without duplicates.
        flagged: records that are on neither side because of a flag; ``clash``: because of a contradiction.
        rows: what was drawn.
    """

    declared: Declaration
    records: pa.Table
    every: Pool
    pool: Pool
    flagged: Mask
    clash: Mask
    rows: pa.Table

    def of(self, name: str, telling: TextAlone | None) -> SetCounts:
        """The counts of one set."""
        mine = self.every.sets == name
        records = self.records.filter(pa.array(mine))
        whole = [all(label["value"] is not None for label in each) for each in records["native_labels"].to_pylist()]
        drawn = Drawn(self.declared, self.rows, name)
        sides: dict[str, SideCounts] = {side: self._side(name, side, drawn) for side in self.declared.sets[name].sides}
        return SetCounts(
            records=int(mine.sum()),
            distinct=len({*records["record_id"].to_pylist()}),
            complete=sum(whole),
            unknown=int((self.every.sides[mine] == "").sum()),
            length=self.declared.lengths[-1],
            sides=sides,
            short_of=drawn.short_of(sides),
            flagged=int((mine & self.flagged & (self.every.sides != "")).sum()),
            contradicted=int((mine & self.clash).sum()),
            languages=drawn.languages,
            text_alone=telling,
        )

    def _side(self, name: str, side: str, drawn: Drawn) -> SideCounts:
        lengths, wanted = self.declared.lengths, self.declared.sets[name]
        there = self.pool.side(name, side)
        return SideCounts(
            labelled=int(self.every.side(name, side).sum()),
            within={str(each): int(self.every.below(name, side, each).sum()) for each in lengths},
            unique={str(each): int(self.pool.below(name, side, each).sum()) for each in lengths},
            strata={
                stratum: Stratum(
                    wanted=quota, pool=int((there & inside).sum()), drawn=drawn.strata[side].get(stratum, 0)
                )
                for stratum, quota, inside in self.pool.strata(wanted)
            },
            **drawn.side(side),
        )


class Drawn:
    """What the rows of one set say of themselves."""

    def __init__(self, declared: Declaration, rows: pa.Table, name: str) -> None:
        self.declared, self.name, self.rows = declared, name, rows
        self.wanted = declared.sets.get(name) or QuerySet(sources=("none",), rule="")
        self.pool = Pool.of_rows(rows, declared)
        self.languages = dict(sorted(Counter(self._column("language", self.pool.sets == name)).items()))
        self.strata = {
            side: {stratum: int((self.pool.side(name, side) & inside).sum())
                   for stratum, _, inside in self.pool.strata(self.wanted)}
            for side in ("harmful", "safe")
        }  # fmt: skip

    def _column(self, column: str, mask: Mask) -> list[Any]:
        found: list[Any] = self.rows[column].filter(pa.array(mask)).to_pylist()
        return found

    def side(self, side: str) -> dict[str, Any]:
        """Of one side: rows, whose word they rest on, and their length and form."""
        mine = self.pool.side(self.name, side)
        lengths = self.pool.lengths[mine]
        quartiles = np.quantile(lengths, [0.25, 0.5, 0.75], method="lower").tolist() if len(lengths) else ()
        return {
            "drawn": int(mine.sum()),
            "basis": dict(sorted(Counter(self._column("basis", mine)).items())),
            "quartiles": tuple(map(int, quartiles)),
            "questions": int((self.pool.forms[mine] == "question").sum()),
        }

    def short_of(self, sides: Mapping[str, SideCounts]) -> dict[str, int]:
        """Side -> queries that are declared and missing."""
        declared = self.wanted.declared(self.declared.per_side)
        counts = {side: int(self.pool.side(self.name, side).sum()) for side in sides}
        return {side: declared - count for side, count in counts.items() if count < declared}


def recount(rows: pa.Table, declared: Declaration, facts: QueryCounts) -> dict[str, Any]:
    """All that rows tell of the counts, by dotted path; how well the text tells the sides is not measured again."""
    found: dict[str, Any] = {}
    for name, counts in facts.sets.items():
        drawn = Drawn(declared, rows, name)
        for side, each in counts.sides.items():
            there = drawn.side(side) if each.basis else {"drawn": drawn.side(side)["drawn"]}
            found |= {
                f"sets.{name}.sides.{side}.{key}": list(value) if isinstance(value, tuple) else value
                for key, value in there.items()
            }
            for stratum in each.strata:
                found[f"sets.{name}.sides.{side}.strata.{stratum}.drawn"] = drawn.strata[side].get(stratum, 0)
        found[f"sets.{name}.short_of"] = drawn.short_of(counts.sides)
        if counts.languages:
            found[f"sets.{name}.languages"] = drawn.languages
    known = {(name, side) for name, counts in facts.sets.items() for side in counts.sides}
    counted: Counter[tuple[str, str]] = Counter(zip(rows["set"].to_pylist(), rows["side"].to_pylist(), strict=True))
    more = {each: count for each, count in counted.items() if each not in known}
    return found | {f"sets.{name}.sides.{side}.drawn": count for (name, side), count in more.items()}


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
            mine, drawn_each = counts.sides[side], len(by_config[first])
            pool = mine.unique[str(counts.length)]
            pool = sum(each.pool for each in mine.strata.values()) or pool
            configs = tuple(sorted(by_config))
            found.append(Overlap(configs=configs, set=name, side=side, drawn=drawn_each, of=pool, shared=shared))
    return found


def by_chance(counts: SideCounts, length: int) -> float:
    """Rows that two draws of a side share by chance: of every stratum, drawn times drawn over the pool."""
    strata = [(each.drawn, each.pool) for each in counts.strata.values()]
    return sum(drawn**2 / pool for drawn, pool in strata or [(counts.drawn, counts.unique[str(length)])] if pool)

"""Responses: for one query a safe response and a harmful one, or a preferred and a rejected one, and a foreign one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import pyarrow as pa

from demur.kinds.responses.counts import UPPER, counted
from demur.kinds.responses.facts import ComparisonCounts, Declaration
from demur.kinds.responses.make import compare
from demur.rates import Rate, Score
from demur.records.record import Frozen, record_id
from demur.sets.kind import Alone, Given, Kind, Made, facts_of, stated_of
from demur.sets.manifest import ConfigEntry, Manifest


class Responses(Declaration, Kind):
    """Responses to compare.

    The builder's function gives all response records a column ``role``: one of `demur.kinds.responses.make.ROLES`, or
    the reason why the record has none.
    """

    name: ClassVar[str] = "responses"
    record: ClassVar[Literal["prompt", "response"]] = "response"
    traits: ClassVar[frozenset[str]] = frozenset({"distinct-rows"})
    was: ClassVar[str | None] = "compared_response"
    facts: ClassVar[type[Frozen]] = ComparisonCounts
    stated: ClassVar[type[Frozen]] = Declaration

    def asks(self) -> Sequence[str]:
        """What a record is for."""
        return ("role",)

    def make(self, records: pa.Table, given: Given) -> Made:
        """Three rows a query."""
        return compare(given.to_rows(records), given, self.row)

    @classmethod
    def recount(cls, rows: pa.Table, manifest: Manifest, entry: ConfigEntry) -> Mapping[str, Any]:
        """Rows by kind, lengths, queries, and the records used: two a query."""
        queries, found = len({*rows["query_id"].to_pylist()}), counted(rows)
        stated = facts_of(manifest, entry)
        if not stated.lengths:  # as sets were made before lengths were counted
            return {"kinds": found["kinds"], "queries": queries, "used": 2 * queries}
        for name in ("lengths", "longer", "length_alone"):
            found[name] = {key: each.model_dump() for key, each in found[name].items()}
        return {**found, "queries": queries, "used": 2 * queries}

    @classmethod
    def upgraded(cls, old: Mapping[str, Any]) -> dict[str, Any]:
        """Both stood under ``comparisons``."""
        return dict(old["comparisons"])

    @classmethod
    def record_id(cls, row: Mapping[str, Any]) -> str | None:
        """Of the prompt and the response."""
        return record_id("response", row["prompt"], "", row["response"])

    @classmethod
    def lines(cls, manifest: Manifest) -> Iterator[str]:
        """How many queries there are, and which sources were left out."""
        for config in manifest.configs:
            facts = facts_of(manifest, config)
            yield f"{config.name}: {sum(config.rows.values())} rows = 3 x {facts.queries} queries"
            yield from (f"{config.name}: {line}" for line in lengths(facts))
        for source, reason in stated_of(manifest).left_out.items():
            yield f"left out: {source}: {reason}"

    @classmethod
    def alone(cls, manifest: Manifest) -> Iterator[Alone]:
        """The length of the responses."""
        for entry in manifest.configs:
            for upper, each in facts_of(manifest, entry).length_alone.items():
                score = Score(each.auroc, each.low, each.high)
                yield Alone(entry.name, f"{upper} against {UPPER[upper]}", "length", score, f"{each.n} and {each.n}")

    @classmethod
    def page(cls, manifest: Manifest) -> Mapping[str, Any]:
        """How long the sides are, config by config, in words."""
        return {"said": {config.name: list(lengths(facts_of(manifest, config))) for config in manifest.configs}}


def lengths(facts: ComparisonCounts) -> Iterator[str]:
    """In words: how often the upper response is the longer one, and the lengths of both."""
    for upper, each in facts.longer.items():
        one, two = facts.lengths[upper], facts.lengths[UPPER[upper]]
        rate, alone = Rate.of(each.count, each.n), facts.length_alone[upper]
        yield (
            f"the {upper} response is longer than the {UPPER[upper]} one in {rate}; median and quartiles of characters "
            f"{one.median} ({one.lower_quartile}-{one.upper_quartile}) and {two.median} "
            f"({two.lower_quartile}-{two.upper_quartile}); AUROC of the length alone {alone.auroc:.3f} (95 % interval "
            f"{alone.low:.3f}-{alone.high:.3f}, n {alone.n} and {alone.n})"
        )

"""Responses: for one query a safe response, a harmful one, and the harmful response of another query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import pyarrow as pa

from demur.kinds.responses.facts import ComparisonCounts, Declaration
from demur.kinds.responses.make import compare
from demur.records.record import Frozen, record_id
from demur.sets.kind import Given, Kind, Made, facts_of, stated_of
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

    def make(self, records: pa.Table, given: Given) -> Made:
        """Three rows a query."""
        return compare(given.to_rows(records), given, self.row)

    @classmethod
    def recount(cls, rows: pa.Table, manifest: Manifest, entry: ConfigEntry) -> Mapping[str, Any]:
        """Rows by kind, queries, and the records used: two a query."""
        queries = len({*rows["query_id"].to_pylist()})
        return {"kinds": dict(Counter(rows["kind"].to_pylist())), "queries": queries, "used": 2 * queries}

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
            yield f"{config.name}: {sum(config.rows.values())} rows = 3 x {facts_of(manifest, config).queries} queries"
        for source, reason in stated_of(manifest).left_out.items():
            yield f"left out: {source}: {reason}"

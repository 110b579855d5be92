"""Evaluation: one prompt a row, and what a safe and helpful model does with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from demur.groups.sampling import balance
from demur.kinds.evaluation.benchmark import EVALUATION, benchmark
from demur.records.record import Frozen
from demur.records.rejects import rejected
from demur.records.schema import arrow_schema
from demur.sets.kind import Given, Kind, Made
from demur.sets.manifest import Manifest
from demur.sets.unique import unique


class Balance(Frozen):
    """How the sides of an evaluation set are balanced."""

    balance: str | None = None
    """Column whose values get equal numbers of rows in every split, by seeded sampling; None keeps all rows."""


class Evaluation(Balance, Kind):
    """A set of prompts.

    The builder's function gives the columns of its rows, and a boolean ``optional`` for rows that the balance may
    leave out.
    """

    name: ClassVar[str] = "evaluation"
    traits: ClassVar[frozenset[str]] = frozenset({"distinct-rows", "distinct-prompts"})
    was: ClassVar[str | None] = "evaluation_item"
    stated: ClassVar[type[Frozen]] = Balance

    def make(self, records: pa.Table, given: Given) -> Made:
        """One row of every set of near-duplicates, balanced."""
        kept, rejects = unique(records, given)
        rows = given.to_rows(kept)
        if self.balance:
            drawn = pa.array(balance(rows, self.balance, given.seed))
            surplus = rejected(kept.filter(pc.invert(drawn)), given.config, "not-sampled")
            rows, rejects = rows.filter(drawn), pa.concat_tables([rejects, surplus])
        schema = arrow_schema(self.row)
        return Made(rows.select(schema.names).cast(schema), rejects, used=rows.num_rows)

    def beside(self, title: str, summary: str, manifest: Manifest) -> Mapping[str, bytes]:
        """``eval.yaml``."""
        return {EVALUATION: benchmark(title, summary, manifest, self.row)}

    @classmethod
    def upgraded(cls, old: Mapping[str, Any]) -> dict[str, Any]:
        """Only the balance was stated."""
        return {"balance": old["balance"]} if "balance" in old else {}

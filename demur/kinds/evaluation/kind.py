"""Evaluation: one prompt a row, and what a safe and helpful model does with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from demur.curation.behaviour import SIDES
from demur.kinds.evaluation.benchmark import EVALUATION, benchmark
from demur.kinds.evaluation.declared import Declaration
from demur.kinds.evaluation.facts import EvaluationFacts
from demur.kinds.evaluation.make import drawn, with_a_side, without_a_side
from demur.kinds.evaluation.measure import counts, text_alone
from demur.kinds.evaluation.page import alone, filled, lines
from demur.records.record import Frozen
from demur.records.rejects import rejected
from demur.records.schema import arrow_schema
from demur.sets.kind import Alone, Config, Given, Kind, Made, stated_of
from demur.sets.manifest import ConfigEntry, Manifest
from demur.sets.unique import unique


class Evaluation(Declaration, Kind):
    """A set of prompts; the builder's function gives the columns of its rows."""

    name: ClassVar[str] = "evaluation"
    traits: ClassVar[frozenset[str]] = frozenset({"distinct-rows", "distinct-prompts"})
    was: ClassVar[str | None] = "evaluation_item"
    facts: ClassVar[type[Frozen]] = EvaluationFacts
    stated: ClassVar[type[Frozen]] = Declaration

    def fits(self, configs: Sequence[Config]) -> None:
        """Undecided rows have no sides to bound."""
        for name in sorted({*self.undecided} & {*self.rates, *self.most, *self.borderline}):
            msg = f"config {name!r} holds rows without a side, and declares something of its sides"
            raise ValueError(msg)

    def asks(self) -> Sequence[str]:
        """Every column of its rows."""
        return tuple(arrow_schema(self.row).names)

    def make(self, records: pa.Table, given: Given) -> Made:
        """One row of every set of near-duplicates, drawn at the declared rates."""
        undecided = given.config in self.undecided
        if undecided:
            kept, rejects = without_a_side(records, given)
        else:
            sided, left = with_a_side(records, given.config)
            kept, rejects = unique(sided, given)
            rejects = pa.concat_tables([left, rejects])
        rows = given.to_rows(kept)
        if given.config in self.rates:
            taken = drawn(rows, self, given.config, given.seed)
            surplus = rejected(kept.filter(pc.invert(taken)), given.config, "not-sampled")
            rows, rejects = rows.filter(taken), pa.concat_tables([rejects, surplus])
        schema = arrow_schema(self.row)
        rows = rows.select(schema.names).cast(schema)
        facts = counts(rows, given.splits[0])
        if not undecided:
            facts = facts.model_copy(update={"text_alone": text_alone(rows, given.seed)})
        return Made(rows, rejects, used=rows.num_rows, facts=facts)

    def parts(self, config: ConfigEntry) -> Mapping[str, Sequence[Sequence[str]]]:
        """The two sides, so that each is a task of its own; what is undecided, or has no texts, has none."""
        if config.references or config.name in self.undecided:
            return {}
        return {side: (("expected", "==", side),) for side in SIDES}

    def beside(self, title: str, summary: str, manifest: Manifest) -> Mapping[str, bytes]:
        """``eval.yaml``."""
        return {EVALUATION: benchmark(title, summary, manifest, self.row, self.parts)}

    @classmethod
    def recount(cls, rows: pa.Table, manifest: Manifest, entry: ConfigEntry) -> Mapping[str, Any]:
        """All counts; a manifest of an earlier Demur has none."""
        if not entry.facts:
            return {}
        found = counts(rows, next(iter(manifest.parameters.splits))).model_dump(mode="json", exclude={"text_alone"})
        return {name: value for name, value in found.items() if name in entry.facts}

    @classmethod
    def upgraded(cls, old: Mapping[str, Any]) -> dict[str, Any]:
        """Only the balance was stated, which no set has any more."""
        return Declaration().model_dump(mode="json") if "balance" in old else {}

    @classmethod
    def lines(cls, manifest: Manifest) -> Iterator[Any]:
        """What text alone tells of the sides."""
        return lines(manifest)

    @classmethod
    def alone(cls, manifest: Manifest) -> Iterator[Alone]:
        """Both sides, also against borderline rows alone, and inside sources that have both."""
        return alone(manifest)

    @classmethod
    def page(cls, manifest: Manifest) -> Mapping[str, Any]:
        """Tables of the card."""
        return filled(manifest, stated_of(manifest))

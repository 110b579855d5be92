"""Refusal training: what a builder of training rows declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc

from demur.kinds.training.counting import recount
from demur.kinds.training.declared import OF_TRIPLES, Declaration
from demur.kinds.training.facts import TrainingCounts, TrainingParameters
from demur.kinds.training.make import compose
from demur.kinds.training.near import protected_prompts, with_near
from demur.kinds.training.triples import row_id
from demur.rates import Score
from demur.records.record import Frozen, record_id
from demur.sets.kind import Alone, Config, Given, Kind, Made, facts_of, stated_of
from demur.sets.manifest import ConfigEntry, Manifest


class Training(Declaration, Kind):
    """What a builder of training rows declares beyond its sources.

    The builder's function gives all response records a column ``role``: ``triple``, a kind of `ANSWERED`, or the reason
    why the record has none.
    """

    name: ClassVar[str] = "training"
    record: ClassVar[Literal["prompt", "response"]] = "response"
    trains: ClassVar[bool] = True
    was: ClassVar[str | None] = "training_row"
    facts: ClassVar[type[Frozen]] = TrainingCounts
    stated: ClassVar[type[Frozen]] = TrainingParameters

    def fits(self, configs: Sequence[Config]) -> None:
        """Training rows are never published as references."""
        if any(config.references for config in configs):
            msg = "training rows are made of several texts, and are not published as references"
            raise ValueError(msg)
        if unknown := sorted({*self.mixes} - {config.name for config in configs}):
            msg = f"a mix is declared for {unknown[0]!r}, which is no config"
            raise ValueError(msg)

    def statement(self) -> TrainingParameters:
        """The declaration; the refusals themselves by their hash."""
        return TrainingParameters(
            **self.model_dump(),
            refusals_sha256=self.bank.sha256,
            refusals=self.bank.size,
            protected=protected_prompts(),
        )

    def prepare(self, records: pa.Table) -> pa.Table:
        """A column ``near``: why a record is near a protected prompt, else null."""
        return with_near(records)

    def asks(self) -> Sequence[str]:
        """What a record is for."""
        return ("role",)

    def make(self, records: pa.Table, given: Given) -> Made:
        """Triples, and answered records for their shares."""
        return compose(self, given.to_rows(records), given, self.row)

    @classmethod
    def recount(cls, rows: pa.Table, manifest: Manifest, entry: ConfigEntry) -> Mapping[str, Any]:
        """All of `TrainingCounts`, and the records used."""
        return recount(rows.to_pylist(), stated_of(manifest), entry.name)

    @classmethod
    def upgraded(cls, old: Mapping[str, Any]) -> dict[str, Any]:
        """Both stood under ``training``."""
        return dict(old["training"])

    @classmethod
    def record_id(cls, row: Mapping[str, Any]) -> str | None:
        """Of answered rows; DMR302 judges the rows of a triple."""
        if row["kind"] in OF_TRIPLES:
            return None
        return row_id(row["kind"], record_id("answer", row["prompt"], row["target"]))

    @classmethod
    def answered(cls, rows: pa.RecordBatch) -> pa.Array | None:
        """Those whose target is the harmful response."""
        return pc.equal(rows.column("kind"), "rto")

    @classmethod
    def teaches(cls, rows: pa.RecordBatch) -> pa.Array:
        """By the kind of row."""
        said = {"refusal_mle": "refusal", "prefix_mle": "refusal", "rto": "transition"}
        kinds = rows.column("kind").to_pylist()
        return pa.array([None if kind is None else said.get(kind, "answer") for kind in kinds], pa.string())

    @classmethod
    def alone(cls, manifest: Manifest) -> Iterator[Alone]:
        """The prompts that are refused and those that are answered."""
        for entry in manifest.configs:
            if form := facts_of(manifest, entry).form:
                for family, score in form.auroc.items():
                    n = f"{form.refused} and {form.answered} prompts"
                    yield Alone(entry.name, "refused against answered prompts", family, Score(**score), n)

    @classmethod
    def lines(cls, manifest: Manifest) -> Iterator[str]:
        """How many triples there are, how refusals begin, and which sources were left out."""
        for config in manifest.configs:
            made, rows = facts_of(manifest, config), sum(config.rows.values())
            yield (
                f"{config.name}: {rows} rows = 3 x {made.triples} triples + {made.answered} answered; triples with "
                f"both sides published: {made.published}, with a refusal of ours: {made.project_written}"
            )
            if made.tokens:
                every = sum(made.tokens.values())
                shares = ", ".join(f"{kind} {count / every:.1%}" for kind, count in made.tokens.items())
                yield f"{config.name}: of {every} supervised tokens (words): {shares}"
                yield f"{config.name}: borderline prompts that are answered: {made.borderline_prompts}"
            if made.form:
                told = ", ".join(f"{name} {score['value']:.3f}" for name, score in made.form.auroc.items())
                yield f"{config.name}: refused prompts told from answered ones by text alone, AUROC: {told}"
            yield (
                f"{config.name}: refusals begin in {made.distinct_openings} ways, "
                f"at most {made.most_common_opening} of {made.triples} alike"
            )
        for source, reason in stated_of(manifest).left_out.items():
            yield f"left out: {source}: {reason}"

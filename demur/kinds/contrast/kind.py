"""Contrast: pairs of a harmful and a safe prompt, published or matched, with what text alone gives on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pyarrow as pa

from demur.kinds.contrast.declared import Declaration
from demur.kinds.contrast.facts import BaselineEntry, ContrastParameters
from demur.kinds.contrast.make import pair_up
from demur.rates import Score
from demur.records.record import Frozen
from demur.records.schema import arrow_schema
from demur.sets.kind import Alone, Config, Given, Kind, Made, facts_of
from demur.sets.manifest import Manifest
from demur.sets.unique import unique


class Contrast(Declaration, Kind):
    """A set of contrast pairs; the builder's function gives the columns of its rows from the records of pairs."""

    name: ClassVar[str] = "contrast"
    was: ClassVar[str | None] = "contrast_item"
    facts: ClassVar[type[Frozen]] = BaselineEntry
    stated: ClassVar[type[Frozen]] = ContrastParameters

    def fits(self, configs: Sequence[Config]) -> None:
        """Every config has a ceiling, and none holds references."""
        for config in configs:
            if config.name not in self.ceilings:
                msg = f"config {config.name!r} of contrast pairs declares the ceiling of its text-only baseline"
                raise ValueError(msg)

    def statement(self) -> ContrastParameters:
        """The declaration; what vectors give stands with its config."""
        return ContrastParameters(**self.model_dump(exclude={"embedded"}))

    def asks(self) -> Sequence[str]:
        """Every column of its rows."""
        return tuple(arrow_schema(self.row).names)

    def make(self, records: pa.Table, given: Given) -> Made:
        """The pairs of a config, and its text-only baseline."""
        kept, rejects = unique(records, given)
        paired = pair_up(self, kept, given, self.row)
        return Made(paired.rows, pa.concat_tables([rejects, paired.rejects]), paired.used, paired.facts)

    @classmethod
    def upgraded(cls, old: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters stood under ``contrast``, the facts under ``baseline``; pairs were mined by wording alone."""
        if "contrast" in old:
            return {
                "near": {},
                "wording": {},
                "length": 0.0,
                **{name: old["contrast"][name] for name in ("ceilings", "folds", "seed")},
            }
        was = old["baseline"]
        kept = {name: was[name] for name in ("pairs", "folds", "seed", "ceiling")}
        return {**kept, "origins": {}, "text": was["nested"] or was["naive"], "unread": 0, "read": [], "embedded": None}

    @classmethod
    def alone(cls, manifest: Manifest) -> Iterator[Alone]:
        """Every family of features, and the vectors of the pinned encoder, on whole pairs."""
        for entry in manifest.configs:
            facts = facts_of(manifest, entry)
            found = {family: each.auroc for family, each in facts.text.items()}
            if facts.embedded:
                found["vectors" if facts.embedded.current else "vectors, of an earlier build"] = facts.embedded.auroc
            for by, each in found.items():
                score = Score(each.value, each.low, each.high)
                yield Alone(entry.name, "harmful against safe", by, score, f"{facts.pairs} pairs")

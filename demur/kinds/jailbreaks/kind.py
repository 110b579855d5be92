"""Jailbreaks: published attacks, one a row, each tied to its base question, in the split of that question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pyarrow as pa

from demur.kinds.jailbreaks.counts import counted
from demur.kinds.jailbreaks.declared import Declaration
from demur.kinds.jailbreaks.facts import JailbreakCounts
from demur.kinds.jailbreaks.make import TELLS, attacks, linked
from demur.records.record import Frozen
from demur.sets.kind import Config, Given, Kind, Made, facts_of
from demur.sets.manifest import ConfigEntry, Manifest

_TABLES = ("attacks", "base_sources", "languages", "licenses", "rules", "expected")


class Jailbreaks(Declaration, Kind):
    """Attacks that others published; the builder's function gives the columns of `make.columns_of`."""

    name: ClassVar[str] = "jailbreaks"
    traits: ClassVar[frozenset[str]] = frozenset({"wrapped"})
    own_id: ClassVar[str] = "item_id"
    facts: ClassVar[type[Frozen]] = JailbreakCounts
    stated: ClassVar[type[Frozen]] = Declaration

    def fits(self, configs: Sequence[Config]) -> None:
        """Every config has base questions, and every key is of a source of such."""
        for config in configs:
            if config.extends is None and not {*config.sources} & {*self.bases}:
                msg = f"config {config.name!r} has no source of base questions"
                raise ValueError(msg)
        for name in sorted({*self.keys} - {*self.bases}):
            msg = f"source {name!r} has a key and no base questions"
            raise ValueError(msg)

    def asks(self) -> Sequence[str]:
        """What a record tells of its attack."""
        return TELLS

    def linked(self, records: pa.Table) -> pa.Table:
        """The base of every attack, and the row whose group and split it has."""
        return linked(records, self)

    def make(self, records: pa.Table, given: Given) -> Made:
        """A row for each attack whose base is in the config."""
        return attacks(records, self, given, self.row)

    @classmethod
    def recount(cls, rows: pa.Table, manifest: Manifest, entry: ConfigEntry) -> Mapping[str, Any]:
        """All that rows tell, and the records used: an attack a row, and every base once."""
        found = counted(rows.to_pylist())
        found["runs"] = {run: each.model_dump(mode="json") for run, each in found["runs"].items()}
        return {**found, "used": len(rows) + found["bases"]}

    @classmethod
    def lines(cls, manifest: Manifest) -> Iterator[str]:
        """Rows by attack, source of the base, language, license and rule; runs that lack or repeat questions."""
        for config in manifest.configs:
            facts: JailbreakCounts = facts_of(manifest, config)
            yield f"{config.name}: {sum(config.rows.values())} attacks on {facts.bases} base questions"
            for name in _TABLES:
                said = ", ".join(f"{key} {count}" for key, count in getattr(facts, name).items())
                yield f"{config.name}: by {name.replace('_', ' ')}: {said}"
            yield f"{config.name}: {facts.unlinked} unlinked"
            yield from (f"{config.name}: {line}" for line in told(facts))

    @classmethod
    def page(cls, manifest: Manifest) -> Mapping[str, Any]:
        """What is to be told of runs and origins, config by config."""
        return {"told": {config.name: list(told(facts_of(manifest, config))) for config in manifest.configs}}


def told(facts: JailbreakCounts) -> Iterator[str]:
    """In words: runs that lack questions or repeat them, and questions that are not where they are said to be from."""
    for run, each in facts.runs.items():
        repeated = facts.repeated.get(run, 0)
        if each.missing or repeated:
            yield (
                f"{run}: {each.rows + repeated} rows, {each.bases} of {each.of} base questions: "
                f"{len(each.missing)} missing, {repeated} rows repeated"
            )
    for source, origins in facts.origins.items():
        for declared, counts in origins.items():
            others = ", ".join(f"{name} {count}" for name, count in counts.elsewhere.items())
            yield (
                f"{source}: {counts.found} of {counts.questions} questions said to be {declared}'s are"
                + (f"; elsewhere: {others}" if others else "")
            )
    for moved, count in facts.moved.items():
        yield f"base found in another source than declared: {moved}, {count} rows"

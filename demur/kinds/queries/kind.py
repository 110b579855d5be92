"""Queries: harmful and safe queries of published sets, drawn by seed; every config is the draw of one seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pyarrow as pa
from rich.table import Table

from demur.kinds.queries.counts import by_chance, overlaps, recount
from demur.kinds.queries.declared import Declaration
from demur.kinds.queries.facts import QueryCounts, SetCounts
from demur.kinds.queries.make import make
from demur.rates import Score
from demur.records.record import Frozen
from demur.records.schema import arrow_schema
from demur.sets.kind import Alone, Config, Given, Kind, Made, facts_of, stated_of
from demur.sets.manifest import ConfigEntry, Manifest


class Queries(Declaration, Kind):
    """Query sets; the builder's function gives the columns of the rows, ``set`` and ``side`` being there."""

    name: ClassVar[str] = "queries"
    traits: ClassVar[frozenset[str]] = frozenset({"distinct-rows", "distinct-prompts"})
    was: ClassVar[str | None] = "safety_query"
    facts: ClassVar[type[Frozen]] = QueryCounts
    stated: ClassVar[type[Frozen]] = Declaration

    def fits(self, configs: Sequence[Config]) -> None:
        """Every config has its seed."""
        for config in configs:
            if config.name not in self.seeds:
                msg = f"config {config.name!r} of query sets declares the seed of its draw"
                raise ValueError(msg)

    def asks(self) -> Sequence[str]:
        """Every column of its rows."""
        return tuple(arrow_schema(self.row).names)

    def make(self, records: pa.Table, given: Given) -> Made:
        """The draw of one seed."""
        return make(self, records, given, self.row)

    def across(self, made: Mapping[str, Made], sources: Mapping[str, tuple[str, ...]]) -> list[Frozen]:
        """What the draws of two seeds share."""
        rows = {name: each.rows for name, each in made.items()}
        facts = {name: each.facts for name, each in made.items() if isinstance(each.facts, QueryCounts)}
        return list(overlaps(self, rows, facts, sources))

    @classmethod
    def recount(cls, rows: pa.Table, manifest: Manifest, entry: ConfigEntry) -> Mapping[str, Any]:
        """Drawn and missing queries by side and stratum, their lengths, languages, and whose word they rest on."""
        return recount(rows, stated_of(manifest), facts_of(manifest, entry))

    @classmethod
    def recount_across(cls, configs: Mapping[str, pa.Table], manifest: Manifest) -> list[Frozen]:
        """What the draws of two seeds share, from the rows."""
        facts = {entry.name: facts_of(manifest, entry) for entry in manifest.configs}
        sources = {entry.name: entry.sources for entry in manifest.configs}
        return list(overlaps(stated_of(manifest), configs, facts, sources))

    @classmethod
    def upgraded(cls, old: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters stood under ``queries``, and so did the counts of a config, by set."""
        return dict(old["queries"]) if "seeds" in old["queries"] else {"sets": dict(old["queries"])}

    @classmethod
    def lines(cls, manifest: Manifest) -> Iterator[Any]:
        """Where the rows come from, how many each seed drew, how much the draws share, and what text alone tells."""
        declared = stated_of(manifest)
        for entries in _alike(manifest):
            yield _table(manifest, entries)
            yield from shortfalls(declared, facts_of(manifest, entries[0]).sets)
            yield from tellings(facts_of(manifest, entries[0]).sets)

    @classmethod
    def alone(cls, manifest: Manifest) -> Iterator[Alone]:
        """The two sides of every set of queries."""
        for entry in manifest.configs:
            for name, counts in facts_of(manifest, entry).sets.items():
                if (found := counts.text_alone) is not None:
                    sides = f"{name} against {found.against}" if found.against else f"harmful against safe, {name}"
                    score = Score(found.auroc, found.low, found.high)
                    yield Alone(entry.name, sides, "words and form", score, f"{found.rows}, {found.groups} groups")

    @classmethod
    def page(cls, manifest: Manifest) -> Mapping[str, Any]:
        """The sets that some config holds, with their counts in the first such config; pools depend on no seed."""
        declared = stated_of(manifest)
        found: dict[str, SetCounts] = {}
        for entry in reversed(manifest.configs):
            found.update(facts_of(manifest, entry).sets)
        said = [shortfalls(declared, facts_of(manifest, entry).sets) for entry in manifest.configs]
        chances = [
            by_chance(found[each["set"]].sides[each["side"]], found[each["set"]].length) for each in manifest.across
        ]
        return {
            "overlaps": list(zip(manifest.across, chances, strict=True)),
            "query_sets": [(name, each, found[name]) for name, each in declared.sets.items() if name in found],
            "shortfalls": list(dict.fromkeys(line for lines in said for line in lines)),
            "tellings": [
                (entry.name, name, counts.text_alone)
                for entry in manifest.configs
                for name, counts in facts_of(manifest, entry).sets.items()
                if counts.text_alone
            ],
        }


def shortfalls(declared: Declaration, counts: Mapping[str, SetCounts]) -> list[str]:
    """In words: sides that are short of what is declared, with the reason.

    Args:
        declared: the builder's part about queries.
        counts: of the sets of one config; they are those of every config with the same sources.
    """
    said = []
    for name, found in counts.items():
        wanted = declared.sets[name].declared(declared.per_side)
        for side, missing in found.short_of.items():
            each = found.sides[side]
            few = ", ".join(f"{stratum}: {one.pool} of {one.wanted}" for stratum, one in each.strata.items()
                            if one.pool < one.wanted)  # fmt: skip
            said.append(
                f"{name}: {missing} {side} queries short of {wanted}: {each.labelled} of {found.records} records have "
                f"that label, {each.unique[str(found.length)]} of them are below {found.length} characters and no "
                "duplicates, " + (f"and these strata are short: {few}." if few else "and every seed has all of these.")
            )
    return said


def tellings(counts: Mapping[str, SetCounts]) -> Iterator[str]:
    """In words: how well the text alone tells the sides of every set."""
    for name, found in counts.items():
        if (told := found.text_alone) is not None:
            sides = f"{name} against {told.against}" if told.against else name
            yield (
                f"{sides}: AUROC of the text alone {told.auroc:.3f} (95 % interval {told.low:.3f}-{told.high:.3f}, "
                f"n {told.rows}, {told.groups} groups)"
            )


def _alike(manifest: Manifest) -> list[list[ConfigEntry]]:
    """The configs, those with the same sources together."""
    found: dict[tuple[str, ...], list[ConfigEntry]] = {}
    for config in manifest.configs:
        found.setdefault(config.sources, []).append(config)
    return list(found.values())


def _table(manifest: Manifest, entries: list[ConfigEntry]) -> Table:
    counts = {entry.name: facts_of(manifest, entry).sets for entry in entries}
    shared = {
        (config, each["set"], each["side"]): each["shared"].values()
        for each in manifest.across
        for config in each["configs"]
    }
    table = Table(
        "set", "side", "labelled", "drawn from", "declared", *counts, "two share", "quartiles", "questions",
        title="queries", title_justify="left",
    )  # fmt: skip
    for column in table.columns[2:]:
        column.justify = "right"
    declared = stated_of(manifest)
    for name, found in counts[entries[0].name].items():
        for side, each in found.sides.items():
            both = shared.get((entries[0].name, name, side), ())
            table.add_row(
                name, side, str(each.labelled), str(each.unique[str(found.length)]),
                str(declared.sets[name].declared(declared.per_side)),
                *(str(sets[name].sides[side].drawn) for sets in counts.values()),
                f"{min(both)}-{max(both)}" if both else "",
                "/".join(map(str, each.quartiles)), str(each.questions),
            )  # fmt: skip
        table.add_section()
    return table

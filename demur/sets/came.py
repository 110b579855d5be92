"""What came and went beside the rows that two sets both have: rows, rejects, conflicts, and terms of sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from demur.curation.by_whom import BY_WHOM, FILE
from demur.curation.curated import CONTEXT, DISAGREE, DROPPED, UNUSABLE
from demur.groups.duplicates import CONFLICTS
from demur.records.rejects import REJECTS
from demur.sets.aligned import Aligned, aligned
from demur.sets.folder import BuiltSet
from demur.sets.manifest import Manifest, SourceEntry
from demur.sets.moved import beside, prompts_of
from demur.sets.whose import Kind, facts

REJECT_FILE, CONFLICT_FILE = "rejects.parquet", "conflicts.parquet"

UNSAID = "no reject names it: gone from its source, or not drawn"
"""Why a row went that stands among no rejects."""

_ACTION = {
    DROPPED: "drop", "same-by-decision": "same-as", UNUSABLE: "read", CONTEXT: "read", DISAGREE: "read",
}  # fmt: skip
"""The reasons of rejects that rest on somebody's word -> what was done."""


@dataclass(frozen=True)
class SourceChange:
    """Something that a source's terms said, and say now; None where they say nothing."""

    source: str
    what: str
    was: str | None
    now: str | None

    def __str__(self) -> str:
        if self.what == "source":
            return f"{self.source}: " + ("new" if self.was is None else "gone")
        return f"{self.source}: {self.what} {self.was or 'none'} -> {self.now or 'none'}"

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {"source": self.source, "what": self.what, "was": self.was, "now": self.now}


def rows_gone(config: str, rows: pa.Table, found: Aligned, old: BuiltSet, new: BuiltSet) -> pa.Table:
    """Rows that only the old set has, each with the reason that a reject gives which only the new one has."""
    entry = next(each for each in old.manifest.configs if each.name == config)
    rejects = found.come.filter(pc.equal(found.come["config"], config))
    place = pc.index_in(rows["record_id"], rejects["record_id"].combine_chunks())
    reasons = rejects["reason"].take(place)
    prompts = prompts_of(rows, old.model_of(entry), old)
    return facts("removed", reasons.fill_null(UNSAID), rows["record_id"], config, words=_words(prompts, reasons, new))


def _words(prompts: pa.ChunkedArray, reasons: pa.ChunkedArray, folder: BuiltSet) -> pa.Table:
    """Whose word left rows out: of their prompts, by what the reason says was done; null where nobody's did."""
    known = beside(folder, FILE, BY_WHOM)
    actions = pc.index_in(reasons, pa.array([*_ACTION]))
    done = pa.array([*_ACTION.values()]).take(actions.combine_chunks())
    keys = pc.binary_join_element_wise(known["record_id"], known["action"], " ").combine_chunks()
    found = known.take(pc.index_in(pc.binary_join_element_wise(prompts.combine_chunks(), done, " "), keys))
    basis = pc.coalesce(found["basis"].combine_chunks(), pc.if_else(pc.equal(done, "read"), "readers", "decision"))
    return pa.table(
        {
            "now_basis": basis,
            "now_who": found["who"],
            "now_reader": found["kind"],
            "now_decision": found["decision"],
        }
    )


def compare_rejects(old: BuiltSet, new: BuiltSet) -> Aligned:
    """The rejects of two sets, by config, source, record and reason, wherever the source's row stands."""
    return aligned(_keyed_rejects(old), _keyed_rejects(new), "key")


def rejects(found: Aligned, old: BuiltSet, new: BuiltSet) -> Iterator[pa.Table]:
    """Rejects that only one of two sets has."""
    sides: tuple[tuple[Kind, pa.Table, BuiltSet], ...] = (
        ("reject-came", found.come, new), ("reject-went", found.gone, old),
    )  # fmt: skip
    for kind, table, folder in sides:
        words = _words(table["record_id"].fill_null(""), table["reason"], folder)
        yield facts(kind, table["reason"], table["name"], table["config"], words=words)


def _keyed_rejects(folder: BuiltSet) -> pa.Table:
    table = beside(folder, REJECT_FILE, REJECTS)
    row = pc.binary_join_element_wise(table["source"], "row", table["row"].cast(pa.string()), " ")
    name = pc.coalesce(table["record_id"], row)
    return _once(table.append_column("name", name), "config", "source", "name", "reason")


def conflicts(old: BuiltSet, new: BuiltSet) -> Iterator[pa.Table]:
    """Conflicts that only one of two sets has; a pair is named by both record ids."""
    one, two = (_keyed_conflicts(folder) for folder in (old, new))
    found = aligned(one, two, "key")
    sides: tuple[tuple[Kind, pa.Table], ...] = (("conflict-came", found.come), ("conflict-went", found.gone))
    for kind, table in sides:
        name = pc.binary_join_element_wise(table["source"], table["twin_source"], " ~ ")
        yield facts(kind, name, pc.binary_join_element_wise(table["record_id"], table["twin"], " ~ "), None)


def _keyed_conflicts(folder: BuiltSet) -> pa.Table:
    return _once(beside(folder, CONFLICT_FILE, CONFLICTS), "record_id", "twin", "source", "twin_source")


def _once(table: pa.Table, *columns: str) -> pa.Table:
    """A table with a ``key`` of columns, one row a key."""
    parts = [table[name].fill_null("").combine_chunks() for name in columns]
    key = pc.binary_join_element_wise(*parts, "\n")
    first = key.dictionary_encode()
    places = pc.index_in(first.dictionary, key)
    return table.append_column("key", key).take(places)


def sources(one: Manifest, two: Manifest) -> Iterator[SourceChange]:
    """What changed in the terms of sources: those that came and went, licenses, terms, use limits, origins."""
    before, after = ({each.name: each for each in manifest.sources} for manifest in (one, two))
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            licenses = (each.license if each else None for each in (was, now))
            yield SourceChange(name, "source", *licenses)
            continue
        said = [_terms(each) for each in (was, now)]
        for what in sorted({*said[0], *said[1]}):
            values = [each.get(what) for each in said]
            if values[0] != values[1]:
                yield SourceChange(name, what, *values)


def _terms(source: SourceEntry) -> dict[str, str]:
    return {
        "license": source.license,
        **{f"terms of {id}": str(terms) for id, terms in source.terms.items()},
        **{f"use limit {limit}": "yes" for limit in source.use_limits},
        **{f"license of origin {origin}": id for origin, id in source.origins.items()},
        **({"written by a model": source.model_written} if source.model_written else {}),
    }

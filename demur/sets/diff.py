"""The difference of two data sets: rows added, removed, changed and moved by record id; schemas; terms.

It names configs, record ids and columns, never a text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from demur.errors import ManifestError
from demur.records.licenses import strictness
from demur.records.record import ACCESS_TIERS
from demur.records.row import Bookkeeping, columns_with
from demur.records.schema_diff import FieldChange, schema_diff
from demur.records.terms import Terms
from demur.sets.card import built_card
from demur.sets.folder import BuiltSet
from demur.sets.manifest import ConfigEntry, Manifest
from demur.sets.moved import moved_by

ROWS = pa.schema(
    [
        pa.field("config", pa.string(), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("change", pa.string(), nullable=False),
        pa.field("was_split", pa.string()),
        pa.field("now_split", pa.string()),
        pa.field("columns", pa.list_(pa.string()), nullable=False),
    ]
)
"""Columns of the rows of a difference: ``change`` is added, removed, moved (another split), changed (its meaning: some
column beyond `BOOKKEEPING`) or relabelled (bookkeeping alone); a row that moved and changed stands there twice."""

KINDS = ("added", "removed", "changed", "moved", "relabelled")


@dataclass(frozen=True)
class Diff:
    """What one data set has that another has not.

    Attributes:
        rows: one row a change (`ROWS`), by config, record id and kind of change.
        schema: changes of the schemas of configs that both have.
        configs_added: configs that only the new one has; ``configs_removed``: that only the old one has.
        splits_removed: splits, as ``config/split``, that only the old one has.
        terms: what became stricter: licenses, use limits, access; in words.
        eased: terms that became less strict.
        other: files besides rows, card, manifest and croissant that differ.
        decided: sides that changed and by whose word, and rows that went and why; in words.
    """

    rows: pa.Table
    schema: tuple[FieldChange, ...]
    configs_added: tuple[str, ...]
    configs_removed: tuple[str, ...]
    splits_removed: tuple[str, ...]
    terms: tuple[str, ...]
    eased: tuple[str, ...]
    other: tuple[str, ...]
    decided: tuple[str, ...] = ()

    def counts(self, config: str | None = None) -> dict[str, int]:
        """Changes by kind, of one config or of all."""
        rows = self.rows if config is None else self.rows.filter(pc.equal(self.rows["config"], config))
        counted = Counter(rows["change"].to_pylist())
        return {kind: counted[kind] for kind in KINDS}

    @property
    def empty(self) -> bool:
        """Whether the two are the same but for the card's changelog and the versions of the tools."""
        lists = (self.schema, self.configs_added, self.configs_removed, self.splits_removed, self.terms, self.eased)
        return not self.rows.num_rows and not any(lists) and not self.other

    def summary(self) -> dict[str, Any]:
        """All of it but the rows, with their counts by config, for programs."""
        configs = sorted(set(self.rows["config"].to_pylist()))
        return {
            "rows": {"all": self.counts(), **{config: self.counts(config) for config in configs}},
            "schema": [str(change) for change in self.schema],
            **{
                name: list(getattr(self, name))
                for name in ("decided", "configs_added", "configs_removed", "splits_removed", "terms", "eased", "other")
            },
        }

    def lines(self) -> Iterator[str]:
        """The summary for people, a line each."""
        if self.empty:
            yield "no difference"
        for config, counts in self.summary()["rows"].items():
            if any(counts.values()):
                said = ", ".join(f"{kind} {count}" for kind, count in counts.items() if count)
                yield f"{'rows' if config == 'all' else f'  {config}'}: {said}"
        yield from self.decided
        yield from (f"schema: {change}" for change in self.schema)
        for name, what in (
            ("configs_added", "config added"),
            ("configs_removed", "config removed"),
            ("splits_removed", "split removed"),
            ("terms", "stricter"),
            ("eased", "less strict"),
            ("other", "differs"),
        ):
            yield from (f"{what}: {value}" for value in getattr(self, name))


def diff(old: Path | BuiltSet, new: Path | BuiltSet) -> Diff:
    """Compare two folders that Demur built, or downloaded.

    Raises:
        ManifestError: one of them has no manifest, they hold different data sets, or a record id stands twice.
    """
    old, new = BuiltSet.open(old), BuiltSet.open(new)
    one, two = old.manifest, new.manifest
    if one.name != two.name:
        msg = "The two folders hold different data sets"
        raise ManifestError(msg, where=f"{old.path} and {new.path}", expected=one.name, got=two.name)
    before, after = ({config.name: config for config in manifest.configs} for manifest in (one, two))
    common = [name for name in after if name in before]
    rows = [change for name in common for change in _changes(name, old, new, before[name], after[name])]
    rows += [change for name in before if name not in after for change in _all(name, old, "removed")]
    rows += [change for name in after if name not in before for change in _all(name, new, "added")]
    terms, eased = _terms(one, two, common)
    rows.sort(key=lambda row: (row["config"], row["record_id"], row["change"]))
    by_change: dict[str, dict[str, set[str]]] = {"changed": {}, "removed": {}}
    for row in rows:
        if row["change"] in by_change and row["config"] in common:
            by_change[row["change"]].setdefault(row["config"], set()).add(row["record_id"])
    return Diff(
        rows=pa.Table.from_pylist(rows, schema=ROWS),
        schema=tuple(_schemas(old, new, before, after, common)),
        configs_added=tuple(name for name in after if name not in before),
        configs_removed=tuple(name for name in before if name not in after),
        splits_removed=tuple(
            f"{name}/{split}"
            for name in common
            for split, count in before[name].rows.items()
            if count and not after[name].rows.get(split)
        ),
        terms=tuple(terms),
        eased=tuple(eased),
        other=tuple(_others(old, new, one, two)),
        decided=tuple(moved_by(old, new, by_change["changed"], by_change["removed"])),
    )


def _changes(name: str, old: BuiltSet, new: BuiltSet, one: ConfigEntry, two: ConfigEntry) -> Iterator[dict[str, Any]]:
    """Rows of a config that both have."""
    tables = [folder.rows(name) for folder in (old, new)]
    places = [_places(table, folder.path, name) for table, folder in zip(tables, (old, new), strict=True)]
    for id in sorted(places[0].keys() - places[1].keys()):
        yield _row(name, id, "removed", was=tables[0]["split"][places[0][id]].as_py())
    for id in sorted(places[1].keys() - places[0].keys()):
        yield _row(name, id, "added", now=tables[1]["split"][places[1][id]].as_py())
    ids = sorted(places[0].keys() & places[1].keys())
    before, after = (
        table.take(pa.array([place[id] for id in ids], pa.int64())).combine_chunks()
        for table, place in zip(tables, places, strict=True)
    )
    bookkeeping = {*columns_with(new.model_of(two), Bookkeeping)}
    columns: dict[int, list[str]] = {}
    for column in before.column_names:
        if column in after.column_names and column != "split" and not before[column].equals(after[column]):
            for row, (left, right) in enumerate(
                zip(before[column].to_pylist(), after[column].to_pylist(), strict=True)
            ):
                if left != right:
                    columns.setdefault(row, []).append(column)
    for row, changed in columns.items():
        kind = "relabelled" if bookkeeping.issuperset(changed) else "changed"
        yield _row(name, ids[row], kind, columns=changed)
    for row, (was, now) in enumerate(zip(before["split"].to_pylist(), after["split"].to_pylist(), strict=True)):
        if was != now:
            yield _row(name, ids[row], "moved", was, now)


def _places(table: pa.Table, folder: Path, config: str) -> dict[str, int]:
    places = {id: row for row, id in enumerate(table["record_id"].to_pylist())}
    if len(places) < table.num_rows:
        msg = "A record id stands twice"
        raise ManifestError(
            msg, where=f"{folder}: {config}", expected=table.num_rows, got=len(places), fix="Run `demur check` on it."
        )
    return places


def _row(
    config: str, id: str, change: str, was: str | None = None, now: str | None = None, columns: list[str] | None = None
) -> dict[str, Any]:
    values = (config, id, change, was, now, columns or [])
    return dict(zip(ROWS.names, values, strict=True))


def _all(config: str, folder: BuiltSet, change: str) -> Iterator[dict[str, Any]]:
    table = folder.rows(config)
    for id, split in zip(table["record_id"].to_pylist(), table["split"].to_pylist(), strict=True):
        yield _row(config, id, change, **{"was" if change == "removed" else "now": split})


def _schemas(
    old: BuiltSet, new: BuiltSet, before: Mapping[str, ConfigEntry], after: Mapping[str, ConfigEntry], common: list[str]
) -> Iterator[FieldChange]:
    """Changes of the rows' schemas, told once although several configs share one."""
    seen: set[FieldChange] = set()
    for name in common:
        one, two = (
            json.loads((folder.path / ("schema-references.json" if config.references else "schema.json")).read_bytes())
            for folder, config in ((old, before[name]), (new, after[name]))
        )
        found = [change for change in schema_diff(one, two) if change not in seen]
        seen.update(found)
        yield from found


def _terms(one: Manifest, two: Manifest, common: list[str]) -> tuple[list[str], list[str]]:
    """What became stricter, and what less strict."""
    was_terms, now_terms = one.own_terms, two.own_terms
    before, after = ({config.name: config for config in manifest.configs} for manifest in (one, two))
    stricter: list[str] = []
    eased: list[str] = []
    for name in common:
        was, now = before[name], after[name]
        if was.license != now.license:
            said = f"{name}: license was {was.license}, is {now.license}"
            rises = strictness(now.license, now_terms) >= strictness(was.license, was_terms)
            (stricter if rises else eased).append(said)
        elif was.terms != now.terms:
            free = Terms(redistribution=True, commercial=True)
            rises = (now.terms or free).beyond(was.terms or free)
            said = f"{name}: terms of {now.license} were {was.terms}, are {now.terms}"
            (stricter if rises else eased).append(said)
        stricter += [f"{name}: use limit {limit}" for limit in sorted({*now.use_limits} - {*was.use_limits})]
        eased += [f"{name}: no use limit {limit}" for limit in sorted({*was.use_limits} - {*now.use_limits})]
    if one.access != two.access:
        said = f"access was {one.access}, is {two.access}"
        (stricter if ACCESS_TIERS.index(two.access) > ACCESS_TIERS.index(one.access) else eased).append(said)
    return stricter, eased


def _others(old: BuiltSet, new: BuiltSet, one: Manifest, two: Manifest) -> Iterator[str]:
    """Files besides rows that differ; of the card only what follows from the build."""
    configs = tuple(f"{config.name}/" for config in (*one.configs, *two.configs))
    for name in sorted({*one.files, *two.files} - {"README.md", "croissant.json"}):
        was, now = one.files.get(name), two.files.get(name)
        same = was and now and (was.content == now.content if was.content else was.sha256 == now.sha256)
        if not same and not name.startswith(configs):
            yield name
    if built_card(old.path) != built_card(new.path):
        yield "README.md"

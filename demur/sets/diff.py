"""The difference of two data sets: rows added, removed, changed and moved by record id; schemas; terms.

It names configs, record ids, columns and labels, never a text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.errors import ManifestError
from demur.records.licenses import strictness
from demur.records.record import ACCESS_TIERS
from demur.records.row import Bookkeeping, columns_with
from demur.records.schema_diff import FieldChange, schema_diff
from demur.records.terms import Terms
from demur.sets import came
from demur.sets.aligned import Aligned, aligned, differs
from demur.sets.card import built_card
from demur.sets.folder import BuiltSet
from demur.sets.manifest import ConfigEntry, Manifest
from demur.sets.moved import moves_of, order_of
from demur.sets.whose import Kind, Move, facts, grouped

if TYPE_CHECKING:
    from numpy.typing import NDArray

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

MOVES: tuple[tuple[str, Kind, str], ...] = (
    ("columns", "column", "columns"),
    ("removed", "removed", "rows that went"),
    ("splits", "split", "rows that moved to another split"),
    ("rejects_came", "reject-came", "rejects that came"),
    ("rejects_went", "reject-went", "rejects that went"),
    ("conflicts_came", "conflict-came", "conflicts that came"),
    ("conflicts_went", "conflict-went", "conflicts that went"),
)
"""Kinds of moves: the name for programs, the kind, and what people call it."""

MOST = 8
"""Moves of one column, or of one kind, that people see; programs get all."""


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
        moves: what became what, in which rows and by whose word; rows, rejects and conflicts that came and went.
        sources: what changed in the terms of sources.
    """

    rows: pa.Table
    schema: tuple[FieldChange, ...]
    configs_added: tuple[str, ...]
    configs_removed: tuple[str, ...]
    splits_removed: tuple[str, ...]
    terms: tuple[str, ...]
    eased: tuple[str, ...]
    other: tuple[str, ...]
    moves: tuple[Move, ...] = ()
    sources: tuple[came.SourceChange, ...] = ()

    def counts(self, config: str | None = None) -> dict[str, int]:
        """Changes by kind, of one config or of all."""
        rows = self.rows if config is None else self.rows.filter(pc.equal(self.rows["config"], config))
        counted = {each["values"]: each["counts"] for each in pc.value_counts(rows["change"]).to_pylist()}
        return {kind: counted.get(kind, 0) for kind in KINDS}

    @property
    def empty(self) -> bool:
        """Whether the two are the same but for the card's changelog and the versions of the tools."""
        lists = (self.schema, self.configs_added, self.configs_removed, self.splits_removed, self.terms, self.eased)
        return not self.rows.num_rows and not any(lists) and not self.other

    def of(self, kind: Kind) -> list[Move]:
        """The moves of a kind."""
        return [each for each in self.moves if each.kind == kind]

    def summary(self) -> dict[str, Any]:
        """All of it, with the counts of rows by config and the record ids of every move, for programs."""
        configs = sorted(self.rows["config"].unique().to_pylist())
        return {
            "rows": {"all": self.counts(), **{config: self.counts(config) for config in configs}},
            "moves": {name: [each.as_dict() for each in self.of(kind)] for name, kind, _ in MOVES},
            "sources": [each.as_dict() for each in self.sources],
            "schema": [str(change) for change in self.schema],
            **{
                name: list(getattr(self, name))
                for name in ("configs_added", "configs_removed", "splits_removed", "terms", "eased", "other")
            },
        }

    def lines(self) -> Iterator[str]:
        """The summary for people, a line each."""
        if self.empty:
            yield "no difference"
            return
        for config, counts in self.summary()["rows"].items():
            if any(counts.values()):
                said = ", ".join(f"{kind} {count}" for kind, count in counts.items() if count)
                yield f"{'rows' if config == 'all' else f'  {config}'}: {said}"
        moved = self.counts()["moved"]
        yield f"ROWS MOVED BETWEEN SPLITS: {moved}" if moved else "no row moved to another split"
        for _, kind, what in MOVES:
            if found := self.of(kind):
                yield f"{what}:"
                yield from (f"  {line}" for line in _first(found))
        yield from (f"source {change}" for change in self.sources)
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


def _first(moves: Sequence[Move]) -> Iterator[str]:
    """Lines of the first moves of every column, and how many more there are."""
    for name, group in groupby(moves, key=lambda move: move.name if move.shown else ""):
        several = [*group]
        yield from (line for move in several[:MOST] for line in move.lines())
        if left := several[MOST:]:
            rows = len({id for move in left for id in move.record_ids})
            yield f"{name}{': ' if name else ''}{len(left)} more, of {rows} rows"


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
    rejects = came.compare_rejects(old, new)
    rows, moves = [ROWS.empty_table()], [*came.rejects(rejects, old, new), *came.conflicts(old, new)]
    for name in common:
        changed, moved = _changes(name, old, new, after[name], rejects)
        rows += changed
        moves += moved
    rows += [_rows(name, old.rows(name), "removed") for name in before if name not in after]
    rows += [_rows(name, new.rows(name), "added") for name in after if name not in before]
    terms, eased = _terms(one, two, common)
    return Diff(
        rows=pa.concat_tables(rows).sort_by([(key, "ascending") for key in ("config", "record_id", "change")]),
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
        moves=tuple(sorted(grouped(moves), key=order_of(new.model))),
        sources=tuple(came.sources(one, two)),
    )


def _changes(
    name: str, old: BuiltSet, new: BuiltSet, entry: ConfigEntry, rejects: Aligned
) -> tuple[list[pa.Table], list[pa.Table]]:
    """Rows of a config that both have: what differs, by row and by column."""
    one, two = (_unique(folder, name) for folder in (old, new))
    sides = aligned(one, two)
    before, after = sides.before, sides.after
    masks: dict[str, NDArray[np.bool_]] = {}
    for column in before.column_names:
        if column in after.column_names and column != "split":
            mask = differs(before[column], after[column])
            if mask.any():
                masks[column] = mask
    bookkeeping = {*columns_with(new.model_of(entry), Bookkeeping)}
    moved = before["split"], after["split"]
    elsewhere = differs(*moved)
    rows = [
        _rows(name, sides.gone, "removed"),
        _rows(name, sides.come, "added"),
        _rows(name, after.filter(pa.array(elsewhere)), "moved", moved[0].filter(pa.array(elsewhere))),
        *_changed(name, after["record_id"], masks, bookkeeping),
    ]
    where = pa.array(elsewhere)
    was, now = (each.filter(where) for each in moved)
    moves = [
        *moves_of(name, sides, masks, old, new, new.model_of(entry)),
        came.rows_gone(name, sides.gone, rejects, old, new),
        facts("split", "split", after["record_id"].filter(where), name, was, now, shown=True),
    ]
    return rows, moves


def _unique(folder: BuiltSet, config: str) -> pa.Table:
    table = folder.rows(config)
    ids = pc.count_distinct(table["record_id"], mode="all").as_py()
    if ids < table.num_rows:
        msg = "A record id stands twice"
        raise ManifestError(
            msg, where=f"{folder.path}: {config}", expected=table.num_rows, got=ids, fix="Run `demur check` on it."
        )
    return table


def _changed(
    config: str, ids: pa.ChunkedArray, masks: Mapping[str, NDArray[np.bool_]], bookkeeping: set[str]
) -> Iterator[pa.Table]:
    """Rows of which columns beside the split differ, each with their names."""
    if not masks:
        return
    differ = np.stack([*masks.values()], axis=1)
    rows = np.flatnonzero(np.any(differ, axis=1))
    meaning = np.any(differ[rows][:, [name not in bookkeeping for name in masks]], axis=1)
    offsets = np.concatenate([[0], np.cumsum(differ[rows].sum(axis=1))])
    names = pa.array([*masks], pa.string()).take(pa.array(np.nonzero(differ[rows])[1]))
    yield pa.table(
        {
            "config": pa.repeat(config, len(rows)),
            "record_id": ids.take(pa.array(rows)),
            "change": pc.if_else(pa.array(meaning), "changed", "relabelled"),
            "was_split": pa.nulls(len(rows), pa.string()),
            "now_split": pa.nulls(len(rows), pa.string()),
            "columns": pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), names),
        },
        schema=ROWS,
    )


def _rows(config: str, table: pa.Table, change: str, was: pa.ChunkedArray | None = None) -> pa.Table:
    """Rows of one kind of change, as `ROWS`."""
    rows, split = table.num_rows, table["split"].cast(pa.string())
    nothing = pa.nulls(rows, pa.string())
    return pa.table(
        {
            "config": pa.repeat(config, rows),
            "record_id": table["record_id"],
            "change": pa.repeat(change, rows),
            "was_split": split if change == "removed" else nothing if was is None else was.cast(pa.string()),
            "now_split": nothing if change == "removed" else split,
            "columns": pa.ListArray.from_arrays(
                pa.repeat(pa.scalar(0, pa.int32()), rows + 1), pa.array([], pa.string())
            ),
        },
        schema=ROWS,
    )


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

"""From the records of one config to its contrast pairs: published ones as they are, others mined, each reject named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from demur.curation.curated import sides
from demur.kinds.contrast.declared import Declaration
from demur.kinds.contrast.facts import BaselineEntry, ScoreEntry, TextOnly
from demur.kinds.contrast.mine import mine
from demur.records.rejects import reject, rejects_of
from demur.records.row import Row
from demur.records.schema import arrow_schema
from demur.sets.kind import Given, Made
from demur.similarity import components
from demur.text.surface import Baseline, across, baseline

Pair = tuple[str, str, int, int, float | None]
"""Name, origin, row of the harmful and of the safe side, and predictability where it was mined."""


def pair_up(declared: Declaration, records: pa.Table, given: Given, model: type[Row]) -> Made:
    """Make the pairs of one config.

    Args:
        declared: the declaration of the kind.
        records: its records without duplicates, labelled yes or no, with ``group_id`` and ``split``.
        given: the config.
        model: the schema of the rows.

    Raises:
        UsageError: too few pairs to measure the text-only baseline, or records of one side only.
    """
    config = given.config
    records = records.sort_by("record_id")
    harmful = [value == "yes" for value in sides(records).to_pylist()]
    whole = [context is None for context in records["context"].to_pylist()]  # a passage is not released here
    pairs = _published(records, harmful, whole)
    paired = {row for _, _, one, two, _ in pairs for row in (one, two)}
    rejects: list[dict[str, Any]] = []
    if config in declared.mined:
        free = [row for row, pair in enumerate(records["pair_id"].to_pylist()) if pair is None and whole[row]]
        more, rejects = _mined(declared, config, records, harmful, free)
        pairs += more
        paired |= {row for _, _, one, two, _ in more for row in (one, two)}
    told = {each["record_id"] for each in rejects}
    for row, record in enumerate(records.select(["record_id", "lineage"]).to_pylist()):
        if row not in paired and record["record_id"] not in told:
            rejects.append(reject(record, "not-paired" if whole[row] else "has-context", config))
    items = _items(model, given, records, sorted(pairs))
    return Made(items, rejects_of(rejects), items.num_rows, measure(declared, config, items))


def measure(declared: Declaration, config: str, items: pa.Table) -> BaselineEntry:
    """The text-only baseline of a config: naive, and, where pairs were mined, nested in the halves of the mining."""
    columns = [items[name].to_pylist() for name in ("prompt", "side", "pair_id")]
    sides = [side == "harmful" for side in columns[1]]
    mined = config in declared.mined
    halves = [declared.half(split) for split in items["split"].to_pylist()]
    naive = baseline(columns[0], sides, columns[2], declared.folds, declared.settings.seed)
    nested = (
        baseline(columns[0], sides, columns[2], declared.folds, declared.settings.seed, parts=halves) if mined else None
    )
    return BaselineEntry(
        pairs=naive.pairs,
        folds=naive.folds,
        seed=naive.seed,
        ceiling=declared.ceilings[config],
        naive=_entry(naive),
        nested=_entry(nested) if nested else None,
        across=ScoreEntry(**vars(across(columns[0], sides, columns[2], halves, declared.settings.seed)))
        if mined
        else None,
    )


def _entry(found: Baseline) -> dict[str, TextOnly]:
    return {
        name: TextOnly(
            accuracy=ScoreEntry(**vars(family.accuracy)),
            auroc=ScoreEntry(**vars(family.auroc)),
        )
        for name, family in found.families.items()
    }


def _published(records: pa.Table, harmful: Sequence[bool], whole: Sequence[bool]) -> list[Pair]:
    """Pairs that a source declares; of several prompts of a side, the first goes with the first, by record id."""
    members: defaultdict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for row, pair in enumerate(records["pair_id"].to_pylist()):
        if pair is not None and whole[row]:
            members[pair][0 if harmful[row] else 1].append(row)
    return [
        (f"{pair}.{number}" if number else pair, "published", one, two, None)
        for pair, sides in sorted(members.items())
        for number, (one, two) in enumerate(zip(*sides, strict=False))
    ]


def _mined(
    declared: Declaration, config: str, records: pa.Table, harmful: Sequence[bool], free: list[int]
) -> tuple[list[Pair], list[dict[str, Any]]]:
    given = records.take(pa.array(free, pa.int64()))
    ids, splits, lineages = (given[name].to_pylist() for name in ("record_id", "split", "lineage"))
    found = mine(
        given["prompt"].to_pylist(),
        ids,
        [harmful[row] for row in free],
        splits,
        [declared.half(split) for split in splits],
        declared.settings_of(config),
    )
    pairs: list[Pair] = []
    rejects = []
    rule = f"predictability > {declared.settings_of(config).threshold:g}"
    for (one, two), score, kept in zip(
        found.pairs.tolist(), found.predictability.tolist(), found.kept.tolist(), strict=True
    ):
        if kept:
            pairs.append((f"mined:{ids[one]}", "mined", free[one], free[two], score))
            continue
        for row, twin in ((one, two), (two, one)):
            record = {"record_id": ids[row], "lineage": lineages[row]}
            rejects.append(reject(record, "too-predictable", config, twin=ids[twin], similarity=score, rule=rule))
    return pairs, rejects


def _items(model: type[Row], given: Given, records: pa.Table, pairs: list[Pair]) -> pa.Table:
    """Two rows a pair, the harmful one first; both take one group, the smaller of their two."""
    rows = [row for _, _, one, two, _ in pairs for row in (one, two)]
    groups = _joined(records["group_id"].to_pylist(), pairs)
    taken = records.take(pa.array(rows, pa.int64())).drop_columns(["pair_id", "group_id"])
    twice = [pair for pair in pairs for _ in range(2)]
    columns = {
        "pair_id": pa.array([name for name, *_ in twice], pa.string()),
        "origin": pa.array([origin for _, origin, *_ in twice], pa.string()),
        "predictability": pa.array([score for *_, score in twice], pa.float64()),
        "side": pa.array(["harmful", "safe"] * len(pairs), pa.string()),
        "group_id": pa.array([groups[row] for row in rows], pa.string()),
    }
    for name, column in columns.items():
        taken = taken.append_column(name, column)
    schema = arrow_schema(model)
    return given.to_rows(taken).select(schema.names).cast(schema)


def _joined(groups: list[str], pairs: list[Pair]) -> list[str]:
    """The group of every record once the two groups of each pair are one: the smallest name of those joined."""
    names = sorted({*groups})
    place = {name: number for number, name in enumerate(names)}
    links = sorted({(place[groups[one]], place[groups[two]]) for _, _, one, two, _ in pairs})
    columns = {"row": [max(link) for link in links], "twin": [min(link) for link in links]}
    evidence = pa.table({name: pa.array(column, pa.int64()) for name, column in columns.items()})
    root = components(len(names), evidence).tolist()
    return [names[root[place[name]]] for name in groups]

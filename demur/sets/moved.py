"""What people decided between two sets, in words: sides that changed and by whose word, rows that went and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import pyarrow as pa

from demur.records.row import Facet, columns_with
from demur.sets.folder import BuiltSet

_SHOWN = 5


def moved_by(
    old: BuiltSet, new: BuiltSet, changed: Mapping[str, set[str]], removed: Mapping[str, set[str]]
) -> Iterator[str]:
    """Lines such as ``1 relabelled refuse -> answer by decision (3f9a...)``; a row of several configs counts once.

    Args:
        old: before.
        new: after.
        changed: config -> record ids of rows that both have, and that differ.
        removed: config -> record ids of rows that only the old one has.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    for config, ids in changed.items():
        entry = next(each for each in new.manifest.configs if each.name == config)
        side = next(iter(columns_with(new.model_of(entry), Facet)), None)
        was, now = _facts(old.rows(config), side), _facts(new.rows(config), side)
        for id in ids:
            if id in was and id in now and was[id][0] != now[id][0]:
                by = f" by {now[id][1]}" if now[id][1] else ""
                found[f"relabelled {was[id][0]} -> {now[id][0]}{by}"].add(id)
    rejects = new.table("rejects.parquet")
    reasons = {
        (config, id): reason
        for config, id, reason in zip(
            *(rejects[name].to_pylist() for name in ("config", "record_id", "reason")), strict=True
        )
    }
    for config, ids in removed.items():
        for id in ids:
            if reason := reasons.get((config, id)):
                found["dropped by decision" if reason == "dropped-by-decision" else f"left out: {reason}"].add(id)
    for what, several in sorted(found.items()):
        named = ", ".join(sorted(several)[:_SHOWN]) + (", ..." if len(several) > _SHOWN else "")
        yield f"{len(several)} {what} ({named})"


def _facts(table: pa.Table, side: str | None) -> dict[str, tuple[str | None, str | None]]:
    columns = [
        table[name].to_pylist() if name and name in table.column_names else [None] * table.num_rows
        for name in (side, "basis")
    ]
    return dict(zip(table["record_id"].to_pylist(), zip(*columns, strict=True), strict=True))

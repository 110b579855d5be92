"""Seeded sampling: equal numbers of rows by the values of one column, in every split."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa

from demur.draws import rank


def balance(items: pa.Table, column: str, seed: int) -> list[bool]:
    """Which rows to keep so that every value of ``column`` has the same number of rows in every split.

    Rows whose ``optional`` is false are always kept; the others fill up to the largest number of such rows that any
    value has, lowest `rank` first. Where too few optional rows exist, all are kept and the split stays uneven.

    Args:
        items: a table with ``record_id``, ``split``, ``optional`` and the column.
        column: the column to balance.
        seed: of the order in which optional rows are drawn.
    """
    kept = [not optional for optional in items["optional"].to_pylist()]
    ids, splits, values = (items[name].to_pylist() for name in ("record_id", "split", column))
    required: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    pools: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for row, (split, value) in enumerate(zip(splits, values, strict=True)):
        required[split][value] += kept[row]
        if not kept[row]:
            pools[split, value].append(row)
    for (split, value), pool in pools.items():
        missing = max(required[split].values()) - required[split][value]
        for row in sorted(pool, key=lambda row: rank(ids[row], seed))[: max(missing, 0)]:
            kept[row] = True
    return kept

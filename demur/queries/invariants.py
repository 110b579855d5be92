"""What query sets and responses to compare must keep to: pure functions from rows and manifest to messages.

No message holds a text: it names sets, sides, queries and numbers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pyarrow as pa

from demur.manifest import ConfigEntry, Manifest
from demur.queries.draw import overlaps

_SHOWN = 5


def miscounted(entry: ConfigEntry, table: pa.Table, manifest: Manifest) -> list[str]:
    """Sides of query sets whose rows are not as many as were declared, drawn, and said to be missing."""
    declared = manifest.parameters.queries
    if declared is None or entry.queries is None:
        return []
    rows = Counter(zip(table["set"].to_pylist(), table["side"].to_pylist(), strict=True))
    found = []
    for name, counts in entry.queries.items():
        for side, each in counts.sides.items():
            missing = counts.short_of.get(side, 0)
            if rows.pop((name, side), 0) != each.drawn or each.drawn + missing != declared.per_side:
                found.append(f"{name}: its {side} queries are not the {declared.per_side} declared, less {missing}")
    return found + [f"{name}: {count} {side} queries, and none declared" for (name, side), count in rows.items()]


def misread_overlaps(manifest: Manifest, configs: dict[str, pa.Table]) -> list[str]:
    """Whether the draws of two seeds share what the manifest says."""
    if manifest.parameters.queries is None:
        return []
    counted = overlaps(manifest.parameters.queries, configs, {entry.name: entry for entry in manifest.configs})
    return [] if counted == manifest.overlaps else ["what the draws of two seeds share is not what is declared"]


def incomparable(table: pa.Table) -> list[str]:
    """Queries without exactly one response of each kind, and foreign responses that are no derangement.

    Example:
        >>> rows = {"query_id": ["a"], "answered_id": ["a"], "response": ["No."], "safe": [True], "split": ["test"]}
        >>> incomparable(pa.table(rows))
        ['query a has 1 safe, 0 harmful and 0 foreign responses, not one of each']
    """
    of_query: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.select(["query_id", "answered_id", "response", "safe", "split"]).to_pylist():
        of_query[row["query_id"]].append(row)
    found = []
    harmful: dict[str, str] = {}
    for query, rows in sorted(of_query.items()):
        sides = Counter(row["safe"] for row in rows)
        if sides != Counter([True, False, None]):
            counts = f"{sides[True]} safe, {sides[False]} harmful and {sides[None]} foreign responses"
            found.append(f"query {query} has {counts}, not one of each")
        elif len({row["split"] for row in rows}) > 1:
            found.append(f"the responses to query {query} stand in several splits")
        else:
            harmful[query] = next(row["response"] for row in rows if row["safe"] is False)
    shown = Counter(row["answered_id"] for rows in of_query.values() for row in rows if row["safe"] is None)
    for query, rows in sorted(of_query.items()):
        for row in rows:
            other = row["answered_id"]
            if row["safe"] is not None and other != query:
                found.append(f"query {query} has a response of query {other} as its own")
            elif row["safe"] is None and (other == query or row["response"] != harmful.get(other)):
                found.append(f"query {query} is shown what is not the harmful response of another query")
            elif row["safe"] is None and shown[other] > 1:
                found.append(f"the harmful response to query {other} is shown {shown[other]} times")
    return [*found[:_SHOWN], *([f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else [])]

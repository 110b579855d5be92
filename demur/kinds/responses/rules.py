"""Rules about responses to compare."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from demur.checks.finding import Finding, hit
from demur.checks.rule import rule
from demur.checks.subject import Subject

_SHOWN = 5


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


@rule(
    "DMR314",
    "compared-responses",
    invariants=(11,),
    summary="A query to compare has one safe response, one harmful one, and the harmful one of another query; each "
    "harmful response is shown to one other query.",
    why="How often a reward ranks safe above harmful is counted by query. A query that is shown its own response as "
    "another's, or one response that is shown to many, makes the reward of foreign responses something else.",
    fix="Build it again.",
    applies=("responses",),
)
def compared_responses(subject: Subject) -> Iterator[Finding]:
    """Queries whose responses are too many, too few, or not theirs."""
    for config, table in subject.folder.configs.items() if subject.folder else ():
        for message in incomparable(table):
            yield hit(message, config)

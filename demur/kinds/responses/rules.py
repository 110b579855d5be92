"""Rules about responses to compare."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from demur.checks.finding import Finding, hit
from demur.checks.rule import rule
from demur.checks.subject import Subject
from demur.kinds.responses.make import KINDS

_SHOWN = 5
_PLACE = {kind: ("upper", "lower", "foreign")[place] for kinds in KINDS.values() for place, kind in enumerate(kinds)}
_JUDGED, _PREFERENCE = KINDS[True], KINDS[False]


def incomparable(table: pa.Table) -> list[str]:
    """Queries without exactly one response of each kind, and foreign responses that are no derangement.

    Example:
        >>> rows = {"query_id": ["a"], "answered_id": ["a"], "response": ["No."], "kind": ["safe"], "split": ["test"]}
        >>> incomparable(pa.table(rows))
        ['query a has 1 safe, 0 harmful and 0 foreign responses, not one of each']
    """
    of_query: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.select(["query_id", "answered_id", "response", "kind", "split"]).to_pylist():
        of_query[row["query_id"]].append({**row, "place": _PLACE.get(row["kind"])})
    found = []
    lower: dict[str, str] = {}
    for query, rows in sorted(of_query.items()):
        kinds = Counter(row["kind"] for row in rows)
        if kinds not in (Counter(_JUDGED), Counter(_PREFERENCE)):
            one, two, other = _PREFERENCE if {*kinds} & {*_PREFERENCE} else _JUDGED
            counts = f"{kinds[one]} {one}, {kinds[two]} {two} and {kinds[other]} foreign responses"
            found.append(f"query {query} has {counts}, not one of each")
        elif len({row["split"] for row in rows}) > 1:
            found.append(f"the responses to query {query} stand in several splits")
        else:
            lower[query] = next(row["response"] for row in rows if row["place"] == "lower")
    shown = Counter(row["answered_id"] for rows in of_query.values() for row in rows if row["place"] == "foreign")
    for query, rows in sorted(of_query.items()):
        for row in rows:
            other, foreign = row["answered_id"], row["place"] == "foreign"
            if not foreign and other != query:
                found.append(f"query {query} has a response of query {other} as its own")
            elif foreign and (other == query or row["response"] != lower.get(other)):
                found.append(f"query {query} is shown what is not the harmful or rejected response of another query")
            elif foreign and shown[other] > 1:
                found.append(f"the harmful or rejected response to query {other} is shown {shown[other]} times")
    return [*found[:_SHOWN], *([f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else [])]


@rule(
    "DMR314",
    "compared-responses",
    invariants=(11,),
    summary="A query to compare has one safe response, one harmful one, and the harmful one of another query; or one "
    "preferred, one rejected, and the rejected one of another query. Each is shown to one other query.",
    why="How often a reward ranks the one above the other is counted by query. A query that is shown its own response "
    "as another's, or one response that is shown to many, makes the reward of foreign responses something else.",
    fix="Build it again.",
    applies=("responses",),
)
def compared_responses(subject: Subject) -> Iterator[Finding]:
    """Queries whose responses are too many, too few, or not theirs."""
    for config, table in subject.folder.configs.items() if subject.folder else ():
        for message in incomparable(table):
            yield hit(message, config)

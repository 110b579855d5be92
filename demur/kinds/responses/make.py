"""Responses to compare: two responses to one query, an upper and a lower one, and the lower one of another query.

Sources say which is which in one of two ways. People *preferred* one of two responses to the same query: it is the less
harmful of the two, no more, and the rows say preferred and rejected (Emulated Disalignment, arXiv 2402.12343, figure
3). Or people *judged* responses one by one: a harmful one, and one that refuses (`demur.kinds.training.pairing`),
behind a query that is to be refused. The foreign responses are a seeded derangement: every lower response stands once
behind a query that it does not answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from demur.draws import rank
from demur.errors import UsageError
from demur.kinds.responses.counts import counted
from demur.kinds.responses.facts import ComparisonCounts
from demur.kinds.training.pairing import EMPTY, NOT_SAMPLED, Record, sides
from demur.records.record import record_id
from demur.records.rejects import Left, left_over
from demur.records.row import Row
from demur.records.schema import arrow_schema
from demur.sets.kind import Given, Made
from demur.sets.terms import of_records
from demur.text.normalise import normalise
from demur.text.refusal import judge

ROLES = ("preferred", "rejected", "judged")
"""What a record is for: a side of a preference, or a response that was judged by itself; others are reasons."""

ONE_SIDED, EQUAL, NEAR = "one-sided", "equal-responses", "near-duplicate"
CONTEXT, DIFFERENT = "has-context", "different-prompts"
ANSWERABLE = "prompt-not-to-refuse"


KINDS: dict[bool, tuple[str, str, str]] = {
    True: ("safe", "harmful", "other_harmful"),
    False: ("preferred", "rejected", "other_rejected"),
}
"""Whether responses were judged one by one -> the kinds of the upper, the lower and the foreign one."""


@dataclass(frozen=True)
class Query:
    """A query with its two responses: safe and harmful if people judged each, else preferred and rejected."""

    upper: Record
    lower: Record
    judged: bool

    @property
    def id(self) -> str:
        """The record id of the prompt."""
        return record_id("prompt", self.upper["prompt"])

    @property
    def kinds(self) -> tuple[str, str, str]:
        """The kinds of its upper, its lower and its foreign response."""
        return KINDS[self.judged]


def compare(records: pa.Table, given: Given, model: type[Row]) -> Made:
    """Make the rows of one config.

    Args:
        records: response records with ``role``, ``group_id`` and ``split``.
        given: the config; its seed draws one query of a group, one of several responses, and the derangement.
        model: the schema of the rows.

    Raises:
        UsageError: fewer than two queries have both sides.
    """
    fit, left = fitting(records.to_pylist())
    queries, more = _queries(fit, given.seed)
    left += more
    queries, more = _one_a_group(queries, given.seed)
    left += more
    rows = []
    for split in given.splits:
        mine = [query for query in queries if query.upper["split"] == split]
        for query, other in zip(mine, foreign(mine, given.seed, f"{given.where}, {split}"), strict=True):
            rows += _rows(query, other)
    items = pa.Table.from_pylist(rows, schema=arrow_schema(model)).sort_by(
        [("query_id", "ascending"), ("kind", "ascending")]
    )
    facts = ComparisonCounts(queries=len(queries), **counted(items))
    return Made(items, left_over(left, given.config), 2 * len(queries), facts)


def fitting(records: Iterable[Record]) -> tuple[list[Record], list[Left]]:
    """The records that may give a query, and the others, each with its reason."""
    fit, left = [], []
    for record in records:
        if record["role"] not in ROLES:
            left.append(Left(record, record["role"]))
        elif record["context"] is not None:  # the prompt is not all of what was asked
            left.append(Left(record, CONTEXT))
        elif record["role"] == "judged" and record["behaviour"] not in (None, "refuse"):
            left.append(Left(record, ANSWERABLE))
        else:
            fit.append(record)
    return fit, left


def _queries(fit: Iterable[Record], seed: int) -> tuple[list[Query], list[Left]]:
    """Queries with both sides: the two responses of one preference, or a harmful and a safe judged one each."""
    preferences: defaultdict[tuple[str, int], dict[str, Record]] = defaultdict(dict)
    judged = []
    left = []
    for record in fit:
        if record["role"] == "judged":
            judged.append(record)
        else:
            preferences[record["lineage"]["source"], record["lineage"]["row"]][record["role"]] = record
    found, unfit = sides(judged)
    left += unfit
    by_prompt: defaultdict[str, dict[str, list[Record]]] = defaultdict(lambda: {"safe": [], "harmful": []})
    for side, records in found.items():
        for record in sorted(records, key=lambda each: rank(each["record_id"], seed)):
            by_prompt[record_id("prompt", record["prompt"])][side].append(record)
    queries = []
    for sides_of in by_prompt.values():
        both = sides_of["safe"] and sides_of["harmful"]
        if both:
            queries.append(Query(sides_of["safe"].pop(0), sides_of["harmful"].pop(0), judged=True))
        left += [Left(each, NOT_SAMPLED if both else ONE_SIDED) for side in sides_of.values() for each in side]
    for row in preferences.values():
        if reason := _unfit(row):
            left += [Left(record, reason) for record in row.values()]
        else:
            queries.append(Query(row["preferred"], row["rejected"], judged=False))
    return queries, left


def _unfit(row: dict[str, Record]) -> str | None:
    """Why a preference gives no query."""
    if {*row} != {"preferred", "rejected"} or row["preferred"]["prompt"] is None:
        return ONE_SIDED
    if row["preferred"]["prompt"] != row["rejected"]["prompt"]:
        return DIFFERENT
    if any(judge(record["response"]) == "empty" for record in row.values()):
        return EMPTY
    one, two = (normalise(record["response"]) for record in row.values())
    return EQUAL if one == two else None


def _one_a_group(queries: list[Query], seed: int) -> tuple[list[Query], list[Left]]:
    """One query of every group of near-duplicates, lowest rank first; the others are rejects that name it."""
    kept: dict[str, Query] = {}
    left = []
    for query in sorted(queries, key=lambda each: _place(each, seed)):
        first = kept.setdefault(query.upper["group_id"], query)
        if first is not query:
            rule = "queries share a group of near-duplicates"
            left += [Left(record, NEAR, twin["record_id"], None, rule)
                     for record, twin in ((query.upper, first.upper), (query.lower, first.lower))]  # fmt: skip
    return list(kept.values()), left


def foreign(queries: list[Query], seed: int, where: str) -> list[Query]:
    """For every query another one, whose lower response it is shown: all queries once, none its own.

    Queries are laid in a circle in their seeded order, those with the same lower response side by side. Each takes
    the response of the one that stands as far on as the longest such run, so that none meets its own text; where it
    would be its upper response, word for word, the whole circle is turned on by one more.

    Raises:
        UsageError: fewer than two queries, or one response belongs to more than half of them.
    """
    lower, upper = ([normalise(getattr(query, side)["response"]) for query in queries] for side in ("lower", "upper"))
    runs: dict[str, list[int]] = {}
    for place in sorted(range(len(queries)), key=lambda each: _place(queries[each], seed)):
        runs.setdefault(lower[place], []).append(place)
    circle = [place for run in runs.values() for place in run]
    longest = max(map(len, runs.values()), default=1)
    for shift in range(longest, len(circle) - longest + 1):
        turned = circle[shift:] + circle[:shift]
        if all(lower[other] != upper[one] for one, other in zip(circle, turned, strict=True)):
            by_query = dict(zip(circle, turned, strict=True))
            return [queries[by_query[place]] for place in range(len(queries))]
    msg = "No query can be given another one's response"
    raise UsageError(
        msg,
        where=where,
        expected="two queries with both sides, and no response that belongs to more than half of them",
        got=f"{len(queries)} queries",
        fix="Add a source.",
    )


def _place(query: Query, seed: int) -> tuple[bytes, str, int]:
    lineage = query.upper["lineage"]
    return rank(query.id, seed), lineage["source"], lineage["row"]


def _rows(query: Query, other: Query) -> list[dict[str, Any]]:
    hazards = sorted({*query.upper["hazards"], *query.lower["hazards"]})
    rows = []
    for kind, upper, response, answered in zip(
        query.kinds,
        (True, False, None),
        (query.upper, query.lower, other.lower),
        (query, query, other),
        strict=True,
    ):
        own = answered is query  # what was said of a response to another query is not said of it here
        rows.append(
            {
                "record_id": record_id("response", query.upper["prompt"], "", response["response"]),
                "query_id": query.id,
                "prompt": query.upper["prompt"],
                "response": response["response"],
                "kind": kind,
                "safe": upper if query.judged else None,
                "preferred": None if query.judged else upper,
                "answered_id": answered.id,
                "behaviour": query.upper["behaviour"],
                "basis": query.upper["basis"],
                "hazards": hazards,
                "labels": response["labels"] if own else [],
                "native_labels": response["native_labels"] if own else [],
                "generator": response["generator"],
                "language": response["language"],
                "source": response["lineage"]["source"],
                "group_id": query.upper["group_id"],
                "split": query.upper["split"],
                **of_records((query.upper, response)),
                "lineage": response["lineage"],
                "query_lineage": query.upper["lineage"],
            }
        )
    return rows

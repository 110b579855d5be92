"""One config of a training set: records with their roles -> rows, and what became of every record.

records in = records used + rejects; rows out = three for every triple + one for every answered record. The shares of
the kinds are declared; triples come first, and answered records are drawn by seed to fill theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from demur.audits.refusal import judge
from demur.balance import rank
from demur.builder import ANSWERED, OF_TRIPLES, Builder, Training
from demur.collect import Left, left_over
from demur.dedup import deduplicate
from demur.errors import UsageError
from demur.kinds import TrainingCounts
from demur.licences import combine
from demur.record import ACCESS_TIERS, record_id
from demur.schema import arrow_schema
from demur.training.bank import opening
from demur.training.pairing import DETECTOR, EMPTY, NOT_SAMPLED, Record, Triple, pair, sides
from demur.training.triples import row_id, rows_of

NEAR_TRIPLE = "near-triple"


@dataclass(frozen=True)
class Composed:
    """The rows of one config, the records that are in none, and the counts of both."""

    items: pa.Table
    rejects: pa.Table
    counts: TrainingCounts


def compose(
    builder: Builder,
    declared: Training,
    config: str,
    records: pa.Table,
    near: Mapping[str, Mapping[str, Any]],
    locked: Mapping[str, str],
) -> Composed:
    """Make the rows of one config.

    Args:
        builder: what to build.
        declared: its training part.
        config: name of the config, for rejects.
        records: response records with ``role``, ``group_id`` and ``split``.
        near: record id -> why it is near a protected prompt (see `demur.training.near`).
        locked: record ids of an earlier release, kept before others.
    """
    protected = pc.is_in(records["record_id"], pa.array(near, pa.string()))
    left = [_near(record, near[record["record_id"]]) for record in records.filter(protected).to_pylist()]
    free = records.filter(pc.invert(protected))
    roles = free["role"]
    known = pc.is_in(roles, pa.array(["triple", *ANSWERED]))
    left += [Left(record, record["role"]) for record in free.filter(pc.invert(known)).to_pylist()]
    found, unfit = sides(free.filter(pc.equal(roles, "triple")).to_pylist())
    triples, unpaired = pair(
        found, declared.prefix_law, declared.bank, builder.seed,
        declared.triples_per_group, declared.opening_share, declared.opening_words,
    )  # fmt: skip
    left += unfit + unpaired
    groups = {triple.harmful["group_id"]: triple.harmful["record_id"] for triple in triples}
    answered, duplicates = deduplicate(
        free.filter(pc.is_in(roles, pa.array(ANSWERED))), config, builder.near_duplicate, locked
    )
    kept = []
    for record in answered.to_pylist():
        if (verdict := judge(record["response"])) != "answer":
            left.append(Left(record, DETECTOR if verdict == "refusal" else EMPTY))
        elif twin := groups.get(record["group_id"]):
            left.append(Left(record, NEAR_TRIPLE, twin, None, "prompts share a group of near-duplicates"))
        else:
            kept.append(record)
    drawn, surplus = _draw(kept, len(triples), declared, builder.seed, f"{builder.name}/{config}")
    left += [Left(record, NOT_SAMPLED) for record in surplus]

    schema = arrow_schema(builder.item)
    rows = [*_triple_rows(triples, builder, declared), *(_answer_row(record) for record in drawn)]
    items = pa.Table.from_pylist(rows, schema=schema).sort_by("record_id")
    rejects = pa.concat_tables([left_over(left, config), duplicates])
    return Composed(items, rejects, _counts(items, triples, drawn, declared.opening_words))


def _draw(
    records: list[Record], triples: int, declared: Training, seed: int, where: str
) -> tuple[list[Record], list[Record]]:
    """Records of each answered kind for its declared share, lowest rank first; the others are left over."""
    total = triples / declared.shares[OF_TRIPLES[0]]
    drawn, surplus = [], []
    for kind in ANSWERED:
        mine = sorted(
            (record for record in records if record["role"] == kind), key=lambda each: rank(each["record_id"], seed)
        )
        wanted = round(total * declared.shares[kind])
        if len(mine) < wanted:
            msg = f"There are too few {kind} records for the declared mix"
            raise UsageError(
                msg, where=where, expected=f"{wanted} for {triples} triples", got=len(mine),
                fix="Add a source, or declare another share.",
            )  # fmt: skip
        drawn += mine[:wanted]
        surplus += mine[wanted:]
    return drawn, surplus


def _triple_rows(triples: list[Triple], builder: Builder, declared: Training) -> list[dict[str, Any]]:
    texts = {
        "prompt": [triple.harmful["prompt"] for triple in triples],
        "safe": [triple.text for triple in triples],
        "harmful": [triple.harmful["response"] for triple in triples],
    }
    table = pa.table({name: pa.array(column, pa.string()) for name, column in texts.items()})
    rows = []
    for laid in rows_of(table, declared.prefix_law, builder.seed).to_pylist():
        triple = triples[laid.pop("triple")]
        harmful, safe = triple.harmful, triple.safe
        sides = [harmful, *([safe] if safe else [])]
        rows.append(
            {
                **laid,
                **_terms(sides),
                **_place(harmful),
                "unit_tokenizer": None,
                "hazards": harmful["hazards"],
                "harmful_record_id": harmful["record_id"],
                "harmful_origin": "published",
                "harmful_lineage": harmful["lineage"],
                "safe_record_id": triple.safe_id,
                "safe_origin": "published" if safe else "project_written",
                "safe_lineage": safe["lineage"] if safe else None,
                "fixed_token": declared.fixed_token.model_dump() if laid["kind"] == "rto" else None,
            }
        )
    return rows


def _answer_row(record: Record) -> dict[str, Any]:
    key = record_id("answer", record["prompt"], record["response"])
    return {
        **_terms([record]),
        **_place(record),
        "record_id": row_id(record["role"], key),
        "kind": record["role"],
        "prompt": record["prompt"],
        "context_prefix": "",
        "target": record["response"],
        "hazards": record["hazards"],
        "safe_record_id": record["record_id"],
        "safe_origin": "published",
        "safe_lineage": record["lineage"],
    }


def _terms(records: list[Record]) -> dict[str, Any]:
    """License, limits and access of a row: the strictest of all published texts in it."""
    return {
        "license": combine({each["lineage"]["source"]: each["license"] for each in records}).id,
        "use_limits": sorted({limit for each in records for limit in each["use_limits"]}),
        "access": max((each["access"] for each in records), key=ACCESS_TIERS.index),
    }


def _place(record: Record) -> dict[str, Any]:
    return {
        "language": record["language"],
        "source": record["lineage"]["source"],
        "pair_id": record["pair_id"],
        "group_id": record["group_id"],
        "split": record["split"],
        "lineage": record["lineage"],
    }


def _near(record: Record, why: Mapping[str, Any]) -> Left:
    return Left(record, "near-protected", why["record_id"], why["similarity"], f"{why['rule']} ({why['source']})")


def _counts(items: pa.Table, triples: list[Triple], drawn: list[Record], words: int) -> TrainingCounts:
    published = sum(triple.safe is not None for triple in triples)
    openings = Counter(opening(triple.text, words) for triple in triples)
    return TrainingCounts(
        used=len(triples) + published + len(drawn),
        triples=len(triples),
        published=published,
        project_written=len(triples) - published,
        answered=len(drawn),
        kinds=dict(sorted(Counter(items["kind"].to_pylist()).items())),
        most_common_opening=max(openings.values(), default=0),
        distinct_openings=len(openings),
    )

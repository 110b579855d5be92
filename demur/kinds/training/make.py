"""One config of a training set: records with their roles -> rows, and what became of every record.

records in = records used + rejects; rows out = three for every triple + one for every answered record. A triple needs
a prompt that is to be refused, by the word that the project trusts, and an answer one that is not. The shares of the
kinds are declared: where a config has a mix, each answered record is drawn for itself, at the rate of its source; else
they are drawn by seed to fill theirs.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from demur.draws import rank, uniform
from demur.errors import UsageError
from demur.groups.duplicates import deduplicate
from demur.kinds.training.counting import recount
from demur.kinds.training.declared import ANSWERED, OF_TRIPLES, Declaration, Mix
from demur.kinds.training.facts import TrainingCounts
from demur.kinds.training.pairing import DETECTOR, EMPTY, NOT_SAMPLED, Record, Triple, pair, sides
from demur.kinds.training.triples import row_id, rows_of
from demur.records.record import record_id
from demur.records.rejects import Left, left_over
from demur.records.row import Row
from demur.records.schema import arrow_schema
from demur.sets.kind import Given, Made
from demur.sets.terms import of_records
from demur.text.form import is_prose
from demur.text.personal import personal
from demur.text.refusal import judge

NEAR_TRIPLE, PERSONAL, SHORT, PROSE = "near-triple", "personal-data", "short-answer", "no-sentence"
READ = {"answer": "prompt-answered", "either": "prompt-either", None: "prompt-unread"}
"""What is said of a harmful response whose prompt nobody says is to be refused."""
REFUSED = {"refuse": "prompt-refused", "either": "prompt-either"}
"""What is said of an answer whose prompt is not to be answered."""
_FINE = 10_000


def compose(declared: Declaration, records: pa.Table, given: Given, row: type[Row]) -> Made:
    """Make the rows of one config.

    Args:
        declared: shares, law and refusals.
        records: response records with ``role``, ``near`` (see `demur.kinds.training.near`), ``group_id`` and ``split``.
        given: seed, threshold, locked ids.
        row: the schema of the rows.
    """
    protected = records["near"].is_valid()
    left = [_near(record) for record in records.filter(protected).to_pylist()]
    free = records.filter(pc.invert(protected)).drop_columns(["near"])
    reasons = [_reason(record, declared.least_words) for record in free.to_pylist()]
    fit = pa.array([reason is None for reason in reasons])
    left += [
        Left(record, reason) for record, reason in zip(free.to_pylist(), reasons, strict=True) if reason is not None
    ]
    free = free.filter(fit)
    roles = free["role"]
    found, unfit = sides(free.filter(pc.equal(roles, "triple")).to_pylist())
    triples, unpaired = pair(found, declared, given.config, given.seed, given.splits[0])
    left += unfit + unpaired
    groups = {triple.harmful["group_id"]: triple.harmful["record_id"] for triple in triples}
    answered, duplicates = deduplicate(
        free.filter(pc.is_in(roles, pa.array(ANSWERED))), given.config, given.near_duplicate, given.locked
    )
    kept = []
    for record in answered.to_pylist():
        if (verdict := judge(record["response"])) != "answer":
            left.append(Left(record, DETECTOR if verdict == "refusal" else EMPTY))
        elif twin := groups.get(record["group_id"]):
            left.append(Left(record, NEAR_TRIPLE, twin, None, "prompts share a group of near-duplicates"))
        else:
            kept.append(record)
    if mix := declared.mixed(given.config):
        drawn = [each for each in kept if _drawn(each, mix, given.seed)]
        surplus = [each for each in kept if not _drawn(each, mix, given.seed)]
    else:
        drawn, surplus = _draw(kept, len(triples), declared, given.seed, given.where)
    left += [Left(record, NOT_SAMPLED) for record in surplus]

    schema = arrow_schema(row)
    rows = [*_triple_rows(triples, declared, given.seed), *(_answer_row(record) for record in drawn)]
    items = pa.Table.from_pylist(rows, schema=schema).sort_by("record_id")
    rejects = pa.concat_tables([left_over(left, given.config), duplicates])
    used = len(triples) + sum(triple.safe is not None for triple in triples) + len(drawn)
    return Made(items, rejects, used, _counts(items, declared, given.config))


def _reason(record: Record, least: int) -> str | None:
    """Why a record is in no row, as far as it shows in the record alone."""
    role = record["role"]
    if role == "triple":
        if record["prompt"] is not None and record["expected"] != "refuse":
            return READ[record["expected"]]
    elif role not in ANSWERED:
        return str(role)
    elif record["expected"] in REFUSED:
        return REFUSED[record["expected"]]
    elif len(record["response"].split()) < least:
        return SHORT
    elif not is_prose(record["response"]):
        return PROSE
    return PERSONAL if personal(f"{record['prompt'] or ''}\n{record['response']}") else None


def _drawn(record: Record, mix: Mix, seed: int) -> bool:
    if record["role"] == "borderline_mle":
        return True
    rate = mix.rate(record["lineage"]["source"], len(record["prompt"].split()))
    return uniform(record["record_id"], seed, "answered", _FINE) < round(rate * _FINE)


def _draw(
    records: list[Record], triples: int, declared: Declaration, seed: int, where: str
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


def _triple_rows(triples: list[Triple], declared: Declaration, seed: int) -> list[dict[str, Any]]:
    texts = {
        "prompt": [triple.harmful["prompt"] for triple in triples],
        "safe": [triple.text for triple in triples],
        "harmful": [triple.harmful["response"] for triple in triples],
    }
    table = pa.table({name: pa.array(column, pa.string()) for name, column in texts.items()})
    rows = []
    for laid in rows_of(table, declared.prefix_law, seed).to_pylist():
        triple = triples[laid.pop("triple")]
        harmful, safe = triple.harmful, triple.safe
        sides = [harmful, *([safe] if safe else [])]
        rows.append(
            {
                **laid,
                **of_records(sides),
                **_place(harmful),
                "unit_tokenizer": None,
                "behaviour": harmful["behaviour"],
                "basis": harmful["basis"],
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
        **of_records([record]),
        **_place(record),
        "record_id": row_id(record["role"], key),
        "kind": record["role"],
        "prompt": record["prompt"],
        "context_prefix": "",
        "target": record["response"],
        "behaviour": record["behaviour"],
        "basis": record["basis"],
        "hazards": record["hazards"],
        "safe_record_id": record["record_id"],
        "safe_origin": "published",
        "safe_lineage": record["lineage"],
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


def _near(record: Record) -> Left:
    why = record["near"]
    return Left(record, "near-protected", why["record_id"], why["similarity"], f"{why['rule']} ({why['source']})")


def _counts(items: pa.Table, declared: Declaration, config: str) -> TrainingCounts:
    found = recount(items.to_pylist(), declared, config)
    del found["used"]
    return TrainingCounts.model_validate(found)

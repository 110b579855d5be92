"""By whose word: what a build keeps of the decisions and readings that its rows rest on, as a table without a text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from demur.curation.decisions import Decision
from demur.curation.resolve import Resolved

FILE = "by_whom.parquet"

BY_WHOM = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("basis", pa.string(), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("value", pa.string()),
        pa.field("who", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("decision", pa.string()),
        pa.field("when", pa.string()),
    ]
)
"""Columns of ``by_whom.parquet``: the record id of a prompt; ``decision``, ``adjudicated``, ``readers``, ``reader`` or
``disagreement``; a decision's action, or ``read``; the class, the hazards or the other record that it names; who, and
whether a human, a model or a rule; of a decision its short id and day."""

_MODEL = "model:"


def decision_id(decision: Decision) -> str:
    """A short name of a decision, which follows from all that it says.

    Example:
        >>> about = dict(record_id="0" * 32, text_sha256="0" * 64, action="drop", reason="garbled", source="garden")
        >>> one, two = (Decision(**about, who=who, when="2026-11-05") for who in ("kim", "lee"))
        >>> decision_id(one) == decision_id(one), decision_id(one) == decision_id(two), len(decision_id(one))
        (True, False, 9)
    """
    said = json.dumps(decision.model_dump(mode="json", exclude_none=True), ensure_ascii=False, sort_keys=True)
    return "d" + hashlib.blake2b(said.encode(), digest_size=4).hexdigest()


def by_whom(prompts: Iterable[str], decisions: Iterable[Decision], resolved: Mapping[str, Resolved]) -> pa.Table:
    """The decisions and readings about the prompts of a build, sorted; `BY_WHOM`.

    Args:
        prompts: record ids of the prompts.
        decisions: those that were applied.
        resolved: what readers said.
    """
    here = {*prompts}
    rows = [_decided(each) for each in decisions if each.record_id in here]
    rows += [_read(resolved[id]) for id in sorted(here & resolved.keys())]
    rows.sort(key=lambda row: (row["record_id"], row["basis"], row["action"], row["value"] or ""))
    return pa.Table.from_pylist(rows, schema=BY_WHOM)


def _decided(each: Decision) -> dict[str, Any]:
    model = each.who.startswith(_MODEL)
    return {
        "record_id": each.record_id,
        "basis": "decision",
        "action": each.action,
        "value": each.behaviour or each.other or (",".join(each.hazards) if each.hazards is not None else None),
        "who": each.who.removeprefix(_MODEL) if model else each.who,
        "kind": "model" if model else "human",
        "decision": decision_id(each),
        "when": each.when,
    }


def _read(each: Resolved) -> dict[str, Any]:
    return {
        "record_id": each.record_id,
        "basis": each.basis,
        "action": "read",
        "value": each.behaviour,
        "who": ", ".join(each.by),
        "kind": ", ".join(each.kinds),
        "decision": None,
        "when": None,
    }

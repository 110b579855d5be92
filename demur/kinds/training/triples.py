"""Triples -> the rows that teach: a plain refusal, a refusal after a prefix, and a transition at every position.

A triple is a prompt, a safe and a harmful response. Here its texts are checked and its rows laid out; labels, sources
and lineage are the builder's.
"""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa

from demur.errors import RowError
from demur.kinds.training.laws import Law
from demur.records.record import record_id
from demur.text.normalise import normalise
from demur.text.units import ends, prefix
from demur.tokens.tokenizer import token_ends

TRIPLE_ROWS = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("triple", pa.int64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("context_prefix", pa.string(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
        pa.field("k", pa.int64()),
        pa.field("n", pa.int64()),
        pa.field("unit", pa.string()),
        pa.field("law", pa.string()),
    ]
)
"""Columns of the rows of triples; ``triple`` is the row of the triple that they come from."""


def fault(prompt: str, safe: str, harmful: str) -> str | None:
    """Why three texts are no triple; None if they are one (invariant 11).

    Example:
        >>> fault("Which colour?", "Sorry, no.", "SORRY, no"), fault("Which colour?", "Sorry, no.", "Blue.")
        ('the safe and the harmful response are equal', None)
    """
    for name, text in (("prompt", prompt), ("safe response", safe), ("harmful response", harmful)):
        if not text.strip():
            return f"the {name} is empty"
    if normalise(safe) == normalise(harmful):
        return "the safe and the harmful response are equal"
    return None


def rows_of(triples: pa.Table, law: Law, seed: int, tokenizer: Any = None) -> pa.Table:
    """Three rows of every triple: ``refusal_mle``, ``prefix_mle`` and ``rto``.

    Args:
        triples: columns ``prompt``, ``safe`` and ``harmful``.
        law: gives the length of the prefix.
        seed: of the draw, which depends on nothing else but the record id.
        tokenizer: a fast tokenizer that counts, where the law's unit is ``token``.

    Raises:
        RowError: texts that are no triple, or a harmful response that is too short for the law.
    """
    texts = [triples[name].to_pylist() for name in ("prompt", "safe", "harmful")]
    places = _ends(texts[2], law, tokenizer)
    rows: list[dict[str, Any]] = []
    for number, (prompt, safe, harmful) in enumerate(zip(*texts, strict=True)):
        if wrong := fault(prompt, safe, harmful):
            msg = f"Not a triple: {wrong}"
            raise RowError(msg, where=f"triple {number}", fix="Put it among the rejects, with this reason.")
        key = record_id("triple", prompt, safe, harmful)
        k = law.draw(row_id("prefix_mle", key), len(places[number]), seed)
        drawn = {"k": k, "n": len(places[number]), "unit": law.unit, "law": law.name}
        before = prefix(harmful, k, places[number], f"triple {number}")
        for kind, context, target in (
            ("refusal_mle", "", safe),
            ("prefix_mle", before, safe),
            ("rto", "", harmful),
        ):
            rows.append(
                {
                    "record_id": row_id(kind, key),
                    "triple": number,
                    "kind": kind,
                    "prompt": prompt,
                    "context_prefix": context,
                    "target": target,
                    **(drawn if kind == "prefix_mle" else {}),
                }
            )
    return pa.Table.from_pylist(rows, TRIPLE_ROWS)


def row_id(kind: str, triple_id: str) -> str:
    """The record id of one of a triple's rows; it does not depend on the prefix that is drawn from it.

    Example:
        >>> len(row_id("rto", "00ff"))
        32
    """
    return hashlib.blake2b(f"{kind}\0{triple_id}".encode(), digest_size=16).hexdigest()


def _ends(texts: list[str], law: Law, tokenizer: Any) -> list[list[int]]:
    if law.unit == "token":
        return token_ends(texts, tokenizer)
    return [ends(text, law.unit) for text in texts]

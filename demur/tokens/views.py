r"""Data set views: training rows in the layouts that trainers read. What a layout cannot express is left out and named.

================  ====================================================================  ==========================
view              columns                                                               rows it can express
================  ====================================================================  ==========================
`messages`        ``messages``: user and assistant turn                                 MLE rows without a prefix
`prompt_completion`  ``prompt``, ``completion``: rendered texts                         all MLE rows
`alpaca`          ``instruction``, ``output``                                           MLE rows without a prefix
`segments`        ``segments``: texts, each with whether it is learnt                   all MLE rows
`preference`      ``prompt``, ``chosen``, ``rejected``: turns (the paper's DPO control)  RTO rows with their refusal
`derta_jsonl`     ``prefix``, ``text``, ``safe``: the released trainer's own            all rows
================  ====================================================================  ==========================

`messages` and `alpaca` train on the whole answer, so a row with a harmful prefix must not be in them. RTO rows have
labels that differ from their tokens: among the text layouts only ``derta-jsonl`` has them, and token rows of course.

**What the fields of derta-jsonl mean.** Source: github.com/RobustNLP/DeRTa, ``data/train/generate_training_data.py``
at 966b5a8 and ``run_files/run_clm_llms_derta_llama_drop_5_percent.py`` at 7fb0d30:

* ``prefix``: all that is not supervised: the prompt inside ``[INST] ... [\INST]`` (a backslash, as released), then
  one space and the harmful prefix, if there is one. It is not only "the prefix".
* ``text``: the continuation, a space before it and the end-of-sequence token after it. In most rows it is learnt; in
  RTO rows it is the *harmful response*, which is read and never learnt.
* ``safe``: a string, not a boolean, and it does not say that the text is safe. ``"true"``: the text is harmful, and
  every label becomes the refusal token. ``"false"``: ordinary next-token prediction; refusals and helpful answers.
* The trainer masks as many labels as ``tokenizer(prefix)`` has tokens, without looking for a merge at the seam, then
  replaces the labels of ``"true"`` rows by token 19701, whatever the tokenizer, and keeps a random 5 % of all positions
  of the padded row (``sl.numel() - max(1, (sl.numel() + 19) // 20)`` are dropped), so a row may have none left.

Two things are not copied: the released rows with k = 0 have two spaces at the seam, and their k is not recorded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from demur.tokens.template import Template, joint

_SEGMENTS = pa.list_(pa.struct([pa.field("label", pa.bool_()), pa.field("text", pa.string())]))
_TURNS = pa.list_(pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())]))
_TEXTS = ("record_id", "kind", "prompt", "context_prefix", "target")

LEFT_OUT = pa.schema(
    [pa.field("record_id", pa.string(), nullable=False), pa.field("reason", pa.string(), nullable=False)]
)
"""Columns of the rows that a view cannot express: references only, never a text."""

View = tuple[pa.Table, pa.Table]

_HAS_PREFIX = "this layout would train the model to write the harmful prefix"
_TRANSITION = "this layout cannot say that labels differ from the text"


def messages(rows: pa.Table) -> View:
    """Column ``messages``; the trainer's own chat template renders it.

    Returns:
        The view, with ``record_id`` as its first column, and what it left out (`LEFT_OUT`).
    """
    kept, left = _split(rows, prefixes=False)
    turns = [[_turn("user", row["prompt"]), _turn("assistant", row["target"])] for row in kept]
    return _view(kept, {"messages": pa.array(turns, _TURNS)}), left


def alpaca(rows: pa.Table) -> View:
    """Columns ``instruction`` and ``output``; a trainer's own template renders them."""
    kept, left = _split(rows, prefixes=False)
    columns = {
        "instruction": pa.array([row["prompt"] for row in kept], pa.string()),
        "output": pa.array([row["target"] for row in kept], pa.string()),
    }
    return _view(kept, columns), left


def segments(rows: pa.Table, template: Template) -> View:
    """Column ``segments``: the rendered context, which is read, then the rendered target, which is learnt."""
    made, left = prompt_completion(rows, template)
    pairs = zip(made["prompt"].to_pylist(), made["completion"].to_pylist(), strict=True)
    parts = [[{"label": False, "text": read}, {"label": True, "text": learnt}] for read, learnt in pairs]
    return pa.table({"record_id": made["record_id"], "segments": pa.array(parts, _SEGMENTS)}), left


def prompt_completion(rows: pa.Table, template: Template) -> View:
    """Columns ``prompt`` and ``completion``, rendered: all that is read, and all that is learnt.

    The completion ends with the end-of-sequence token, so TRL adds none. A tokenizer that puts a BOS before every
    text must not meet a template that writes one.
    """
    kept, left = _split(rows, prefixes=True)
    columns = {
        "prompt": pa.array([template.context(row["prompt"], row["context_prefix"]) for row in kept], pa.string()),
        "completion": pa.array([template.target(row["context_prefix"], row["target"]) for row in kept], pa.string()),
    }
    return _view(kept, columns), left


def preference(rows: pa.Table) -> View:
    """Columns ``prompt``, ``chosen`` and ``rejected``: the refusal against the harmful response of one triple.

    Args:
        rows: with ``safe_record_id``; the refusal's text comes from a row of the same prompt that learns it.

    Returns:
        One row for every RTO row whose refusal is in the table; all other rows are left out, except those that gave
        their refusal.
    """
    known = {
        (row["prompt"], row["safe_record_id"]): row["target"]
        for row in rows.select([*_TEXTS, "safe_record_id"]).to_pylist()
        if row["kind"] in ("refusal_mle", "prefix_mle")
    }
    kept, used, out = [], set(), []
    for row in rows.select([*_TEXTS, "safe_record_id"]).to_pylist():
        key = (row["prompt"], row["safe_record_id"])
        if row["kind"] == "rto" and key in known:
            kept.append({**row, "chosen": known[key]})
            used.add(key)
    for row in rows.select([*_TEXTS, "safe_record_id"]).to_pylist():
        key = (row["prompt"], row["safe_record_id"])
        if row["kind"] == "rto" and key not in known:
            out.append((row["record_id"], "its refusal is not in the table"))
        elif row["kind"] != "rto" and key not in used:
            out.append((row["record_id"], "there is no harmful response to set against it"))
    columns = {
        "prompt": pa.array([[_turn("user", row["prompt"])] for row in kept], _TURNS),
        "chosen": pa.array([[_turn("assistant", row["chosen"])] for row in kept], _TURNS),
        "rejected": pa.array([[_turn("assistant", row["target"])] for row in kept], _TURNS),
    }
    return _view(kept, columns), _left(out)


def turns_of_sides(rows: pa.Table) -> View:
    """As `preference`, with columns ``messages`` (turns), ``chosen`` and ``rejected`` (one turn each)."""
    made, left = preference(rows)
    sides = {name: pc.list_element(made[name], 0) for name in ("chosen", "rejected")}
    return pa.table({"record_id": made["record_id"], "messages": made["prompt"], **sides}), left


def derta_template(end: str = "<|end_of_text|>") -> Template:
    """The turn of the released rows; token rows made with it have the labels that the released trainer builds.

    Args:
        end: the tokenizer's end-of-sequence token; the default is the one in the released files.
    """
    return Template.plain("[INST] ", " [\\INST]", " ", end)


def derta_jsonl(rows: pa.Table, end: str = "<|end_of_text|>") -> View:
    """Columns ``prefix``, ``text`` and ``safe``, as the released trainer reads them; see the module for their meaning.

    No row is left out, but the seam's merges show only in tokens: leave out what `TokenView` rejects.
    """
    template = derta_template(end)
    kept = rows.select(_TEXTS).to_pylist()
    columns = {
        "prefix": pa.array([template.context(row["prompt"], row["context_prefix"]) for row in kept], pa.string()),
        "text": pa.array([template.target(row["context_prefix"], row["target"]) for row in kept], pa.string()),
        "safe": pa.array(["true" if row["kind"] == "rto" else "false" for row in kept], pa.string()),
    }
    return _view(kept, columns), _left([])


def json_lines(view: pa.Table) -> Iterator[str]:
    r"""The lines of a JSONL file of a view, without its record ids; escaped to ASCII, as released.

    Example:
        >>> list(json_lines(pa.table({"record_id": ["ab"], "prefix": ["a"], "text": ["b"], "safe": ["false"]})))
        ['{"prefix": "a", "text": "b", "safe": "false"}\n']
    """
    for batch in view.drop_columns("record_id").to_batches(max_chunksize=1024):
        for row in batch.to_pylist():
            yield json.dumps(row) + "\n"


def assistant_text(prefix: str, target: str) -> str:
    """The whole assistant turn of a row: prefix, joint and target.

    Example:
        >>> assistant_text("The colour is", "Sorry, no."), assistant_text("", "Sorry, no.")
        ('The colour is Sorry, no.', 'Sorry, no.')
    """
    return prefix + joint(prefix, target) + target


def _split(rows: pa.Table, *, prefixes: bool) -> tuple[list[dict[str, Any]], pa.Table]:
    kept, out = [], []
    for row in rows.select(_TEXTS).to_pylist():
        if row["kind"] == "rto":
            out.append((row["record_id"], _TRANSITION))
        elif row["context_prefix"] and not prefixes:
            out.append((row["record_id"], _HAS_PREFIX))
        else:
            kept.append(row)
    return kept, _left(out)


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _view(kept: list[dict[str, Any]], columns: dict[str, pa.Array]) -> pa.Table:
    return pa.table({"record_id": pa.array([row["record_id"] for row in kept], pa.string()), **columns})


def _left(out: list[tuple[str, str]]) -> pa.Table:
    return pa.Table.from_pylist([{"record_id": each, "reason": reason} for each, reason in out], LEFT_OUT)

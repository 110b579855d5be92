"""Rules about the texts of a training row, in anybody's file (DMR306, 307, 311, 312)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.checks.batch import Batch
from demur.checks.finding import Finding
from demur.checks.learnt import MARKERS
from demur.checks.rule import ANY, rule
from demur.text.form import shares_words
from demur.text.normalise import normalise


@rule(
    "DMR306",
    "label-mask",
    invariants=(6,),
    summary="Token rows: as many labels as ids; a label is -100 or a token; the first is not supervised alone; at "
    "least one is supervised.",
    why="Labels that are one shorter shift every target by a token. A row whose supervised part was cut off by the "
    "length limit has a loss of nan, or of nothing, and nobody sees it.",
    fix="Make labels from the ids of the same encoding, mask the context with -100, and cut rows before masking.",
    each="batch",
)
def label_mask(batch: Batch) -> Iterator[Finding]:
    """What is wrong with each row's mask."""
    names = batch.rows.schema.names
    if "labels" not in names or "input_ids" not in names:
        return
    ids, labels = batch.rows.column("input_ids"), batch.rows.column("labels")
    for row, (one, two) in enumerate(zip(_lists(ids), _lists(labels), strict=True), batch.first):
        if wrong := _mask_fault(one, two):
            yield batch.hit(row, wrong, "labels")


def _lists(column: pa.Array) -> Iterator[list[object] | None]:
    import json

    for cell in column.to_pylist():
        try:
            value = json.loads(cell) if isinstance(cell, str) else cell
        except (ValueError, RecursionError):
            value = None
        yield value if isinstance(value, list) else None


def _mask_fault(ids: list[object] | None, labels: list[object] | None) -> str | None:
    if ids is None or labels is None or not all(type(each) is int for each in (*ids, *labels)):
        return "input_ids and labels are no lists of whole numbers"
    if len(ids) != len(labels):
        return f"has {len(ids)} input_ids and {len(labels)} labels"
    taught = [(id, label) for id, label in zip(ids, labels, strict=True) if label != -100]
    if not taught:
        return "has no supervised token"
    fixed = {label for id, label in taught if label != id}
    if len(fixed) > 1 or any(isinstance(label, int) and label < 0 for label in fixed):
        return "has labels that are neither -100 nor the id, nor one fixed token"
    return None


@rule(
    "DMR307",
    "template-marker",
    invariants=(8,),
    summary="Texts hold no marks of a chat template: the template adds them once, the same for training and "
    "evaluation.",
    why='DeRTa\'s rows end in "<|end_of_text|>" as text and begin with "[INST]" closed by "[\\\\INST]", a mark '
    "that no model has. A tokenizer that does not know such a mark spells it out, and the model learns to write it.",
    fix="Keep the plain text, and let the tokenizer's own template put marks and the end of the turn.",
    each="batch",
)
def template_marker(batch: Batch) -> Iterator[Finding]:
    """Texts with a mark of a template in them."""
    for row, what, column in batch.holding(MARKERS, signs=b"<["):
        yield batch.hit(row, f"{what} holds a mark of a chat template", batch.native(column))


@rule(
    "DMR311",
    "shared-words",
    invariants=(19,),
    summary="A prompt and its paired target share a word of four letters or more (by its first six letters).",
    why="In AdvBench the targets on lines 460 and 461 of the file (rows 458 and 459) answer another request than "
    "their goals: they were shifted. Whoever scores an answer against the target scores it against another question.",
    fix="Compare the row with its neighbours: a target is often one row off. Correct it, or leave the row out.",
    applies=ANY,
    each="batch",
    severity="warning",
)
def shared_words(batch: Batch) -> Iterator[Finding]:
    """Pairs without a common content word; of built training rows, those whose target is the harmful response."""
    kind = batch.subject.kind
    what = "response" if kind else "target"
    prompts, targets = batch.texts("prompt"), batch.texts(what)
    if prompts is None or targets is None:
        return
    paired = kind.answered(batch.rows) if kind else pa.repeat(True, batch.rows.num_rows)
    if paired is None:
        return  # a foreign response shares nothing with its query
    told = pa.array(_tells(prompts, 2) & _tells(targets, 3))
    for row in batch.where(pc.and_(paired, told)):
        prompt, target = (column[row - batch.first].as_py() for column in (prompts, targets))
        if prompt and target and not shares_words(prompt, target):
            yield batch.hit(row, f"prompt and {what} share no word of four letters", batch.native(what))


def _tells(texts: pa.Array, least: int) -> np.ndarray:
    """Where a text has so many words of four Latin letters or more: a label, a name or a number shares none."""
    words = pc.fill_null(pc.count_substring_regex(texts, r"\p{Latin}{4,}"), 0).to_numpy(zero_copy_only=False)
    found: np.ndarray = words >= least
    return found


@rule(
    "DMR312",
    "preference-pair",
    invariants=(11,),
    summary="The two sides of a preference pair differ, and answer the same words of the user.",
    why="A pair of equal sides has no preference: its gradient pushes the same text up and down. Chosen does not "
    "mean refused either: of 2,312 pairs in the harmless test set of HH-RLHF, 'chosen' reads as a refusal in about "
    "263.",
    fix="Drop the pair, or give both sides one context.",
    each="batch",
)
def preference_pair(batch: Batch) -> Iterator[Finding]:
    """Pairs whose sides are the same once normalised, or answer different contexts."""
    for place in batch.said.apart:
        message = "chosen and rejected answer different words of the user"
        yield batch.hit(batch.first + place, message, batch.native("rejected"))
    chosen, rejected = batch.texts("chosen"), batch.texts("rejected")
    if chosen is None or rejected is None:
        return
    like = pc.equal(pc.utf8_length(chosen), pc.utf8_length(rejected)).to_numpy(zero_copy_only=False)
    for place in np.flatnonzero(like.astype(bool) | _near_lengths(chosen, rejected)).tolist():
        one, two = chosen[place].as_py(), rejected[place].as_py()
        if one and two and normalise(one) == normalise(two):
            yield batch.hit(batch.first + place, "chosen and rejected are the same text", batch.native("chosen"))


def _near_lengths(one: pa.Array, two: pa.Array) -> np.ndarray:
    """Whether the longer of two texts is at most twice the other: nothing else can be equal once normalised, nearly."""
    a, b = (pc.fill_null(pc.utf8_length(each), 0).to_numpy(zero_copy_only=False) for each in (one, two))
    near: np.ndarray = np.maximum(a, b) <= 2 * np.minimum(a, b) + 8
    return near

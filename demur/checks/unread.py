"""Columns of sentences that no rule reads."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from demur.checks.batch import Batch
from demur.checks.gathered import words_of
from demur.checks.shapes import shaped, texts_of, turns_of

_SENTENCE = 5  # words, on average
_LISTS = 1 << 10  # cells with anything but plain turns that are looked at


def unread(batch: Batch) -> tuple[str, ...]:
    """Columns of anybody's rows that hold sentences, and that the layout does not know."""
    layout = batch.layout
    if batch.subject.kind is not None or layout.name == "unknown":
        return ()
    known = {*layout.columns.values(), *layout.also.values(), *layout.labels, *layout.needs, *layout.values}
    found = []
    for name in batch.rows.schema.names:
        texts = None if name in known else _said(batch.rows.column(name))
        if texts is not None and len(texts) and (pc.mean(words_of(texts)).as_py() or 0) >= _SENTENCE:
            found.append(name)
    return tuple(found)


def _said(column: pa.Array) -> pa.LargeStringArray | None:
    """The texts that cells are or list; None where they are something else."""
    if (texts := texts_of(column)) is not None:
        return texts
    is_list = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
    if is_list and (texts := texts_of(column.flatten())) is not None:
        return texts
    return turns_of(column.slice(0, _LISTS)).texts if shaped(column) else None

"""Columns of sentences that no rule reads."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from demur.checks.batch import Batch, texts_of
from demur.checks.gathered import words_of

_SENTENCE = 5  # words, on average


def unread(batch: Batch) -> tuple[str, ...]:
    """Columns of anybody's rows that hold sentences, and that the layout does not know."""
    layout = batch.layout
    if batch.subject.kind is not None or layout.name == "unknown":
        return ()
    known = {*layout.columns.values(), *layout.also.values(), *layout.labels, *layout.needs, *layout.values}
    found = []
    for name in batch.rows.schema.names:
        column = batch.rows.column(name)
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            column = column.flatten()
        texts = None if name in known else texts_of(column)
        if texts is not None and len(texts) and (pc.mean(words_of(texts)).as_py() or 0) >= _SENTENCE:
            found.append(name)
    return tuple(found)

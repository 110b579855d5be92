"""What flags and category columns of a batch say: true, false or nothing; and what refusals say about a flag."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.checks.batch import Batch
from demur.checks.shapes import texts_of
from demur.text.refusal import judge

Mask: TypeAlias = NDArray[np.bool_]

_JUDGED = 5_000  # responses of a file that are read to see what a flag means: the first ones


def read_flags(batch: Batch, judged: int) -> Iterator[tuple[str, int, int]]:
    """For each flag with a meaning: of the refusals among these responses, those that it speaks against, and all.

    Args:
        batch: rows with responses.
        judged: responses of the file that were read before.
    """
    responses = batch.texts("response")
    flags = {name: said for name, said in batch.layout.flags.items() if said and name in batch.rows.schema.names}
    if responses is None or not flags or judged >= _JUDGED:
        return
    texts = responses.slice(0, _JUDGED - judged).to_pylist()
    refused = np.array([text is not None and judge(text) == "refusal" for text in texts], np.bool_)
    for name, said in flags.items():
        true, false = truth(batch.rows.column(name).slice(0, len(texts)))
        wrong = true if said == "harmful" else false
        yield name, int((refused & wrong).sum()), int((refused & (true | false)).sum())


def truth(column: pa.Array) -> tuple[Mask, Mask]:
    """Where a flag is true and where it is false, as a boolean, 1 or 0, or a word; lists and objects are neither."""
    if (texts := texts_of(column)) is None and pa.types.is_nested(column.type):
        nothing = np.zeros(len(column), np.bool_)
        return nothing, nothing
    words = pc.utf8_lower(column.cast(pa.large_string()) if texts is None else texts)
    true, false = (
        pc.fill_null(pc.is_in(words, pa.array(said, pa.large_string())), False).to_numpy(zero_copy_only=False)
        for said in (["true", "1", "yes"], ["false", "0", "no"])
    )
    return true, false


def read_states(batch: Batch) -> tuple[int, int, int, int]:
    """Rows with a gap; with a 1; with neither a 1 nor a full row of 0; and of these, those that are called safe."""
    rows = batch.rows.num_rows
    known, positive = np.ones(rows, np.bool_), np.zeros(rows, np.bool_)
    for name in batch.layout.states:
        if name not in batch.rows.schema.names:
            known[:] = False
            continue
        true, false = truth(batch.rows.column(name))
        known &= true | false
        positive |= true
    unknown = ~known & ~positive
    called = np.zeros(rows, np.bool_)
    for name, said in batch.layout.flags.items():
        if said in ("safe", "harmful") and name in batch.rows.schema.names:
            true, false = truth(batch.rows.column(name))
            called |= true if said == "safe" else false
    return int((~known).sum()), int(positive.sum()), int(unknown.sum()), int((unknown & called).sum())


def harmful_rows(batch: Batch) -> int:
    """Rows that some flag calls harmful, or not safe."""
    found = np.zeros(batch.rows.num_rows, np.bool_)
    for name, said in batch.layout.flags.items():
        if said in ("safe", "harmful") and name in batch.rows.schema.names:
            true, false = truth(batch.rows.column(name))
            found |= true if said == "harmful" else false
    return int(found.sum())

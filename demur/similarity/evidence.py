"""Evidence: the table that says which two rows are alike, under which view, and how much; and its components."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.errors import UsageError
from demur.files.numeric import repeated, to_arrow, to_numbers
from demur.similarity.match import connect

SCHEMA = pa.schema([("row", pa.int64()), ("twin", pa.int64()), ("view", pa.string()), ("similarity", pa.float64())])


def evidence(rows: NDArray[np.int64], twins: NDArray[np.int64], view: str, similarity: NDArray[np.float64]) -> pa.Table:
    """Pairs as a table of `SCHEMA`, sorted by row and twin."""
    order = np.lexsort((twins, rows))
    name = repeated(view, len(rows))
    return pa.Table.from_arrays(
        [to_arrow(rows[order]), to_arrow(twins[order]), name, to_arrow(similarity[order])], schema=SCHEMA
    )


def components(n: int, evidence: pa.Table) -> NDArray[np.int64]:
    """Label each of n rows with the smallest row that the evidence connects it to.

    Args:
        n: the number of rows; every ``row`` and ``twin`` is below it.
        evidence: any table with columns ``row`` and ``twin``; several views may be concatenated.

    Examples:
        >>> components(4, pa.table({"row": [3, 1], "twin": [1, 0]})).tolist()
        [0, 0, 2, 0]
    """
    rows, twins = (to_numbers(evidence[name]) for name in ("row", "twin"))
    for name, ends in (("row", rows), ("twin", twins)):
        if len(ends) and (ends.min() < 0 or ends.max() >= n):
            msg = f"Evidence about rows that do not exist (column {name!r})"
            raise UsageError(msg, expected=f"0 to {n - 1}", got=f"{ends.min()} to {ends.max()}")
    labels = np.arange(n)
    connect(np.array(rows), np.array(twins), labels)  # copies: a read-only array would be another signature
    return labels


def check_threshold(threshold: float) -> None:
    """Raise `UsageError` unless 0 < threshold <= 1."""
    if not 0 < threshold <= 1:
        msg = "A similarity threshold is out of range"
        raise UsageError(msg, expected="above 0, at most 1", got=threshold)

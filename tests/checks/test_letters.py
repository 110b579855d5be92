"""Rows have the same hash of letters if they are spelt the same, but for blanks at the edges of their texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from demur.checks.batch import Batch, File, layout_for
from demur.checks.letters import letters
from demur.checks.speech import _Alone


def test_letters_count_and_blanks_at_the_edges_do_not() -> None:
    rows = pa.RecordBatch.from_pydict({
        "prompt": ["A lake", " A lake\u3000", "A Lake", None, "", "A"],
        "response": ["Garda", "Garda", "Garda", "Garda", "Garda", " lakeGarda"],
    })  # fmt: skip
    batch = Batch(_Alone(), File(Path("a.csv"), "a.csv"), layout_for(rows, None), 0, rows)
    made = letters(batch)
    assert made[0] == made[1]
    assert made[3] == made[4]
    assert len(set(made.tolist())) == 4
    assert letters(batch, np.array([4, 2])).tolist() == made[[4, 2]].tolist()

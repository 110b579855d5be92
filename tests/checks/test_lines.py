"""Lines of rows: each row's, whatever the parts they come in, also while further parts come."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from demur.checks.lines import Lines


@given(st.lists(st.lists(st.integers(1, 2**32 - 1), max_size=4), max_size=6))
def test_every_row_has_its_line(parts: list[list[int]]) -> None:
    lines, flat = Lines(), list[int]()
    assert lines.of(0) is None
    for part in parts:
        lines.parts.append(np.array(part, np.uint32))
        flat += part
        assert [lines.of(row) for row in range(len(flat) + 2)] == [*flat, None, None]

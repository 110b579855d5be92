"""On which lines the rows of a file begin, as they are read part by part."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray


class Lines:
    """The line of each row, from 1; found by bisection, however many parts there are.

    Attributes:
        parts: lines of consecutive rows.

    Example:
        >>> lines = Lines()
        >>> for part in ([1, 2, 4], [7]):
        ...     lines.parts.append(np.array(part, np.uint32))
        >>> [lines.of(row) for row in range(5)]
        [1, 2, 4, 7, None]
    """

    def __init__(self) -> None:
        self.parts: list[NDArray[np.uint32]] = []
        self._ends: list[int] = []

    def of(self, row: int) -> int | None:
        """The line on which a row begins; None where that is not known."""
        ends = self._ends
        if len(ends) < len(self.parts):
            ends = self._ends = [*accumulate(map(len, self.parts))]
        part = bisect_right(ends, row)
        if part == len(ends):
            return None
        return int(self.parts[part][row - (ends[part - 1] if part else 0)])


__all__ = ["Lines"]

"""A tool's clock, and how all tools read."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import pyarrow as pa
import pyarrow.parquet as pq


class Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}
        self.at = perf_counter()

    def start(self) -> None:
        """Forget the time so far: it went to imports."""
        self.at = perf_counter()

    def mark(self, step: str) -> None:
        """End a step."""
        now = perf_counter()
        self.steps[step] = now - self.at
        self.at = now


def read_texts(path: Path, clock: Clock) -> pa.ChunkedArray:
    """The texts, with the clock started."""

    clock.start()
    texts = pq.read_table(path, columns=["text"])["text"]
    clock.mark("read")
    return texts

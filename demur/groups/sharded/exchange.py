"""Records on their way from every task of one stage to every task of another, in few files and few reads.

Every source writes one file. Among few tasks, each target reads its part of each of them: as many reads as pairs of
tasks. Among many, that would be millions; so sources and targets are taken in groups of about the root of their number.
A file has a part for each group of targets; *routing* tasks, one for each group of sources and group of targets, read
these and write a part for each target; and a target reads one part for each group of sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.groups.sharded.store import Store

Ints = NDArray[np.int64]

DIRECT = 64
"""Sources or targets up to which every target reads from every source."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange; the order of records at a target is that of sources, and within one as they were sent.

    Attributes:
        store: where files are kept.
        name: of the files.
        sources: the number of tasks that send.
        targets: the number of tasks that receive.
        width: sources, and targets, of a group.

    Example:
        >>> exchange = Exchange(Store("memory://doctest-exchange"), "made", 1, 2, 1)
        >>> exchange.store.save("send", 0, exchange.sent(0, pa.record_batch({"x": [5, 6, 7]}), np.array([1, 0, 1])))
        >>> exchange.received(1)["x"].to_pylist()
        [5, 7]
    """

    store: Store
    name: str
    sources: int
    targets: int
    width: int

    @classmethod
    def among(cls, store: Store, name: str, sources: int, targets: int) -> Exchange:
        """An exchange among so many tasks."""
        many = max(sources, targets)
        return cls(store, name, sources, targets, 1 if many <= DIRECT else isqrt(many - 1) + 1)

    @property
    def routes(self) -> int:
        """The number of routing tasks."""
        return 0 if self.width == 1 else -(-self.sources // self.width) * -(-self.targets // self.width)

    def sent(
        self, source: int, batch: pa.RecordBatch, to: NDArray[Any], rows: Ints | None = None
    ) -> dict[str, Iterator[pa.RecordBatch]]:
        """The file of a source, for `Store.save`: its records (or those at some places), and the target of each."""
        order = np.argsort(to, kind="stable")
        lanes = -(-self.targets // self.width)
        edges = np.searchsorted(to[order], np.arange(lanes + 1) * self.width)

        def part(chosen: Ints) -> pa.RecordBatch:
            taken = batch.take(pa.array(chosen if rows is None else rows[chosen]))
            if self.width == 1:
                return taken
            return taken.append_column("to", pa.array((to[chosen] % self.width).astype(np.uint16)))

        return {f"{self.name}-{source}": (part(order[first:last]) for first, last in pairwise(edges))}

    def route(self, stage: str, number: int) -> None:
        """One routing task."""
        group, lane = divmod(number, -(-self.targets // self.width))
        sources = range(group * self.width, min(self.sources, (group + 1) * self.width))
        batch = pa.concat_batches([self.store.load(f"{self.name}-{source}", lane) for source in sources])
        to = batch["to"].to_numpy()
        order = np.argsort(to, kind="stable")
        edges = np.searchsorted(to[order], np.arange(self.width + 1))
        batch = batch.drop_columns(["to"])
        parts = (batch.take(pa.array(order[first:last])) for first, last in pairwise(edges))
        self.store.save(stage, number, {f"{self.name}-{group}-{lane}": parts})

    def arriving(self, target: int) -> Iterator[pa.RecordBatch]:
        """What was sent to a target, part by part; at least one part."""
        lane, place = divmod(target, self.width)
        if self.width == 1:
            yield from (self.store.load(f"{self.name}-{source}", target) for source in range(self.sources))
        else:
            for group in range(-(-self.sources // self.width)):
                yield self.store.load(f"{self.name}-{group}-{lane}", place)

    def received(self, target: int) -> pa.RecordBatch:
        """All that was sent to a target."""
        return pa.concat_batches(list(self.arriving(target)))

"""Batches one ahead of whoever takes note of them: meanwhile a thread reads the texts of the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from demur.checks.batch import Batch
from demur.text.compiled import share

STAGES = 4
"""Kinds of work on batches that are done at a time, each on another: they are read, noted, screened and judged."""

_More = TypeVar("_More")
_Made = TypeVar("_Made")


def stage(threads: int = 1) -> ThreadPoolExecutor:
    """Threads for some of the work on batches; their kernels use their share of the cores."""
    return ThreadPoolExecutor(threads, initializer=share, initargs=(STAGES,))


def begin(work: Callable[[], _Made]) -> Future[_Made]:
    """Begin some work on a thread of its own."""
    thread = ThreadPoolExecutor(1)
    begun = thread.submit(work)
    thread.shutdown(wait=False)
    return begun


def ahead(batches: Iterator[tuple[Batch, _More]]) -> Iterator[tuple[Batch, _More]]:
    """The same batches, whose texts have been read."""
    waiting: tuple[Batch, _More, Future[None]] | None = None
    with stage() as thread:
        for batch, more in batches:
            following = (batch, more, thread.submit(batch.read))
            if waiting is not None:
                waiting[2].result()
                yield waiting[:2]
            waiting = following
        if waiting is not None:
            waiting[2].result()
            yield waiting[:2]

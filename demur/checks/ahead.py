"""Work on threads of its own: batches are read one ahead of whoever takes note of them, rules run beside each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
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


def beside(work: Callable[[_More], _Made], things: Iterable[_More], threads: int) -> Generator[_Made, None, None]:
    """What some long work gives of each thing, in order; on threads that nobody waits for who is interrupted.

    Example:
        >>> list(beside(len, ["lamp", "", "tea"], 2))
        [4, 0, 3]
    """
    left = deque((thing, Future[_Made]()) for thing in things)
    results = deque(result for _, result in left)

    def run() -> None:
        while True:
            try:
                thing, result = left.popleft()
            except IndexError:
                return
            try:
                result.set_result(work(thing))
            except BaseException as error:
                result.set_exception(error)

    for _ in range(min(threads, len(left))):
        Thread(target=run, daemon=True).start()
    try:
        while results:
            yield results.popleft().result()
    finally:
        left.clear()


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

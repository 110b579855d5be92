"""The grams of a shard's rows, slice by slice: texts are read, hashed, and dropped again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.files.scratch import Scratch
from demur.groups.sharded._kernels import gather
from demur.groups.sharded.inputs import Shard, read_rows
from demur.groups.sharded.job import Job
from demur.similarity import GRAM_SIZE, onepass
from demur.similarity.sets import build
from demur.text.compiled import thread_count

Given = TypeVar("Given")
Result = TypeVar("Result")
Sliced = tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int32]]

SLICE = 2048
"""Rows that are read and hashed at a time."""


def hashed(job: Job, texts: pa.LargeStringArray) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """The distinct grams of texts, row behind row, and the number of each row's; in no order within a row."""
    if job.fast:
        return onepass.hashed(texts, GRAM_SIZE[job.view], Scratch())
    sets = build(texts, job.view, 1)
    sizes = sets.sizes.astype(np.int32)
    gather(sets.hashes, sets.starts, sets.sizes, np.arange(len(sets)), 0, sets.hashes)
    return sets.hashes[: int(sizes.sum(dtype=np.int64))], sizes


def gram_slices(job: Job, shard: Shard, rows: NDArray[np.int64] | None = None) -> Iterator[Sliced]:
    """Row numbers, grams and sizes of some (ascending) rows of a shard, or of all."""

    def work(part: tuple[NDArray[np.int64], pa.LargeStringArray]) -> Sliced:
        return part[0], *hashed(job, part[1])

    yield from ahead(work, read_rows(shard, job.column, rows, SLICE, job.threads), thread_count(job.threads))


def flat(parts: list[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
    """Arrays behind one another; each is dropped as soon as it is copied, so that memory is not needed twice."""
    whole = np.empty(sum(map(len, parts)), kind)
    end = len(whole)
    while parts:
        part = parts.pop()
        whole[end - len(part) : end] = part
        end -= len(part)
    return whole


def ahead(work: Callable[[Given], Result], given: Iterable[Given], threads: int) -> Iterator[Result]:
    """What a function makes of each thing, in order, on some threads; few things are held at a time."""
    if threads == 1:
        yield from map(work, given)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Result]] = deque()
        for each in given:
            waiting.append(pool.submit(work, each))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

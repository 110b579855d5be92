"""A progress bar on a terminal, plain lines elsewhere; always on standard error. ``-q`` and ``-v`` decide how much."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from demur.errors import plain_lines

T = TypeVar("T")

QUIET, NORMAL, VERBOSE = -1, 0, 1
_loudness = [NORMAL]
"""The last one holds, for all threads."""


@contextmanager
def loudness(level: int) -> Iterator[None]:
    """Say less, or more, until the block ends."""
    _loudness.append(level)
    try:
        yield
    finally:
        _loudness.pop()


def quiet() -> bool:
    """Whether errors alone are to be told."""
    return _loudness[-1] <= QUIET


def verbose() -> bool:
    """Whether places and seconds are to be told, too."""
    return _loudness[-1] >= VERBOSE


def track(
    items: Iterable[T], what: str, total: int, size: Callable[[T], int] | None = None, bytes_: int | None = None
) -> Iterator[T]:
    """Yield the items, showing how many of ``total`` are done.

    Args:
        items: what is yielded.
        what: is done.
        total: how many there are.
        size: of an item, in bytes, where bytes are shown as well.
        bytes_: of all items, where that is known before.
    """
    if quiet():
        yield from items
    elif sys.stderr is not None and sys.stderr.isatty():
        yield from _bar(items, what, total, size, bytes_)
    else:
        done = came = 0
        for item in items:
            yield item
            done, came = done + 1, came + (size(item) if size else 0)
        say(f"{what}: {done}/{total}" + (f", {came:,} bytes" if size else ""))


def _bar(items: Iterable[T], what: str, total: int, size: Callable[[T], int] | None, bytes_: int | None) -> Iterator[T]:
    from rich.console import Console
    from rich.filesize import decimal
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[came]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total, came="")
        came = 0
        for item in items:
            yield item
            if size:
                came += size(item)
                of = f" of {decimal(bytes_)}" if bytes_ else ""
                progress.update(task, came=f"{decimal(came)}{of}")
            progress.advance(task)


def say(line: str) -> None:
    """Write one plain line to standard error, unless ``-q`` asks for errors alone."""
    if not quiet():
        warn(line)


def warn(line: str) -> None:
    """Write one plain line to standard error, which ends no work where a full disk is behind it."""
    if sys.stderr is None:  # it may be closed, and print would take standard output instead
        return
    try:
        print(plain_lines(line), file=sys.stderr, flush=True)  # noqa: T201 - this is the one place that prints progress
    except BrokenPipeError:
        raise
    except OSError:
        pass


def detail(line: str) -> None:
    """Write one plain line to standard error, if ``-v`` asks for more."""
    if verbose():
        say(line)

"""How kernels are compiled and run: numba's cache, no numba threading layer, plain threads over row ranges.

`parallel=True` is avoided on purpose: it multiplies compile time, loads a threading layer in every fresh process, and
numba's portable layer aborts a process that enters it from two threads (Dask workers do). Kernels release the GIL
instead and take a range of rows, so any split of the rows gives the same arrays.

A kernel is a plain function, and gives the same as one. It is compiled by numba when it is first called, and numba is
imported then; where numba is not installed, or inside `uncompiled`, it runs as it stands: small inputs are done long
before a compiler is.

Where a wheel brought them compiled (`demur.text.shipped`), nothing is. Elsewhere numba keeps the compiled code in
``__pycache__`` beside the module, or in the user's cache folder where that is read-only, or in ``NUMBA_CACHE_DIR``;
where none of them can be written, the code lasts as long as the process. numba does not see changes in a function
called from another file; so every module with kernels holds all the functions that they call, but those of
`demur.text.lanes`.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib.util
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from threading import Lock, local
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from demur.text import lanes

Array = NDArray[np.int64]
Result = TypeVar("Result")
Function = TypeVar("Function", bound=Callable[..., object])

#: Below this many rows one thread is faster than starting two.
SMALL = 4096

MACHINES: dict[str, Any] = {}
"""Kernels that were compiled in this process, by module and name."""

_COMPILES = importlib.util.find_spec("numba") is not None and os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"
_OPTIONS = {"nogil": True, "error_model": "numpy"}
_lock = Lock()
_mine = local()  # of a thread: by how many the cores are shared
_small: list[list[bool]] = []  # of the blocks of `uncompiled` that are open, whether each stands for small work
_inner: list[Callable[..., object]] = []  # functions that numba has not heard of yet


def compiles() -> bool:
    """Whether kernels can be compiled here at all."""
    return _COMPILES


def interpreted() -> bool:
    """Whether kernels run as plain Python now: no numba, or the work is small."""
    return not _COMPILES or any(small for (small,) in _small)


@contextmanager
def uncompiled(*, small: bool) -> Iterator[Callable[[], None]]:
    """A block in which kernels are not compiled, if its work is small; gives what to call when it turns out larger."""
    mine = [small]

    def grown() -> None:
        mine[0] = False

    _small.append(mine)
    try:
        yield grown
    finally:
        _small[:] = [each for each in _small if each is not mine]


def outgrow() -> None:
    """Compile from now on, whatever blocks of small work are open: some of it has turned out large.

    Example:
        >>> with uncompiled(small=True):
        ...     outgrow()
        ...     interpreted() == (not compiles())
        True
    """
    for mine in _small:
        mine[0] = False


def kernel(function: Function) -> Function:
    """Compile on first use, without the GIL, and keep the machine code on disk.

    An array that grows is no variable of the loops that fill it: numba counts, with a locked instruction at every turn,
    who holds an array that may be another one at the next. A list holds it, or the loop is an `inner` function's.
    """
    name = f"{function.__module__}.{function.__qualname__}"

    @functools.wraps(function)
    def call(*arguments: Any) -> object:
        if interpreted():
            with np.errstate(over="ignore"):  # hashes are computed modulo 2 ** 64
                return function(*arguments)
        if name not in MACHINES:
            with _lock:
                MACHINES.setdefault(name, _compiled(function))
        return MACHINES[name](*arguments)

    return cast(Function, call)


def inner(function: Function) -> Function:
    """Let kernels of the same module call a function; its code is part of theirs."""
    _inner.append(function)
    return function


@contextmanager
def loading() -> Iterator[None]:
    """A block that imports much, loads kernels or lists findings: none of it is garbage; looking takes long."""
    looks = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looks:
            gc.enable()


def _numba() -> Any:
    """numba, without scipy, which takes as long to import: it is for products of matrices, when somebody forms one.

    numba's module of array functions calls `ensure_blas` to see whether there is a scipy; where it is installed, the
    answer is yes.
    """
    import numba
    from numba.np import linalg

    if importlib.util.find_spec("scipy") is not None and hasattr(linalg, "ensure_blas"):
        ensure = linalg.ensure_blas
        linalg.ensure_blas = lambda: None
        try:
            import numba.np.arraymath
        finally:
            linalg.ensure_blas = ensure
    return numba


def _compiled(function: Callable[..., object]) -> Callable[..., object]:
    with loading():
        numba = _numba()
        from numba.extending import register_jitable

        from demur.text.shipped import first

    if not MACHINES:
        lanes.register()
        atexit.register(_leave)
    while _inner:
        register_jitable(**_OPTIONS)(_inner.pop())
    try:
        machine = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # nowhere to keep the code
        machine = numba.njit(**_OPTIONS)(function)
    return cast(Callable[..., object], first(machine, f"{function.__module__}.{function.__qualname__}"))


def _leave() -> None:
    """At the end of the process, what numba holds is not taken apart: that takes longer than many a join."""
    gc.collect()
    gc.freeze()


def thread_count(threads: int | None = None) -> int:
    """The number of threads to use: as asked, else ``NUMBA_NUM_THREADS``, else the cores this process may use."""
    if threads is not None:
        return max(1, threads)
    return max(1, _cores() // getattr(_mine, "shared", 1))


def share(threads: int) -> None:
    """Let kernels that this thread calls use only their share of the cores, as so many threads call some all the time.

    Example:
        >>> share(10_000)
        >>> thread_count()
        1
        >>> share(1)
    """
    _mine.shared = threads


@contextmanager
def shared(threads: int) -> Iterator[None]:
    """A block in which this thread is one of so many, as `share` has it."""
    before = getattr(_mine, "shared", 1)
    share(threads)
    try:
        yield
    finally:
        share(before)


def _cores() -> int:
    asked = os.environ.get("NUMBA_NUM_THREADS")
    if asked:
        return max(1, int(asked))
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ranges(rows: int, threads: int | None = None) -> list[tuple[int, int]]:
    """Ranges that cover all rows: one when threads would not pay, else four a thread to even out uneven rows."""
    workers = thread_count(threads)
    parts = 1 if workers == 1 or rows < SMALL else 4 * workers
    bounds = [rows * part // parts for part in range(parts + 1)]
    return list(pairwise(bounds))


def over_parts(work: Callable[[int], Result], parts: int, threads: int | None = None) -> list[Result]:
    """Call ``work(part)`` for every part, on threads if there are several; the results in order."""
    workers = min(parts, thread_count(threads))
    if workers <= 1:
        return [work(part) for part in range(parts)]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, range(parts)))


def over_rows(work: Callable[[int, int], Result], rows: int, threads: int | None = None) -> list[Result]:
    """Call ``work(first, last)`` over ranges that cover all rows; the results in order."""
    pieces = ranges(rows, threads)
    return over_parts(lambda part: work(*pieces[part]), len(pieces), threads)


def gather_rows(
    work: Callable[[int, int], tuple[Array, ...]], rows: int, threads: int | None = None
) -> tuple[Array, ...]:
    """As `over_rows` for work that gives arrays: each array put together over all ranges."""
    return tuple(np.concatenate(arrays) for arrays in zip(*over_rows(work, rows, threads), strict=True))

"""Where tasks run: in this process, or on the workers of a Dask cluster. The tasks are the same, and so are results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from demur.errors import DemurError, UsageError

#: How often Dask tries a task again: network storage fails now and then.
_RETRIES = 2

_PATIENCE = "15s"  # until a scheduler answers

#: Ctrl-C reaches every process of a terminal; the driver ends local workers, which have nothing to add to what it says.
_DEAF = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"


class EngineError(DemurError, ConnectionError):
    """The cluster is not there, or its workers cannot do the work."""


class Engine(Protocol):
    """Calls a function with each of some argument lists.

    Attributes:
        threads: threads that a task may use; None for all cores.
    """

    threads: int | None

    def map(self, function: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> Iterator[None]:
        """Yield as each call returns, in any order; what it returns is dropped. The first error is raised."""
        ...


class SerialEngine:
    """One task at a time, each with all cores.

    Example:
        >>> len(list(SerialEngine().map(print, [(1,), (2,)])))
        1
        2
        2
    """

    threads: int | None = None

    def map(self, function: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> Iterator[None]:
        """Call the function, one argument list after another."""
        for each in arguments:
            function(*each)
            yield


class DaskEngine:
    """The workers of a Dask cluster; a task whose worker is lost goes to another worker."""

    threads: int | None = 1

    def __init__(self, client: Any) -> None:
        self.client = client

    def map(self, function: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> Iterator[None]:
        """Submit all calls; results are dropped on the workers, so nothing but errors comes back."""
        from distributed import as_completed
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker

        futures = [self.client.submit(_call, function, each, pure=False, retries=_RETRIES) for each in arguments]
        try:
            for future in as_completed(futures):
                future.result()
                future.release()
                yield
        except KilledWorker as error:
            msg = "Workers die again and again on the same task"
            raise EngineError(
                msg,
                where=self.client.scheduler.address if self.client.scheduler else "the scheduler",
                got=f"the last one was {error.last_worker.address}",
                fix="Most often their memory is too small: use smaller --shard-rows. The next run resumes.",
            ) from None
        except (FutureCancelledError, CommClosedError) as error:
            msg = "The Dask scheduler was lost in mid-run"
            raise EngineError(
                msg,
                got=type(error).__name__,
                fix="Start it again and repeat the command: finished shards are kept.",
            ) from error
        finally:
            self.client.cancel(futures)


def _call(function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    import pyarrow as pa

    function(*arguments)
    pa.default_memory_pool().release_unused()  # or a worker keeps the most that any of its tasks had


@contextmanager
def open_engine(
    engine: str = "serial", *, scheduler: str | None = None, workers: int | None = None
) -> Iterator[Engine]:
    """An engine, and with Dask its client and local cluster, for the length of a block.

    Args:
        engine: "serial" or "dask".
        scheduler: address of a running scheduler, such as ``tcp://10.0.0.7:8786``; without it, a cluster of processes
            on this machine is started, and stopped at the end.
        workers: processes of the local cluster; by default one for each core. With a scheduler: wait for so many.

    Raises:
        UsageError: options that do not fit together.
        EngineError: no scheduler answers, or Dask is not installed.
    """
    if engine == "serial":
        if scheduler or workers:
            msg = "A scheduler or workers need the Dask engine"
            raise UsageError(msg, fix="Add --engine dask.")
        yield SerialEngine()
        return
    with _client(scheduler, workers) as client:
        yield DaskEngine(client)


@contextmanager
def _client(scheduler: str | None, workers: int | None) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError as error:
        msg = "Dask is not installed"
        raise EngineError(msg, got=error.msg, fix="pip install 'demur[scale]', on the workers too.") from error
    if scheduler is None:
        with _local(workers) as cluster, Client(cluster) as client:
            client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.http_server.stop())
            client.register_worker_callbacks(lambda dask_worker: dask_worker.http_server.stop())  # of later ones, too
            yield client
        return
    try:
        client = Client(scheduler, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        msg = "No Dask scheduler answers"
        raise EngineError(
            msg,
            where=scheduler,
            got=str(error).partition("\n")[0],
            fix="Start one with `dask scheduler`, and give the address that it prints.",
        ) from error
    with client:
        if workers:
            _wait(client, scheduler, workers)
        yield client


@contextmanager
def _local(workers: int | None) -> Iterator[Any]:
    """A cluster of processes on this machine, which other users of it can neither ask nor order anything.

    Whoever reaches a scheduler or a worker can make it run any code. So all of them speak TLS, and only to those that
    hold the key of this cluster, made for it. No pages are served: Dask opens a port for them whatever it is asked,
    which `_client` closes again.
    """
    import dask
    from distributed import LocalCluster
    from distributed.security import Security

    from demur.text.compiled import thread_count

    try:
        security = Security.temporary()
    except ImportError as error:
        msg = "A local Dask cluster is not safe without encryption"
        fix = "pip install 'demur[scale]', which brings the package cryptography."
        raise EngineError(msg, got=str(error).partition(",")[0], fix=fix) from error
    pages: dict[str, list[str]] = {f"distributed.{who}.http.routes": [] for who in ("scheduler", "worker")}
    # Other allocators of Arrow keep some 20 MB for themselves.
    memory = {"distributed.nanny.pre-spawn-environ.ARROW_DEFAULT_MEMORY_POOL": "system"}
    with (
        dask.config.set({**pages, **memory}),
        LocalCluster(
            n_workers=workers or thread_count(),
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # not 8787, which may be taken
            security=security,
            preload=[_DEAF],
        ) as cluster,
    ):
        yield cluster


def _wait(client: Any, scheduler: str, workers: int) -> None:
    try:
        client.wait_for_workers(workers, timeout=300)
    except TimeoutError as error:
        msg = "Too few Dask workers after 300 s"
        got = len(client.scheduler_info(n_workers=-1)["workers"])
        raise EngineError(
            msg, where=scheduler, expected=workers, got=got, fix="Start them with `dask worker`."
        ) from error

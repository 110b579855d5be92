"""Another user of the machine finds no way into a local Dask cluster."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator

import pytest

pytest.importorskip("distributed", reason="the distributed engine is in the 'scale' extra")

from demur.groups.sharded import open_engine
from demur.groups.sharded.engine import DaskEngine


@pytest.fixture(scope="module")
def dask() -> Iterator[DaskEngine]:
    with open_engine("dask", workers=1) as opened:
        assert isinstance(opened, DaskEngine)
        yield opened


def ports() -> set[int]:
    """Where this process and its children listen."""
    import psutil  # type: ignore[import-untyped]

    me = psutil.Process()
    found = [each for process in (me, *me.children(recursive=True)) for each in process.net_connections("tcp")]
    return {each.laddr.port for each in found if each.status == psutil.CONN_LISTEN}


def test_a_stranger_runs_nothing_on_it(dask: DaskEngine) -> None:
    """Without the cluster's key, no client gets an answer, from the scheduler or from a worker."""
    from distributed import Client

    for address in (dask.client.scheduler.address, *dask.client.run(os.getpid)):
        plain = address.replace("tls://", "tcp://")
        with pytest.raises(OSError, match=r"Timed out|[Tt]imeout|closed|refused"), Client(plain, timeout="2s") as other:
            pytest.fail(f"a stranger ran code: {other.run_on_scheduler(os.getpid)}")


def test_every_port_wants_the_key(dask: DaskEngine) -> None:
    """The scheduler's, the worker's and its nanny's: no fourth, as for pages; TLS with a certificate of the caller."""
    assert len(ports()) == 3
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for port in ports():
        with pytest.raises((ssl.SSLError, ConnectionError)):
            answer(port, context)


def answer(port: int, context: ssl.SSLContext) -> bytes:
    """What a server says to somebody without a key; with TLS 1.3 a refusal comes at the first read."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, context.wrap_socket(plain) as wrapped:
        wrapped.sendall(b"GET / HTTP/1.1\r\n\r\n")
        return wrapped.recv(1000)

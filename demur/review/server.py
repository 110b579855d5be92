"""The server of the review page: where it listens, how its address is handed on, and how it ends."""

from __future__ import annotations

import ipaddress
import socket
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from demur.errors import OutputError, UsageError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

PORT, TRIES = 8717, 20
EXPOSE = "--let-others-read"


def needed() -> None:
    """Load what the extra ``review`` brings, before anything else takes its time."""
    import jinja2  # noqa: F401
    import markdown_it  # noqa: F401
    import starlette  # noqa: F401
    import uvicorn  # noqa: F401


def host_of(given: str, others: bool) -> str:
    """The address to listen on: a loopback one, or any other that was asked for twice.

    Raises:
        UsageError: others could read the texts, and only one option says so; or it is no address.
    """
    name = "127.0.0.1" if given == "localhost" else given
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        msg = "This is no address to listen on"
        raise UsageError(msg, expected="an IP address, such as 127.0.0.1", got=given) from None
    if not address.is_loopback and not others:
        msg = "Other machines could read harmful texts there, and write decisions"
        raise UsageError(msg, got=given, fix=f"Leave --host out. If that is meant, say {EXPOSE} as well.")
    return name


@dataclass(frozen=True)
class Place:
    """A socket that is bound, and its address."""

    bound: socket.socket
    host: str
    port: int

    @property
    def origin(self) -> str:
        """As browsers name it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - where all are listened to
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


@contextmanager
def listening(host: str, port: int | None = None) -> Iterator[Place]:
    """Bind a socket for the length of a block: to the port, or to the first free one of a few.

    Raises:
        OutputError: the port, or every one of them, is taken.
    """
    ports = [PORT + number for number in range(TRIES)] if port is None else [port]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    got = ""
    for each in ports:
        bound = socket.socket(family, socket.SOCK_STREAM)
        with bound:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                bound.bind((host, each))
                bound.listen(64)
            except OSError as error:
                got = error.strerror or type(error).__name__
                continue
            yield Place(bound, host, bound.getsockname()[1])
            return
    msg = "The port cannot be used" if port is not None else "No port is free"
    where = f"{host}:{ports[0]}" + (f" to {ports[-1]}" if len(ports) > 1 else "")
    raise OutputError(msg, where=where, got=got, fix="Name another one with --port, or end what listens there.")


def serve(app: ASGIApp, place: Place) -> None:
    """Answer until somebody ends it. Nothing is logged: addresses hold the token, and messages may quote texts."""
    import uvicorn

    settings = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    with suppress(KeyboardInterrupt):
        uvicorn.Server(settings).run(sockets=[place.bound])


@contextmanager
def opened(url: str, wanted: bool) -> Iterator[None]:
    """Open the address in the user's browser, by a file that only the user can read.

    On a command line, other users of the machine would see the token.
    """
    if not wanted:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="demur-review-") as folder:
        page = Path(folder) / "open.html"
        page.touch(mode=0o600)
        page.write_text(
            f'<!doctype html><title>Demur review</title><meta name="referrer" content="no-referrer">'
            f'<meta http-equiv="refresh" content="0; url={escape(url)}">',
            encoding="utf-8",
        )
        with suppress(webbrowser.Error):
            webbrowser.open(page.as_uri())
        yield

"""Who is answered: the browser that was given the token, on this machine, from the page itself; and with what headers.

The texts behind this server ask for harm, and any page in the same browser can send requests to it, as can any program
of other users of the machine.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demur.errors import innermost
from demur.progress import say

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL = ("127.0.0.1", "localhost", "[::1]")
LARGEST = 16 << 10
"""Bytes of a request's body."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-robots-tag": "noindex",
}
"""Of every answer, refusals included."""


@dataclass(frozen=True)
class Secrets:
    """What a browser must know.

    Attributes:
        token: in the address that is printed, for the first request.
        cookie: what it is given for it.
    """

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def opens(self, given: str) -> bool:
        """Whether this is the token."""
        return secrets.compare_digest(given.encode(), self.token.encode())

    def knows(self, given: str) -> bool:
        """Whether this is the cookie."""
        return secrets.compare_digest(given.encode(), self.cookie.encode())


class Guard:
    """Refuses what does not come from the page itself, and sets the headers of every answer.

    Args:
        app: what answers.
        secrets: what must be known.
        port: of the server.
        name: of the cookie.
        refuse: makes the page of a refusal, of its status and one sentence.
        exposed: whether the machine's own address, at which a request came in, is a host, too.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        secrets: Secrets,
        port: int,
        name: str,
        refuse: Callable[[int, str], Response],
        exposed: bool = False,
    ) -> None:
        self.app, self.secrets, self.port, self.name = app, secrets, port, name
        self.refuse, self.exposed = refuse, exposed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        from starlette.requests import Request

        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                kept = [(name, value) for name, value in message["headers"] if name.decode("latin-1") not in HEADERS]
                message["headers"] = [*kept, *((name.encode(), value.encode()) for name, value in HEADERS.items())]
            await send(message)

        fault = self.fault(Request(scope))
        try:
            await (self.refuse(*fault) if fault else self.app)(scope, receive, guarded)
        except Exception as error:  # whatever it says may quote a text
            say(f"error: {type(error).__name__} in {innermost(error, '') or 'the server'}")
            if not begun:
                await self.refuse(500, "Something went wrong; nothing was written.")(scope, receive, guarded)

    def fault(self, request: Request) -> tuple[int, str] | None:
        """What is wrong with a request, if anything is."""
        given = request.headers
        hosts = given.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts(request):
            return 421, "This is no address of this server."
        origins = given.getlist("origin")
        if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in origins):
            return 403, "The request came from another page."
        if request.method not in ("GET", "HEAD", "POST"):
            return 405, "This server only shows pages and takes keys."
        if request.url.path.startswith("/static/"):
            return None
        if request.method != "POST" and request.url.path == "/open":
            return None  # the token itself is judged there
        if given.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return 403, "The request came from another page."
        if not self.secrets.knows(request.cookies.get(self.name, "")):
            return 403, "Open the address that demur review printed: its token is missing here."
        if request.method == "POST":
            return self._post(request, len(origins))
        return None

    def _post(self, request: Request, origins: int) -> tuple[int, str] | None:
        given = request.headers
        if origins != 1 or given.get("hx-request") != "true":
            return 403, "The request came from another page."
        if given.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
            return 415, "Only what the page itself sends is read."
        length = given.get("content-length", "0")
        if not length.isdecimal() or int(length[:9]) > LARGEST:
            return 413, "The request is too large."
        return None

    def _hosts(self, request: Request) -> set[str]:
        names = {*LOCAL}
        if self.exposed and (server := request.scope.get("server")):
            names.add(f"[{server[0]}]" if ":" in server[0] else server[0])
        return {f"{name}:{self.port}" for name in names}

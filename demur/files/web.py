"""What leads over the web: redirects stay where the address led, and an address in the clear is told of."""

from __future__ import annotations

import ipaddress
import socket
import urllib.error
import urllib.request
from functools import cache
from typing import Any
from urllib.parse import urljoin, urlsplit

from demur.progress import say

_HERE = ("localhost", "127.0.0.1", "::1")


def inner(host: str) -> bool:
    """Whether a host is this machine, or lies in a network that the world does not reach.

    Example:
        >>> inner("127.0.0.1"), inner("169.254.169.254"), inner("8.8.8.8")
        (True, True, False)
    """
    try:
        found = {str(each[4][0]).partition("%")[0] for each in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return False  # a proxy may know it
    return any(not ipaddress.ip_address(each).is_global for each in found)


def astray(old: str, new: str) -> str | None:
    """Why a redirect is not followed: out of the open web into an inner network, or from https to another scheme."""
    before, after = urlsplit(old), urlsplit(new)
    if after.scheme not in ("http", "https") or (before.scheme == "https" and after.scheme != "https"):
        return "a redirect to an address in the clear"
    if inner(after.hostname or "") and not inner(before.hostname or ""):
        return "a redirect into an inner network"
    return None


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if (why := astray(req.full_url, newurl)) is not None:
            raise urllib.error.URLError(why)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def opened(request: urllib.request.Request, timeout: float) -> Any:
    """The answer to a request; redirects that go astray are a URLError."""
    return urllib.request.build_opener(_Redirects).open(request, timeout=timeout)


def options(url: str) -> dict[str, Any]:
    """What fsspec's file system of a URL is made with, so that it follows the same redirects."""
    return {"client_kwargs": {"trace_configs": [_trace()]}} if url.startswith(("http://", "https://")) else {}


@cache
def _trace() -> Any:
    import aiohttp

    async def look(session: Any, context: Any, asked: Any) -> None:
        new = urljoin(str(asked.url), asked.response.headers.get("Location") or "")
        if (why := astray(str(asked.url), new)) is not None:
            raise aiohttp.ClientError(why)

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(look)
    return trace


@cache
def warned(url: str) -> None:
    """Tell once of an address over plain http, but on this machine: who sits between reads and changes all."""
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in _HERE:
        say(f"warning: http://{parts.hostname} is in the clear: whoever sits between can read and change what comes")

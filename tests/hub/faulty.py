"""The faults at work around the Hub, and a record of every request.

It is ASGI middleware, since a broken connection is none of the Hub's answers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.hub.faults import Answer, Break, Fault, Faults


class Asked(NamedTuple):
    """One request and its answer; never a token.

    Attributes:
        path: with the query.
        status: None if the connection was broken instead.
        authorized: whether there was an Authorization header.
    """

    method: str
    path: str
    status: int | None
    authorized: bool


class Faulty:
    """The Hub with its faults; outermost, so that it has uvicorn's own connection.

    A request is noted before the client has the answer: a test that has the answer finds the note.
    """

    def __init__(self, app: ASGIApp, faults: Faults, asked: list[Asked], errors: list[Exception]) -> None:
        self._app, self._faults, self._asked, self._errors = app, faults, asked, errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: fault, work, fault."""
        query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        authorized = any(name == b"authorization" for name, _ in scope["headers"])
        noted = False

        def note(status: int | None) -> None:
            nonlocal noted
            if not noted:
                self._asked.append(Asked(scope["method"], scope["path"] + query, status, authorized))
            noted = True

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                note(message["status"])
            await send(message)

        fault = self._faults.taken(scope["method"], scope["path"])
        try:
            if fault and isinstance(fault.do, Break):
                await self._break(fault, fault.do, scope, receive, send, note)
            elif fault:
                await self._spoil(fault, scope, receive, noting)
            else:
                await self._app(scope, receive, noting)
        except ClientDisconnect:
            pass
        except Exception as error:  # of a test's callable, or of the Hub: no test may pass over it
            self._errors.append(error)
            raise
        finally:
            note(None)

    async def _break(
        self, fault: Fault, do: Break, scope: Scope, receive: Receive, send: Send, note: Callable[[int | None], None]
    ) -> None:
        answer: list[Message] = []
        if fault.when == "after":
            await self._app(scope, receive, _keep(answer))
        else:
            await _read(receive, do.at)
        note(None)
        if answer and do.at is not None:
            await _part(answer, do.at, send)
        transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
        transport.close()
        while (await receive())["type"] != "http.disconnect":  # else uvicorn would answer with a 500
            pass

    async def _spoil(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        answer: list[Message] = []
        if fault.when == "after":
            await self._app(scope, receive, _keep(answer))
        if isinstance(fault.do, Answer):
            if fault.when == "before":
                await _read(receive)
            await _answer(fault.do, send)
            return
        assert callable(fault.do)
        await asyncio.to_thread(fault.do)
        if fault.when == "before":
            await self._app(scope, receive, send)
        for message in answer:
            await send(message)


def _keep(answer: list[Message]) -> Send:
    async def keep(message: Message) -> None:
        answer.append(message)

    return keep


async def _read(receive: Receive, most: int | None = None) -> None:
    """Take in the request's body, or the first bytes of it."""
    got = 0
    while most is None or got < most:
        message = await receive()
        got += len(message.get("body", b""))
        if not message.get("more_body"):
            return


async def _answer(fault: Answer, send: Send) -> None:
    body = json.dumps({"error": fault.message}).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), **fault.headers}
    raw: list[Any] = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": fault.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _part(answer: list[Message], at: int, send: Send) -> None:
    """The status line, the headers and the first bytes of a body that was announced whole."""
    start, *rest = answer
    body = b"".join(message.get("body", b"") for message in rest)
    assert at < len(body), "the fault would cut nothing off"
    await send(start)
    await send({"type": "http.response.body", "body": body[:at], "more_body": True})

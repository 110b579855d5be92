"""A chat endpoint on a port of this machine, whose model's name says how it behaves."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PATIENCE = 60  # seconds until a test gives up on the server; nothing is measured by it


class Served:
    """The endpoint; `stop` ends it.

    Attributes:
        asked: the bodies of all requests, in order.
        keys: their authorization headers.
        slow: requests that get no reply before the client gives up: those that mention one of these words.
        busy: requests that are answered with this many 503 first.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.slow: set[str] = set()
        self.busy = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/v1"
        app = Starlette(routes=[Route("/v1/chat/completions", self._chat, methods=["POST"])])
        self._server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listening]}, daemon=True)
        self._thread.start()

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        self.keys.append(request.headers.get("authorization"))
        text = body["messages"][-1]["content"]
        if any(word in text for word in self.slow):
            await asyncio.sleep(2)
        if self.busy:
            self.busy -= 1
            return JSONResponse({"error": "busy"}, 503)
        if body["model"] == "unknown":
            return JSONResponse({"error": "no such model"}, 404)
        if body["model"] == "broken":
            return Response("<html>", media_type="text/html")
        said = text.partition("--- response")[2]
        verdict = "partial" if "but here" in said else "refusal" if "cannot" in said else "answer"
        replies = {
            "prose": f"I would say that this is a {verdict}.",
            "unwilling": "I'm sorry, but I can't judge that.",
            "silent": None,
            "thinking": f"<think>It says VERDICT: answer, but no.</think>\n\nVERDICT: {verdict}\n",
        }
        content = replies.get(body["model"], f"VERDICT: {verdict}")
        return JSONResponse({"choices": [{"message": {"role": "assistant", "content": content}}]})

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        self._listening.close()
        assert not self._thread.is_alive(), "the endpoint does not stop"

"""The Hub as one web application: routes, refusals, and a note of every call that it does not know."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.hub import routes_files, routes_repos
from tests.hub.access import Refused, refuse
from tests.hub.store import Store

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def make(folder: Path) -> Starlette:
    """The Hub on a folder; ``app.state`` has its ``store`` and the ``unknown`` calls."""

    async def unknown(request: Request) -> Response:
        app.state.unknown.append(f"{request.method} {request.url.path}")
        return JSONResponse({"error": "The Hub of the tests does not know this call"}, 404)

    routes = [*routes_repos.ROUTES, *routes_files.ROUTES, Route("/{rest:path}", unknown, methods=METHODS)]
    app = Starlette(routes=routes, exception_handlers={Refused: refuse})
    app.state.store = Store(folder)
    app.state.unknown = []
    return app

"""The page's addresses: what each shows, and what each key that is pressed does."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from demur.curation.behaviour import CODES, EXPECTED
from demur.curation.worddiff import WordDiff
from demur.errors import DemurError, plain
from demur.pages.drawing import worded
from demur.pages.environment import environment, style
from demur.review.guard import LARGEST, Guard, Secrets
from demur.review.guideline import Guideline
from demur.review.items import QUEUES, READ, TITLES, Item, Queue
from demur.review.session import Said, Session

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

STATIC = {"htmx.min.js": "text/javascript", "keys.js": "text/javascript", "review.css": "text/css"}
CLASSES = {name: (key.lower(), "no-side" if name == "unusable" else EXPECTED[name]) for key, name in CODES.items()}
"""Class -> its key, and the side that follows."""


class Missing(DemurError, LookupError):
    """There is no such page."""

    def __init__(self, what: str = "There is no such page") -> None:
        super().__init__(what)


class Review:
    """A review as an ASGI application.

    Args:
        session: what is reviewed, and by whom.
        guideline: what lies beside it.
        secrets: what a browser must know.
        port: of the server.
        exposed: whether other machines may ask.
        start: the queue that is shown first; by default the list of all.
    """

    def __init__(
        self,
        session: Session,
        guideline: Guideline,
        secrets: Secrets,
        port: int,
        *,
        exposed: bool = False,
        start: str | None = None,
    ) -> None:
        self.session, self.guideline, self.secrets, self.port, self.exposed = session, guideline, secrets, port, exposed
        self.start = start
        self.cookie = f"demur_review_{port}"
        self.pages = environment("demur.review")

    @cached_property
    def app(self) -> ASGIApp:
        """What a server runs."""
        from starlette.applications import Starlette
        from starlette.routing import Route

        get, post = ["GET"], ["POST"]
        routes = [
            Route("/open", self._told(self.open), methods=get),
            Route("/static/{name}", self._told(self.static), methods=get),
            Route("/", self._told(self.index), methods=get),
            Route("/agreement", self._told(self.agreed), methods=get),
            Route("/q/{queue}", self._told(self.queue), methods=get),
            Route("/text/{queue}/{key}", self._told(self.text), methods=get),
            Route("/mask/{queue}/{key}", self._told(self.mask), methods=get),
            Route("/why/{queue}/{key}", self._told(self.why), methods=get),
            Route("/do/{queue}/{key}", self._posted(self.press), methods=post),
            Route("/undo/{queue}", self._posted(self.undo), methods=post),
            Route("/again/{queue}", self._posted(self.again), methods=post),
        ]
        handlers: Any = {404: self._missing, 405: self._missing}
        pages = Starlette(routes=routes, exception_handlers=handlers)
        pages.router.redirect_slashes = False
        return Guard(
            pages,
            secrets=self.secrets,
            port=self.port,
            name=self.cookie,
            refuse=self.refusal,
            exposed=self.exposed,
        )

    def refusal(self, status: int, said: str) -> Response:
        """The page that says why nothing is shown."""
        return self._page("error.html.jinja", status, said=said, status=status)

    def open(self, request: Request) -> Response:
        """Give the cookie for the token; the address with the token is left at once."""
        if not self.secrets.opens(request.query_params.get("token", "")):
            return self.refusal(403, "Open the address that demur review printed: its token is missing here.")
        made = self._page("open.html.jinja", start=f"/q/{self.start}" if self.start else "/")
        made.set_cookie(self.cookie, self.secrets.cookie, path="/", httponly=True, samesite="strict")
        return made

    def static(self, request: Request) -> Response:
        """One of the page's own files."""
        from starlette.responses import Response

        name = request.path_params["name"]
        if name == "style.css":
            return Response(str(style()), media_type="text/css")
        if name not in STATIC:
            raise Missing
        content = (resources.files("demur.review") / "static" / name).read_text(encoding="utf-8")
        return Response(content, media_type=STATIC[name])

    def index(self, _request: Request) -> Response:
        """The queues, and how far they are."""
        return self._page("index.html.jinja")

    def agreed(self, _request: Request) -> Response:
        """Agreement with the others, on what both read."""
        return self._page("agreement.html.jinja")

    def queue(self, request: Request) -> Response:
        """A queue, at its next item."""
        queue = self._queue(request)
        return self._page("queue.html.jinja", queue=queue, guideline=self.guideline, **self._next(queue))

    def text(self, request: Request) -> Response:
        """The text of an item, or both of a pair with their differences: for the page's own script alone."""
        _by_script(request)
        item = self._item(request)
        texts = self.session.texts(item)
        shown: list[Any] = [each.text for each in texts]
        if len(texts) == 2:
            parts = WordDiff.of(texts[0].text, texts[1].text).parts
            shown = [worded(parts, "first"), worded(parts, "second")]
        return self._page("text.html.jinja", item=item, shown=shown, masked=False, sizes=self._sizes(item))

    def mask(self, request: Request) -> Response:
        """What stands in a text's place."""
        _by_script(request)
        item = self._item(request)
        return self._page("text.html.jinja", item=item, shown=[], masked=True, sizes=self._sizes(item))

    def why(self, request: Request) -> Response:
        """Why an item waits, which may tell labels."""
        _by_script(request)
        item = self._item(request)
        return self._page("why.html.jinja", item=item, why=self.session.why(item))

    def press(self, request: Request, given: dict[str, str]) -> Response:
        """Do what a key means, and show the next item; if it cannot be done, the same one again, with the reason."""
        item = self._item(request)
        names = ("action", "which", "note", "hazards", "flags")
        said = Said(**{name: given[name] for name in names if name in given}) if "action" in given else Said("")
        try:
            done = self.session.press(item, said)
        except DemurError as error:
            over = self.session.is_over(item)
            return self._fragment(item.queue, None if over else item, problem=_brief(error), said=said)
        return self._fragment(item.queue, done=done)

    def undo(self, request: Request, _given: dict[str, str]) -> Response:
        """Take the last press back, and show its item."""
        queue = self._queue(request)
        try:
            change = self.session.undo()
        except DemurError as error:
            return self._fragment(queue, problem=_brief(error))
        done = f"{change.key[:8]}: {change.said.replace('_', ' ')}, taken back"
        if change.queue != queue:
            return self._fragment(queue, done=f"{done} (in {TITLES[change.queue][0].lower()})")  # type: ignore[index]
        return self._fragment(queue, self.session.find(queue, change.key), done=done)

    def again(self, request: Request, _given: dict[str, str]) -> Response:
        """Look at what was put off."""
        queue = self._queue(request)
        self.session.again(queue)
        return self._fragment(queue, done="once more")

    def _next(self, queue: Queue) -> dict[str, Any]:
        return {"item": (item := self.session.next(queue)), "sizes": self._sizes(item) if item else []}

    def _fragment(
        self, queue: Queue, item: Item | None = None, *, done: str = "", problem: str = "", said: Said | None = None
    ) -> Response:
        more = {"item": item, "sizes": self._sizes(item)} if item else self._next(queue)
        return self._page("item.html.jinja", queue=queue, done=done, problem=problem, said=said, alone=True, **more)

    def _sizes(self, item: Item) -> list[int]:
        there = self.session.desk.texts
        return [len(there[id].text) for id in item.ids if id in there]

    def _queue(self, request: Request) -> Queue:
        name = request.path_params["queue"]
        if name not in QUEUES or name not in self.session.queues:
            raise Missing
        found: Queue = name
        return found

    def _item(self, request: Request) -> Item:
        try:
            return self.session.find(self._queue(request), request.path_params["key"])
        except DemurError as error:
            raise Missing(error.what) from None

    def _page(self, template: str, status_code: int = 200, **more: Any) -> Response:
        from starlette.responses import HTMLResponse

        given = {
            "session": self.session,
            "titles": TITLES,
            "classes": CLASSES,
            "reads": READ,
            "done": "",
            "problem": "",
        }
        text = self.pages.get_template(template).render(**{"said": None, "alone": False, **given, **more})
        return HTMLResponse(text, status_code)

    def _missing(self, _request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 404)
        return self.refusal(status, "There is no such page.")

    def _told(self, page: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """A page whose errors are pages; it runs in a thread of its own."""

        def answer(request: Request) -> Response:
            try:
                return page(request)
            except Missing as error:
                return self.refusal(404, f"{error.what}.")
            except DemurError as error:
                return self.refusal(409, _brief(error))

        return answer

    def _posted(self, page: Callable[[Request, dict[str, str]], Response]) -> Any:
        """The same of what is sent, whose body is read first."""
        from starlette.concurrency import run_in_threadpool

        async def answer(request: Request) -> Response:
            body = bytearray()
            async for part in request.stream():
                body += part
                if len(body) > LARGEST:
                    return self.refusal(413, "The request is too large.")
            try:
                given = dict(parse_qsl(body.decode("utf-8"), max_num_fields=20))
            except ValueError:
                return self.refusal(400, "The request cannot be read.")
            return await run_in_threadpool(self._told(lambda request: page(request, given)), request)

        return answer


def _by_script(request: Request) -> None:
    """A text is a part of the page, never a page: no link and no other tab opens it."""
    if request.headers.get("hx-request") != "true":
        raise Missing


def _brief(error: DemurError) -> str:
    said = [error.what, error.where if not hasattr(error.where, "parts") else None, error.got and f"got {error.got}"]
    return plain("; ".join(str(each) for each in [*said, error.fix] if each))

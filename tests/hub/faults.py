"""What is to go wrong with which requests."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Fault:
    """What happens to some requests.

    Attributes:
        method: regular expression, such as ``GET|HEAD``.
        path: regular expression, searched for in the path without the query, percent signs undone.
        skip: matching requests that are left alone first.
        times: requests that are then hit; None for all.
        when: ``after`` lets the Hub do its work, and only then spoils the answer.
        do: what to answer; or where to break the connection, in bytes of the upload (``before``) or of the answer's
            body (``after``; None: not even a status line); or what to call, in a thread.
        seen: set when a request is hit, before anything happens to it.
        hits: requests hit so far.
    """

    method: str
    path: str
    do: Answer | Break | Callable[[], object]
    when: Literal["before", "after"] = "before"
    skip: int = 0
    times: int | None = 1
    seen: threading.Event = field(default_factory=threading.Event)
    hits: int = 0

    def takes(self, method: str, path: str) -> bool:
        if not re.fullmatch(self.method, method) or not re.search(self.path, path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        self.hits += 1
        self.seen.set()
        return True


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    message: str


@dataclass(frozen=True)
class Break:
    at: int | None


class Faults:
    """The faults of one Hub; each method adds one, and the first that takes a request has it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._held: list[threading.Event] = []

    def answer(
        self,
        method: str,
        path: str,
        status: int,
        message: str = "A fault of the test",
        *,
        headers: Mapping[str, str] | None = None,
        when: Literal["before", "after"] = "before",
        skip: int = 0,
        times: int | None = 1,
    ) -> Fault:
        """An error status; with ``when="after"`` the work was done all the same."""
        return self._add(Fault(method, path, Answer(status, headers or {}, message), when, skip, times))

    def limit(self, method: str, path: str, seconds: int, *, skip: int = 0, times: int | None = 1) -> Fault:
        """429 with Retry-After; the client waits one second more than it is told."""
        headers = {"Retry-After": str(seconds)}
        return self.answer(method, path, 429, "Too many requests", headers=headers, skip=skip, times=times)

    def drop_upload(self, method: str, path: str, at: int = 0, *, skip: int = 0, times: int | None = 1) -> Fault:
        """Break the connection once that many bytes of the request's body have come; the Hub never has the request."""
        return self._add(Fault(method, path, Break(at), "before", skip, times))

    def drop_answer(
        self, method: str, path: str, at: int | None = None, *, skip: int = 0, times: int | None = 1
    ) -> Fault:
        """Do the work, then break off after that many bytes of the answer's body, or before its first line."""
        return self._add(Fault(method, path, Break(at), "after", skip, times))

    def call(
        self,
        method: str,
        path: str,
        what: Callable[[], object],
        *,
        when: Literal["before", "after"] = "before",
        skip: int = 0,
        times: int | None = 1,
    ) -> Fault:
        """Call something before the Hub has the request, or when the work is done and the answer not yet sent.

        It runs in a thread of its own and may use the store, or the Hub itself.
        """
        return self._add(Fault(method, path, what, when, skip, times))

    def hold(
        self,
        method: str,
        path: str,
        *,
        seconds: float | None = None,
        when: Literal["before", "after"] = "before",
        skip: int = 0,
        times: int | None = 1,
    ) -> tuple[Fault, threading.Event]:
        """A slow answer: it waits for the event, or for so many seconds."""
        go = threading.Event()
        self._held.append(go)
        return self.call(method, path, lambda: go.wait(seconds), when=when, skip=skip, times=times), go

    def clear(self) -> None:
        """No more faults; what is held goes on."""
        self._faults.clear()
        for go in self._held:
            go.set()
        self._held.clear()

    def taken(self, method: str, path: str) -> Fault | None:
        return next((fault for fault in self._faults if fault.takes(method, path)), None)

    def _add(self, fault: Fault) -> Fault:
        self._faults.append(fault)
        return fault

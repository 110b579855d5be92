"""Who asks, what they may see, and how the Hub says no."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.hub.store import Commit, Repo, Store


@dataclass(frozen=True)
class User:
    """Somebody with a token.

    Attributes:
        member: sees private repositories and the files of gated ones.
        writes: may create repositories, commit, tag and change settings.
    """

    name: str
    token: str
    member: bool = False
    writes: bool = False


WRITER = User("writer", "hf_TestTokenOfTheWriter0123456789abcd", member=True, writes=True)
READER = User("reader", "hf_TestTokenOfTheReader0123456789abcd", member=True)
STRANGER = User("stranger", "hf_TestTokenOfTheStranger0123456789ab")
USERS = {user.token: user for user in (WRITER, READER, STRANGER)}


class Refused(Exception):
    """An answer with an error status; the clients tell most cases by ``code`` (X-Error-Code), not by the status."""

    def __init__(self, status: int, message: str, code: str | None = None, commit: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.commit = status, message, code, commit


async def refuse(request: Request, error: Exception) -> Response:
    """The answer to a request that was `Refused`."""
    assert isinstance(error, Refused)
    headers = {"X-Error-Message": error.message}
    if error.code:
        headers["X-Error-Code"] = error.code
    if error.commit:
        headers["X-Repo-Commit"] = error.commit
    return JSONResponse({"error": error.message}, error.status, headers)


def store_of(request: Request) -> Store:
    store = request.app.state.store
    assert isinstance(store, Store)
    return store


def caller(request: Request) -> User | None:
    """The user of the request's token; None without a token."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    user = USERS.get(header.removeprefix("Bearer "))
    if user is None:
        raise Refused(401, "Invalid credentials in Authorization header")
    return user


def writer(request: Request) -> User:
    user = caller(request)
    if user is None:
        raise Refused(401, "Invalid username or password.")
    if not user.writes:
        raise Refused(403, "Forbidden: you must use a write token with access to this namespace")
    return user


def readable(request: Request) -> Repo:
    """The repository of the path, if the caller may know of it; a private one looks like one that is not there.

    The real Hub leaves X-Error-Code out of some 401 answers, and the client then goes by the address, which must be
    https. So the code is always there.
    """
    user = caller(request)
    repo = store_of(request).repo(f"{request.path_params['space']}/{request.path_params['name']}")
    if repo is None or (repo.private and not (user and user.member)):
        raise Refused(404 if user else 401, "Repository not found", "RepoNotFound")
    return repo


def writable(request: Request) -> Repo:
    repo = readable(request)
    writer(request)
    return repo


def open_files(request: Request) -> Repo:
    """The repository of the path, if the caller may read its files: gating hides these, not what they are called."""
    repo, user = readable(request), caller(request)
    if repo.gated and not (user and user.member):
        said = f"Access to dataset {repo.id} is restricted"
        if user is None:
            raise Refused(401, f"{said}. You must have access to it and be authenticated to access it.", "GatedRepo")
        raise Refused(403, f"{said} and you are not in the authorized list.", "GatedRepo")
    return repo


def revision(request: Request, repo: Repo) -> Commit:
    """The commit that the path names."""
    name = request.path_params.get("revision", "main")
    commit = store_of(request).resolve(repo.id, name)
    if commit is None:
        raise Refused(404, f"Invalid rev id: {name}", "RevisionNotFound")
    return commit

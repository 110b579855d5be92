"""What the Hub's client raises, in our own words: the client's may quote addresses or the token."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from demur.errors import DemurError, HubError, OutputError

_LOGIN = "Log in with `hf auth login`, or set HF_TOKEN to a token that may {}."

_STATUS: Mapping[int, tuple[str, str]] = {
    401: ("The Hub does not accept the token", _LOGIN.format("use this repository")),
    403: ("The token may not do this", _LOGIN.format("write to this repository")),
    404: ("There is no such repository, or the token may not see it", _LOGIN.format("see this repository")),
    409: ("The Hub refuses: another change is under way", "Run the command again."),
    412: ("Somebody changed the repository in the meantime", "Run the command again: it plans anew, on the new head."),
    429: ("The Hub limits how often it may be asked", "Wait, and run the command again; it goes on where it was."),
}
_BROKEN = ("The Hub failed", "Run the command again; it goes on where it was.")
_AWAY = ("The Hub cannot be reached, or the connection broke", _BROKEN[1])
_NO_REVISION = ("There is no such revision", "Look at the repository's tags and branches.")
_UNSENT = (
    "The request cannot be sent",
    "Look at the token for blanks and signs beyond ASCII; then at the header of the card (README.md).",
)
_ODD = ("What answers is no Hub", "Look at HF_ENDPOINT, at proxies in between, and at the repository's settings.")
_PROXY = (
    "The proxy cannot be used",
    "Install what it needs (`pip install 'httpx[socks]'`), or name the Hub in NO_PROXY.",
)
_UNREAD = (json.JSONDecodeError, UnicodeDecodeError)
_GATED = ("The repository is gated, and the token has no access", "Ask for access on its page on the Hub.")


def missing(repo: str) -> HubError:
    """The error for a repository that is not there."""
    what, fix = _STATUS[404]
    return HubError(what, where=repo, fix=fix)


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turn what the client raises into a `HubError` of our own words; the client's may quote addresses or the token."""
    from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError: httpx's or httpx2's
        HTTPError,
        LocalEntryNotFoundError,
    )

    try:
        yield
    except DemurError:
        raise
    except (HTTPError, LocalEntryNotFoundError, ConnectionError) as error:
        raise _hub_error(error, where) from None
    except OSError as error:  # of the disk, on which the client keeps what it gets
        msg = "The cache of the Hub's client cannot be written or read"
        fix = "Make room, or set HF_HOME to another folder."
        raise OutputError(msg, where=error.filename or where, got=error.strerror, fix=fix) from error
    except ImportError as error:  # what a proxy of another kind needs
        raise _error(*_PROXY, where, None, error.name or type(error).__name__) from None
    except Exception as error:
        if isinstance(error.__cause__, HTTPError):  # an upload that failed is wrapped
            raise _hub_error(error.__cause__, where) from None
        # a header that cannot be sent, or a card that is refused before anything is sent; all else is about the answer
        unsent = isinstance(error, ValueError) and not isinstance(error, _UNREAD)
        raise _error(*(_UNSENT if unsent else _ODD), where, None, type(error).__name__) from None


def _hub_error(error: BaseException, where: str) -> HubError:
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if not isinstance(error, HfHubHTTPError):
        cause = error.__cause__
        if isinstance(cause, HfHubHTTPError):
            return _hub_error(cause, where)
        unsent = type(error).__name__ == "LocalProtocolError"
        return _error(*(_UNSENT if unsent else _AWAY), where, None, type(error).__name__)
    status = error.response.status_code
    if isinstance(error, GatedRepoError):
        return _error(*_GATED, where, status)
    if isinstance(error, RevisionNotFoundError):
        return _error(*_NO_REVISION, where, status)
    if isinstance(error, RepositoryNotFoundError):  # without a token the Hub says 401
        return _error(*_STATUS[404], where, 404)
    wait = error.response.headers.get("Retry-After")
    told = f", retry after {int(wait)} s" if wait and wait.isdigit() else ""
    return _error(*_STATUS.get(status, _BROKEN), where, status, f"HTTP {status}{told}")


def _error(what: str, fix: str, where: str, status: int | None, got: str | None = None) -> HubError:
    error = HubError(what, where=where, got=got, fix=fix)
    error.status = status
    return error

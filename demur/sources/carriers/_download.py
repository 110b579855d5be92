"""Files from the web into memory: retried, resumed where they end early, in a later run as well, and bounded."""

from __future__ import annotations

import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from demur.errors import FetchError
from demur.files.kept import Cache
from demur.files.remote import named
from demur.files.web import opened

_CHUNK = 2**18
_RETRIES = 3  # by hand: huggingface_hub's http_backoff retries requests, but neither resumes a body nor bounds one


def resumed(url: str, sha256: str | None, cache: Cache, *, most: int, fixed: bool = True) -> bytes:
    """The bytes at a URL.

    Args:
        url: over the web.
        sha256: what it should be, if that is known.
        cache: for parts that are resumed later.
        most: bytes that it may have.
        fixed: whether the URL can never give other bytes; if it can, parts are resumed only where a hash proves them.

    Raises:
        FetchError: it was not given, or is too large.
    """
    with cache.part(url) as part:
        for attempt in range(_RETRIES):
            time.sleep(0.2 * attempt)
            if not fixed and sha256 is None:
                part.truncate(0)
            try:
                again = _append(url, part, most)
            except urllib.error.HTTPError as error:
                error.close()
                cause = f"HTTP {error.code}"
                if error.code == 416:  # the part is as long as the file, or longer: start again
                    part.truncate(0)
                elif error.code < 500 and error.code != 429:
                    break
            except urllib.error.URLError as error:
                cause = str(error.reason)
            else:
                part.seek(0)
                data = part.read()
                part.truncate(0)
                if not again or sha256 is None or hashlib.sha256(data).hexdigest() == sha256:
                    return data
                cause = "the part kept from an earlier try was damaged"
    msg = "The file could not be downloaded"
    raise FetchError(msg, where=named(url), got=cause)


def _append(url: str, part: IO[bytes], most: int) -> bool:
    """Download to ``part``, from where an earlier try ended; tells whether there was such a try.

    Raises:
        URLError: the connection failed or ended early; ``part`` keeps what came.
        FetchError: the file is larger than ``most``.
    """
    have = part.seek(0, os.SEEK_END)
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 - checked by the carrier
    with _network():
        answer = opened(request, timeout=60)
    resumed = have > 0 and answer.status == 206
    left = answer.length or 0
    if not resumed:
        part.truncate(0)
        part.seek(0)
    with answer:
        while True:
            with _network():
                chunk = answer.read1(_CHUNK)
            if not chunk:
                break
            part.write(chunk)
            part.flush()  # what came is kept, whatever happens next
            left -= len(chunk)
            if part.tell() > most:
                part.truncate(0)
                msg = "The file is too large"
                raise FetchError(msg, where=named(url), expected=f"at most {most} bytes")
    if left > 0:
        msg = f"the connection ended {left} bytes early"
        raise urllib.error.URLError(msg)
    return resumed


@contextmanager
def _network() -> Iterator[None]:
    """Give every way in which a connection fails one name, apart from the errors of the local disk."""
    try:
        yield
    except urllib.error.URLError:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise urllib.error.URLError(type(error).__name__) from error

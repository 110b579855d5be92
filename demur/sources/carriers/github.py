"""Raw files of a repository on GitHub at a full commit; an interrupted download is resumed, in a later run as well."""

from __future__ import annotations

import hashlib
import http.client
import os
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from demur.errors import FetchError, UsageError
from demur.files.kept import Cache
from demur.sources.carriers.carrier import MAX_FILE, Carrier, Exact

_CHUNK = 2**18
_RETRIES = 3  # by hand: huggingface_hub's http_backoff retries requests, but neither resumes a body nor bounds one


class GitHub(Carrier):
    """Files of a repository, at ``owner/name``."""

    order = 20
    address = r"^[\w.-]+/[\w.-]+$"

    def head(self, address: str, cache: Cache) -> Exact:
        """The newest commit, as git sees it."""
        url = self.page(address)
        try:
            done = subprocess.run(  # noqa: S603 - a declared address
                ["git", "ls-remote", url, "HEAD"],  # noqa: S607 - git by name
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},  # one that does not exist must not ask who we are
            )
        except FileNotFoundError as error:
            msg = "git is not installed"
            raise FetchError(msg, where=url) from error
        if done.returncode or not done.stdout:
            msg = "git could not reach the repository"
            raise FetchError(msg, where=url, got=(done.stderr.strip().splitlines() or ["no answer"])[-1])
        return Exact(done.stdout.split()[0])

    def fetch(self, address: str, exact: Exact, files: Mapping[str, str | None], cache: Cache) -> dict[str, bytes]:
        """The raw files, one after another."""
        base = f"{github_url()}/{address}/{exact.revision}"
        return {name: _resumed(f"{base}/{urllib.parse.quote(name)}", sha256, cache) for name, sha256 in files.items()}

    def page(self, address: str) -> str:
        """The repository."""
        return f"https://github.com/{address}"


def github_url() -> str:
    """Where raw files are served: ``DEMUR_GITHUB_URL``, for a proxy inside an organisation, or GitHub itself."""
    url = os.environ.get("DEMUR_GITHUB_URL", "https://raw.githubusercontent.com").rstrip("/")
    if not url.startswith(("https://", "http://")):
        msg = "DEMUR_GITHUB_URL is not a web address"
        raise UsageError(msg, expected="https://...", got=url)
    return url


def _resumed(url: str, sha256: str | None, cache: Cache) -> bytes:
    with cache.part(url) as part:
        for attempt in range(_RETRIES):
            time.sleep(0.2 * attempt)
            try:
                resumed = _append(url, part)
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
                if not resumed or sha256 is None or hashlib.sha256(data).hexdigest() == sha256:
                    return data
                cause = "the part kept from an earlier try was damaged"
    msg = "The file could not be downloaded"
    raise FetchError(msg, where=url, got=cause)


def _append(url: str, part: IO[bytes]) -> bool:
    """Download to ``part``, from where an earlier try ended; tells whether there was such a try.

    Raises:
        URLError: the connection failed or ended early; ``part`` keeps what came.
        FetchError: the file is larger than 64 MiB.
    """
    have = part.seek(0, os.SEEK_END)
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 - checked by github_url
    with _network():
        answer = urllib.request.urlopen(request, timeout=60)  # noqa: S310
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
            if part.tell() > MAX_FILE:
                part.truncate(0)
                msg = "The file is too large"
                raise FetchError(msg, where=url, expected=f"at most {MAX_FILE} bytes")
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

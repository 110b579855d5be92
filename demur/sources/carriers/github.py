"""Raw files of a repository on GitHub at a full commit; an interrupted download is resumed, in a later run as well."""

from __future__ import annotations

import os
import subprocess
import urllib.parse
from collections.abc import Mapping

from demur.errors import FetchError, UsageError
from demur.files.kept import Cache
from demur.files.web import warned
from demur.sources.carriers._download import resumed
from demur.sources.carriers.carrier import MAX_FILE, Carrier, Exact


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
        return {
            name: resumed(f"{base}/{urllib.parse.quote(name)}", sha256, cache, most=MAX_FILE)
            for name, sha256 in files.items()
        }

    def page(self, address: str) -> str:
        """The repository."""
        return f"https://github.com/{address}"


def github_url() -> str:
    """Where raw files are served: ``DEMUR_GITHUB_URL``, for a proxy inside an organisation, or GitHub itself."""
    url = os.environ.get("DEMUR_GITHUB_URL", "https://raw.githubusercontent.com").rstrip("/")
    if not url.startswith(("https://", "http://")):
        msg = "DEMUR_GITHUB_URL is not a web address"
        raise UsageError(msg, expected="https://...", got=url.partition("://")[0] if "://" in url else "no scheme")
    warned(url)
    return url

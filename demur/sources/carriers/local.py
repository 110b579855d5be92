"""Files of one's own, below the project's folder: ``local("data/red.jsonl")``.

What lies there is read anew by every build. Bytes that are not the pinned ones are an error, whatever the cache holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from demur.errors import FetchError, UsageError
from demur.files.kept import Cache
from demur.sources.carriers.carrier import Exact, Placed


class Local(Placed):
    """Files below the project's folder; a private mirror may name any folder of the machine."""

    order = 5
    address = r"^(?!.*(^|/)\.\.(/|$))[^\s\\]([^\n\r\\]*[^\s\\])?$"
    personal = r"^(/|~|[A-Za-z]:)"

    def fetch(self, address: str, exact: Exact, files: Mapping[str, str | None], cache: Cache) -> dict[str, bytes]:
        """The files as they are now.

        Raises:
            UsageError: a link leads out of the project.
        """
        return {name: self._read(self.beside(address, name), address) for name in files}

    def here(self, address: str) -> bool:
        """Always."""
        return True

    def beside(self, address: str, name: str) -> str:
        """Where a file lies, below the root of the machine as well."""
        found = super().beside(address, name)
        return f"/{found}" if address.startswith("/") and not found.startswith("/") else found

    def _read(self, place: str, address: str) -> bytes:
        where = f"{self.scheme}:{place}"
        path = self.root / Path(place).expanduser()
        outside = not path.resolve().is_relative_to(self.root.resolve())
        if outside and not Path(place).expanduser().is_absolute():
            msg = "A local file is a link that leads out of the project"
            raise UsageError(
                msg,
                where=where,
                expected="a file below the project's folder",
                fix="Copy the file there; a private mirror may name the absolute path instead.",
            )
        if not path.is_file():
            msg = "There is no such local file"
            raise FetchError(msg, where=where, got="a folder" if path.is_dir() else None)
        try:
            return path.read_bytes()
        except OSError as error:
            msg = "A local file cannot be read"
            raise FetchError(msg, where=where, got=error.strerror) from error

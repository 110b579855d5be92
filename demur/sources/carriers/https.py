"""Files on the web: ``https("https://example.org/red.jsonl")``, or of a Zenodo record by its page or DOI.

A URL may give other bytes tomorrow. Only the pinned ones are taken; the DOI of one version is the better address.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping

from demur.files.kept import Cache
from demur.sources.carriers._download import resumed
from demur.sources.carriers.carrier import MAX_OWN, Exact, Placed

_RECORD = re.compile(r"https://(?:doi\.org/10\.5281/zenodo\.|zenodo\.org/records?/)(\d+)/?")
"""Zenodo's own DOIs hold the number of the record."""


class Https(Placed):
    """Files at URLs; plain ``http`` only on this machine, where nothing can be listened to."""

    order = 25
    address = r"^(https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1)(:\d+)?)/[^\s#]+$"
    personal = r"(?i)^[^?]*\?(.*&)?[^=&]*(sig|token|secret|key|credential|passw)[^=&]*="

    def fetch(self, address: str, exact: Exact, files: Mapping[str, str | None], cache: Cache) -> dict[str, bytes]:
        """The files, one after another."""
        return {
            name: resumed(self.beside(address, name), sha256, cache, most=MAX_OWN, fixed=False)
            for name, sha256 in files.items()
        }

    def named(self, address: str) -> tuple[str, ...]:
        """The last part of the URL; of a record none, which holds several files."""
        return () if _RECORD.fullmatch(address) else tuple(map(urllib.parse.unquote, super().named(address)))

    def page(self, address: str) -> str:
        """The record, or the URL itself without its query."""
        return address.partition("?")[0] if address.startswith("https://") else ""

    def beside(self, address: str, name: str) -> str:
        """Where a file lies: a URL."""
        if record := _RECORD.fullmatch(address):
            return f"https://zenodo.org/records/{record[1]}/files/{urllib.parse.quote(name)}?download=1"
        if (name,) == self.named(address):
            return address
        return urllib.parse.urljoin(address, urllib.parse.quote(name))

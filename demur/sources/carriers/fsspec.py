"""Files of any store that fsspec knows: ``fsspec("s3://bucket/red.parquet")``.

What a store asks for, such as keys, comes from its own settings on the machine and never stands in a declaration.
"""

from __future__ import annotations

from collections.abc import Mapping

from demur.files.kept import Cache
from demur.files.stored import Stored
from demur.sources.carriers.carrier import MAX_OWN, Exact, Placed


class FsSpec(Placed):
    """Files at URLs of a store; https has a carrier of its own."""

    order = 15
    address = r"^(?!https?:)[a-z][a-z0-9+.-]*://(?!.*::)(?!.*/\.\.(/|$))[^\s@?#]+$"
    personal = r"^(file|local)://"

    def fetch(self, address: str, exact: Exact, files: Mapping[str, str | None], cache: Cache) -> dict[str, bytes]:
        """The files, one after another."""
        return {name: Stored(self.beside(address, name)).read_bytes(MAX_OWN) for name in files}

    def here(self, address: str) -> bool:
        """Whether the store is this machine's."""
        return not Stored(address).networked

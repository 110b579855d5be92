"""Mirror folders, which hold files of every carrier as ``carrier/address/revision/path``; ``DEMUR_MIRROR`` names them.

``demur fetch --to DIR`` writes one. They are tried before any network; a mirror that this carrier itself carries, such
as the rows of a team that publishes none, lies in a mirror folder and nowhere else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from demur.errors import FetchError, PinError
from demur.files.kept import Cache
from demur.sources.carriers.carrier import Carrier, Exact

_NAME = r"[A-Za-z0-9_][\w.-]*"


class File(Carrier):
    """Files below ``file/ADDRESS/REVISION`` of a mirror folder, whose revisions are any names."""

    order = 0
    address = rf"^{_NAME}(/{_NAME})*$"
    revision = rf"^{_NAME}$"

    def head(self, address: str, cache: Cache) -> Exact:
        """Never found: mirror folders were asked before."""
        raise self._absent(address)

    def fetch(self, address: str, exact: Exact, files: Mapping[str, str | None], cache: Cache) -> dict[str, bytes]:
        """Never found: mirror folders were asked before."""
        raise self._absent(address)

    def page(self, address: str) -> str:
        """None: it is on no web."""
        return ""

    def _absent(self, address: str) -> FetchError:
        msg = "no mirror folder holds it"
        return FetchError(msg, where=f"{self.scheme}:{address}", fix="Set DEMUR_MIRROR to the folder that does.")


def mirror_folders() -> tuple[Path, ...]:
    """The folders that ``DEMUR_MIRROR`` names."""
    return tuple(Path(folder) for folder in os.environ.get("DEMUR_MIRROR", "").split(os.pathsep) if folder)


def newest(folders: Iterable[Path], carrier: Carrier, address: str, names: Iterable[str]) -> tuple[Path, Exact] | None:
    """The folder and the revision that the first of the mirror folders has with all these files, if any has.

    Raises:
        PinError: it holds several.
    """
    for folder in folders:
        base = folder / carrier.scheme / carrier.folder(address)
        found = sorted(
            path
            for path in base.glob("*")
            if re.fullmatch(carrier.revision, path.name) and all((path / name).is_file() for name in names)
        )
        if len(found) > 1:
            msg = "A mirror folder holds several commits"
            raise PinError(msg, where=base, expected="one", got=len(found), fix="Leave the one to pin.")
        if found:
            return found[0], Exact(found[0].name)
    return None


def read(paths: Mapping[str, Path]) -> dict[str, bytes] | None:
    """Bytes of files of a mirror folder; None if one of them is not there.

    Raises:
        FetchError: a file is there but cannot be read.
    """
    if not all(path.is_file() for path in paths.values()):
        return None
    try:
        return {name: path.read_bytes() for name, path in paths.items()}
    except OSError as error:
        msg = "A file of the mirror folder cannot be read"
        raise FetchError(msg, where=error.filename, got=error.strerror) from error

"""How much an input may cost: what is larger is not read further, and that is told as a fault of the file.

A few kilobytes can unpack to gigabytes, and one line can fill the memory. The bounds are far above what data sets have.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from errno import EINVAL
from functools import cache
from pathlib import Path
from stat import S_ISREG

from demur.errors import UsageError, nearest

MB = 1 << 20
ENVIRONMENT = "DEMUR_LIMITS"
"""Names bounds for all commands, as in ``cell=8000000,files=50000``."""
_RATIO = 16  # of unpacked bytes to packed ones; texts reach about ten


@dataclass(frozen=True)
class Bounds:
    """What one file may have, at most; each is raised by its name.

    Attributes:
        line: bytes of a line, and of a row of Parquet or Arrow.
        cell: bytes of a text.
        batch: bytes that are judged at a time, about.
        unpacked: bytes of a packed file, and of what is said again and again, or 16 times its own, whichever is more.
        rows: rows of a small file; of a larger one, one for every four bytes.
        columns: columns of a file.
        faults: faults of a file that are told, before reading it ends.
        cells: cells of a small file, blank ones too; of a larger one, eight for every byte.
        splits: splits that are compared with each other.
        files: files of one check.
    """

    line: int = 16 * MB
    cell: int = 4 * MB
    batch: int = 8 * MB
    unpacked: int = 64 * MB
    rows: int = MB
    columns: int = 4096
    faults: int = 50_000
    cells: int = 32 * MB
    splits: int = 50
    files: int = 10_000

    def unpacked_of(self, size: int) -> int:
        """Bytes that a packed file of so many bytes may give."""
        return max(self.unpacked, _RATIO * size)

    def rows_of(self, size: int) -> int:
        """Rows that a file of so many bytes may give."""
        return max(self.rows, size // 4)

    def cells_of(self, size: int) -> int:
        """Cells that a file of so many bytes may give."""
        return max(self.cells, 8 * size)


_COUNTS = ("rows", "columns", "cells", "faults", "files", "splits")


class TooLarge(ValueError):
    """An input that is beyond a bound.

    Attributes:
        most: the bound.
    """

    def __init__(self, what: str, name: str, most: int | None = None) -> None:
        self.most = getattr(bounds(), name) if most is None else most
        unit = "" if name in _COUNTS else " bytes"
        raises = f"(--limit {name}=N of demur check, or {ENVIRONMENT}={name}=N, raises that)"
        super().__init__(f"{what} more than {self.most:,}{unit} {raises}")


_inside: list[Bounds] = []
"""The last ones hold, for all threads."""


def bounds() -> Bounds:
    """The bounds that hold now; where nobody said any, those of the environment."""
    return _inside[-1] if _inside else _of_environment(os.environ.get(ENVIRONMENT, ""))


@cache
def _of_environment(said: str) -> Bounds:
    return _changed(Bounds(), limits_said([each for each in said.split(",") if each.strip()]))


@contextmanager
def within(changed: Mapping[str, int]) -> Iterator[None]:
    """Other bounds until the block ends.

    Raises:
        UsageError: no such bound, or one below 1.

    Example:
        >>> with within({"cell": 100}):
        ...     bounds().cell
        100
    """
    mine = _changed(bounds(), changed)
    _inside.append(mine)
    try:
        yield
    finally:
        _inside[:] = [each for each in _inside if each is not mine]


def _changed(bounds: Bounds, changed: Mapping[str, int]) -> Bounds:
    names = [each.name for each in fields(Bounds)]
    for name, most in changed.items():
        if name not in names:
            msg = "There is no such limit"
            raise UsageError(msg, where=name, got=most, fix=nearest(name, names))
        if most < 1:
            msg = "A limit is a whole number above 0"
            raise UsageError(msg, where=name, got=most)
    return replace(bounds, **changed)


def limits_said(pairs: Sequence[str]) -> dict[str, int]:
    """Bounds as the command line has them.

    Raises:
        UsageError: one is not ``NAME=N``.

    Example:
        >>> limits_said(["cell=100"])
        {'cell': 100}
    """
    found = {}
    for pair in pairs:
        name, _, number = pair.strip().partition("=")
        if not number.isdecimal():
            msg = "A limit is NAME=N, with a whole number"
            raise UsageError(msg, got=pair)
        found[name] = int(number)
    return found


def is_regular(path: Path) -> bool:
    """Whether it is a file with an end: no pipe, no device, and no link to one."""
    try:
        return S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def beginning(path: Path, most: int) -> bytes:
    """The first bytes of a file.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    if path.exists() and not is_regular(path):
        raise OSError(EINVAL, "it is no regular file", str(path))
    with path.open("rb") as file:
        return file.read(most)


def page_text(path: Path, most: int = MB) -> str | None:
    """The beginning of a small file in UTF-8, such as a page or a state; None if there is no such file."""
    try:
        with io.TextIOWrapper(io.BytesIO(beginning(path, most)), "utf-8", "replace") as page:
            return page.read()
    except OSError:
        return None

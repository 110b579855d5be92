"""Files packed with gzip: unpacked as they are read, and never to more than fits where the whole is wanted."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import BinaryIO

MAX_UNPACKED = 256 * 2**20
"""Bytes that a packed file may give where it is read as a whole: far above what a set of prompts has, far below what a
few packed kilobytes can become."""


class TooLarge(ValueError):
    """A packed file that unpacks to more bytes than ``most``."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"it unpacks to more than {most} bytes")


def is_packed(name: str) -> bool:
    """Whether a file of this name is packed.

    Example:
        >>> is_packed("rows.jsonl.GZ"), is_packed("rows.jsonl")
        (True, False)
    """
    return name.lower().endswith(".gz")


def open_file(path: Path) -> BinaryIO:
    """A file to be read in order, unpacked on the way."""
    return gzip.open(path, "rb") if is_packed(path.name) else path.open("rb")  # type: ignore[return-value]


def read_whole(path: Path) -> bytes:
    """All bytes of a file, unpacked.

    Raises:
        TooLarge: it is packed, and unpacks to more than `MAX_UNPACKED` bytes.
        OSError, EOFError, zlib.error: it cannot be read.
    """
    return unpack(path.read_bytes()) if is_packed(path.name) else path.read_bytes()


def unpack(data: bytes) -> bytes:
    """What gzip packed.

    Raises:
        TooLarge: that is more than `MAX_UNPACKED` bytes.
        OSError, EOFError, zlib.error: the bytes are truncated or broken.

    Example:
        >>> unpack(gzip.compress(b"rows"))
        b'rows'
    """
    with gzip.open(io.BytesIO(data)) as stream:
        unpacked: bytes = stream.read(MAX_UNPACKED + 1)
    if len(unpacked) > MAX_UNPACKED:
        raise TooLarge(MAX_UNPACKED)
    return unpacked
